package leanvit.kernels;

/**
 * The largest value over heads: {@code out[r, c] = max over h of x[offset + h * headStride + r * rowStride + c]}.
 *
 * <p>With {@code headStride = N * N}, {@code rowStride = N} it serves an attention map [H, N, N]; with
 * {@code headStride = d}, {@code rowStride = 3 * C} the values (or keys, queries) inside a qkv matrix. POMT takes it of
 * both (Eliopoulos et al., WACV 2025).
 *
 * <p>NaN never wins: it counts as -infinity, and where all heads are NaN the result is -infinity. The result is one of
 * the values, bit for bit; of 0.0 and -0.0, which are equal, the one of the first head. The bits are the same at every
 * width and in scalar code. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class HeadMax {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                float[] out, int outOffset, int outStride);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdHeadMax.KERNEL : ScalarHeadMax.KERNEL;

    private HeadMax() {
    }

    /**
     * Computes the maximum over heads.
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
