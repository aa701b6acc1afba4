package leanvit.kernels;

/**
 * Adds up rows: {@code sums[c] = sums[c] + sum over r of x[r, c]}. A bias's gradient, and the sum of what several
 * threads have added up apart.
 *
 * <p>Rows are added in their order to what is there, one addition each: the bits are the same at every width, in scalar
 * code, and however a caller cuts the rows into calls that follow one another. NaN and infinities follow IEEE 754.
 * Thread-safe on disjoint outputs; allocates nothing.
 */
public final class ColumnSums {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void add(float[] x, int offset, int stride, int rows, int columns, float[] sums, int sumsOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdColumnSums.KERNEL : ScalarColumnSums.KERNEL;

    private ColumnSums() {
    }

    /**
     * Adds rows to sums.
     *
     * @param x       the rows, one every {@code stride} floats from {@code offset}
     * @param rows    how many rows, 0 or more
     * @param columns values in a row, 0 or more
     * @param sums    {@code columns} floats from {@code sumsOffset}; must not overlap {@code x}
     * @throws IndexOutOfBoundsException where the rows or the sums end outside their array
     * @throws IllegalArgumentException  where a count is negative, the stride smaller than a row, or x and sums overlap
     */
    public static void add(float[] x, int offset, int stride, int rows, int columns, float[] sums, int sumsOffset) {
        Checks.rows("x", x, offset, stride, rows, columns);
        Checks.values("sums", sums.length, sumsOffset, columns);
        Checks.apart("x", x, offset, stride, rows, columns, "sums", sums, sumsOffset, columns, 1, columns);
        KERNEL.add(x, offset, stride, rows, columns, sums, sumsOffset);
    }
}
