package leanvit.kernels;

/**
 * The Gaussian error linear unit in its exact (erf) form (Hendrycks and Gimpel, 2016):
 * {@code x * Phi(x) = x * (1 + erf(x / sqrt(2))) / 2}, elementwise.
 *
 * <p>Error at most {@code 1.4e-7 * max(1, |x|)}, where rounding alone makes 0.6e-7, and at most 10 ulp of the result
 * where x is positive. From -8 down the result is 0, in truth above -5e-15. Negative infinity gives 0, positive
 * infinity itself, NaN NaN. The bits are the same at every vector width. Thread-safe on disjoint outputs; allocates
 * nothing.
 */
public final class Gelu {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void apply(float[] x, int offset, int n, float[] out, int outOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdGelu.KERNEL : ScalarGelu.KERNEL;

    private Gelu() {
    }

    /**
     * Computes {@code out[outOffset + i] = gelu(x[offset + i])} for i = 0 .. n-1. Output may be the input, at the same
     * offset.
     *
     * @throws IllegalArgumentException  where they overlap in another way, or n is negative
     * @throws IndexOutOfBoundsException where n values from an offset do not lie within an array
     */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        Checks.values("x", x.length, offset, n);
        Checks.values("out", out.length, outOffset, n);
        Checks.sameOrApart("x", x, offset, n, "out", out, outOffset, n, 1, n);
        KERNEL.apply(x, offset, n, out, outOffset);
    }
}
