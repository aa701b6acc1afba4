package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarGelu;

/** {@link leanvit.kernels.Gelu} on the Vector API. */
public final class SimdGelu {

    private SimdGelu() {
    }

    /** See {@link leanvit.kernels.Gelu#apply}. */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        int i = 0;
        // Not unrolled: the processor overlaps iterations by itself, and C2 may refuse to inline a second gelu.
        for (; i <= n - L; i += L) {
            VectorMath.gelu(FloatVector.fromArray(F, x, offset + i)).intoArray(out, outOffset + i);
        }
        // scalar tail, of the same bits
        ScalarGelu.apply(x, offset + i, n - i, out, outOffset + i);
    }
}
