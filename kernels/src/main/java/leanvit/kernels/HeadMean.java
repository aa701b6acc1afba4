package leanvit.kernels;

/**
 * The mean over heads: {@code out[r, c] = 1/H * sum over h of x[offset + h * headStride + r * rowStride + c]}.
 *
 * <p>With {@code headStride = N * N}, {@code rowStride = N} it serves an attention map [H, N, N]; with
 * {@code headStride = d}, {@code rowStride = 3 * C} the keys inside a qkv matrix, of which ToMe takes it (Bolya et al.,
 * ICLR 2023).
 *
 * <p>Heads are added in their order to 0.0, then the sum is multiplied by 1/H as a float: error at most
 * {@code (H + 1) * 2^-24 * mean over h of |x|} (H - 1 additions, 1/H and the product round), unless the sum overflows.
 * NaN and infinities follow IEEE 754; a mean of -0.0 alone is 0.0. The bits are the same at every width and in scalar
 * code (of a NaN: some NaN). Thread-safe on disjoint outputs; allocates nothing.
 */
public final class HeadMean {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                float[] out, int outOffset, int outStride);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdHeadMean.KERNEL : ScalarHeadMean.KERNEL;

    private HeadMean() {
    }

    /**
     * Computes the mean over heads.
     *
     * @param x          the values
     * @param offset     index of the first head's first value
     * @param headStride floats from a head's value to the next head's, 0 or more
     * @param heads      heads, H, 1 or more
     * @param rowStride  floats from a row to the next, 0 or more
     * @param rows       rows of each head, 0 or more
     * @param columns    values in a row, 0 or more
     * @param out        receives a row every {@code outStride} floats from {@code outOffset}; must not overlap
     *                   {@code x}
     * @throws IllegalArgumentException  where a count or stride is negative, heads is 0, outStride smaller than a row,
     *                                   or {@code out} lies within what {@code x} spans
     * @throws IndexOutOfBoundsException where values do not lie within their array
     */
    public static void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                              float[] out, int outOffset, int outStride) {
        Checks.heads("x", x, offset, headStride, heads, rowStride, rows, columns);
        Checks.rows("out", out, outOffset, outStride, rows, columns);
        Checks.headsApart("x", x, offset, headStride, heads, rowStride, "out", out, outOffset, outStride, rows,
                columns);
        KERNEL.reduce(x, offset, headStride, heads, rowStride, rows, columns, out, outOffset, outStride);
    }
}
