package leanvit.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.ScalarGeluGradient.DENSITY_AT_0;
import static leanvit.kernels.ScalarGeluGradient.SMALL;
import static leanvit.kernels.ScalarMath.EXP_UNDERFLOW;
import static leanvit.kernels.ScalarMath.LN2_HIGH;
import static leanvit.kernels.ScalarMath.LOG2_E;
import static leanvit.kernels.ScalarMath.MANTISSA_BITS;
import static leanvit.kernels.ScalarMath.ROUND_TO_SCALE;
import static leanvit.kernels.ScalarMath.SHORT_EXP1;
import static leanvit.kernels.ScalarMath.SHORT_EXP2;
import static leanvit.kernels.ScalarMath.SHORT_EXP3;
import static leanvit.kernels.ScalarMath.SHORT_EXP4;
import static leanvit.kernels.ScalarMath.SHORT_EXP5;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link GeluGradient} on the Vector API, some values at a time: the density in one loop, the rest in another, since
 * both together would be more than C2 inlines ({@link SimdGemm} tells what comes of that).
 */
final class SimdGeluGradient implements GeluGradient.Implementation {

    static final SimdGeluGradient KERNEL = new SimdGeluGradient();

    /** Values at a time; a multiple of L. */
    private static final int CHUNK = 512;
    private static final Spares<float[]> SPARES = new Spares<>();

    @Override
    public void apply(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] dy, int dyOffset, float[] dx,
                      int dxOffset) {
        float[] densities = SPARES.take();
        if (densities == null) {
            densities = new float[CHUNK];
        }
        int whole = n - n % L;
        for (int i = 0; i < whole; i += CHUNK) {
            int count = Math.min(CHUNK, whole - i);
            densities(count, x, offset + i, densities);
            gradients(count, x, offset + i, gelu, geluOffset + i, densities, dy, dyOffset + i, dx, dxOffset + i);
        }
        SPARES.giveBack(densities);
        ScalarGeluGradient.KERNEL.apply(n - whole, x, offset + whole, gelu, geluOffset + whole, dy, dyOffset + whole,
                dx, dxOffset + whole);
    }

    @Override
    public void slopes(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] out, int outOffset) {
        float[] densities = SPARES.take();
        if (densities == null) {
            densities = new float[CHUNK];
        }
        int whole = n - n % L;
        for (int i = 0; i < whole; i += CHUNK) {
            int count = Math.min(CHUNK, whole - i);
            densities(count, x, offset + i, densities);
            slopes(count, x, offset + i, gelu, geluOffset + i, densities, out, outOffset + i);
        }
        SPARES.giveBack(densities);
        ScalarGeluGradient.KERNEL.slopes(n - whole, x, offset + whole, gelu, geluOffset + whole, out,
                outOffset + whole);
    }

    /** Writes x * phi(x), the exponential as in {@link SimdSoftmax#exponentiate}. */
    private static void densities(int n, float[] x, int offset, float[] out) {
        for (int i = 0; i < n; i += L) {
            FloatVector value = FloatVector.fromArray(F, x, offset + i);
            FloatVector v = value.mul(value).mul(broadcast(F, -0.5f));
            FloatVector rounded = v.fma(broadcast(F, LOG2_E), broadcast(F, ROUND_TO_SCALE));
            FloatVector n2 = rounded.sub(broadcast(F, ROUND_TO_SCALE));
            FloatVector r = n2.fma(broadcast(F, -LN2_HIGH), v);
            FloatVector p = broadcast(F, SHORT_EXP5).fma(r, broadcast(F, SHORT_EXP4));
            p = p.fma(r, broadcast(F, SHORT_EXP3));
            p = p.fma(r, broadcast(F, SHORT_EXP2));
            p = p.fma(r, broadcast(F, SHORT_EXP1));
            p = p.fma(r, broadcast(F, 1f));
            FloatVector scale = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                    .reinterpretAsFloats();
            p.mul(scale).blend(0f, v.compare(VectorOperators.LT, EXP_UNDERFLOW))
                    .mul(value.mul(broadcast(F, DENSITY_AT_0))).intoArray(out, i);
        }
    }

    private static void slopes(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] densities,
                               float[] out, int outOffset) {
        for (int i = 0; i < n; i += L) {
            FloatVector value = FloatVector.fromArray(F, x, offset + i);
            FloatVector phi = FloatVector.fromArray(F, gelu, geluOffset + i).div(value);
            phi = phi.blend(0.5f, value.lanewise(VectorOperators.ABS).compare(VectorOperators.LT, SMALL));
            phi.add(FloatVector.fromArray(F, densities, i)).intoArray(out, outOffset + i);
        }
    }

    private static void gradients(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] densities,
                                  float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i += L) {
            FloatVector value = FloatVector.fromArray(F, x, offset + i);
            FloatVector phi = FloatVector.fromArray(F, gelu, geluOffset + i).div(value);
            phi = phi.blend(0.5f, value.lanewise(VectorOperators.ABS).compare(VectorOperators.LT, SMALL));
            phi.add(FloatVector.fromArray(F, densities, i)).mul(FloatVector.fromArray(F, dy, dyOffset + i))
                    .intoArray(dx, dxOffset + i);
        }
    }
}
