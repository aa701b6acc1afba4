package leanvit.kernels;

import leanvit.kernels.scalar.ScalarExp;
import leanvit.kernels.simd.SimdExp;

/**
 * The exponential function: {@code e to the power x}, elementwise.
 *
 * <p>Error at most 0.9 ulp. Above 88.72283 the result is infinity; below -87.33654, where it would be
 * subnormal, it is 0. NaN gives NaN.
 * The bits are the same at every vector width. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class Exp {

    private Exp() {
    }

    /**
     * Computes {@code out[outOffset + i] = exp(x[offset + i])} for i = 0 .. n-1. Output may be the input, at the same offset.
     *
     * @throws IndexOutOfBoundsException where n values from an offset do not lie within an array
     */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        Checks.values("x", x.length, offset, n);
        Checks.values("out", out.length, outOffset, n);
        if (Provider.SIMD) {
            SimdExp.apply(x, offset, n, out, outOffset);
        } else {
            ScalarExp.apply(x, offset, n, out, outOffset);
        }
    }
}
