package leanvit.kernels;

import leanvit.kernels.scalar.ScalarErf;
import leanvit.kernels.simd.SimdErf;

/**
 * The error function: {@code erf(x) = 2 / sqrt(pi) * integral from 0 to x of exp(-t^2) dt}, elementwise.
 *
 * <p>Error at most 1.5 ulp. Exactly odd; 1 beyond 4 and -1 below -4. NaN gives NaN.
 * The bits are the same at every vector width. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class Erf {

    private Erf() {
    }

    /**
     * Computes {@code out[outOffset + i] = erf(x[offset + i])} for i = 0 .. n-1. Output may be the input, at the same offset.
     *
     * @throws IndexOutOfBoundsException where n values from an offset do not lie within an array
     */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        Checks.values("x", x.length, offset, n);
        Checks.values("out", out.length, outOffset, n);
        if (Provider.SIMD) {
            SimdErf.apply(x, offset, n, out, outOffset);
        } else {
            ScalarErf.apply(x, offset, n, out, outOffset);
        }
    }
}
