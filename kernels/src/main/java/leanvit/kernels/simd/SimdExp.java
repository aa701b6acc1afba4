package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarExp;

/** {@link leanvit.kernels.Exp} on the Vector API. */
public final class SimdExp {

    private SimdExp() {
    }

    /** See {@link leanvit.kernels.Exp#apply}. */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        int i = 0;
        // Not unrolled: the processor overlaps iterations by itself, and C2 may refuse to inline a second exp.
        for (; i <= n - L; i += L) {
            VectorMath.exp(FloatVector.fromArray(F, x, offset + i)).intoArray(out, outOffset + i);
        }
        // scalar tail, of the same bits
        ScalarExp.apply(x, offset + i, n - i, out, outOffset + i);
    }
}
