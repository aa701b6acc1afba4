package leanvit.kernels;

/**
 * Softmax of each row: {@code out[r, c] = exp(x[r, c] - max_r) / sum over c' of exp(x[r, c'] - max_r)}, where
 * {@code max_r} is the largest value of row r.
 *
 * <p>An entry of -infinity gives 0. A row of nothing but -infinity gives zeros (there is nothing to attend to); it is
 * the only kind of row whose results do not add up to 1. A row that holds NaN or +infinity becomes NaN.
 *
 * <p>Error against exact arithmetic: at most {@code (6 + (max_r - x[r, c]) + columns / 8) * 2^-23 * out[r, c] +
 * 1.2e-38}. (The exponential and the subtraction before it, the sum, whose longest chain of additions has columns / 4
 * terms, and the division round; exponentials below 1.2e-38 become 0.) Each width adds in an order of its own, the same
 * from call to call. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class Softmax {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void rows(float[] x, int offset, int stride, int rows, int columns,
                float[] out, int outOffset, int outStride);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdSoftmax.KERNEL : ScalarSoftmax.KERNEL;

    private Softmax() {
    }

    /**
     * Computes the softmax of each row.
     *
     * @param x         the rows, one every {@code stride} floats from {@code offset}
     * @param rows      how many rows, 0 or more
     * @param columns   values in a row, 0 or more
     * @param out       receives the result, a row every {@code outStride} floats from {@code outOffset}; may be the
     *                  input where offset and stride are the same
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or {@code x} and
     *                                   {@code out} overlap in another way
     * @throws IndexOutOfBoundsException where rows do not lie within their array
     */
    public static void rows(float[] x, int offset, int stride, int rows, int columns,
                            float[] out, int outOffset, int outStride) {
        Checks.rows("x", x, offset, stride, rows, columns);
        Checks.rows("out", out, outOffset, outStride, rows, columns);
        Checks.sameOrApart("x", x, offset, stride, "out", out, outOffset, outStride, rows, columns);
        KERNEL.rows(x, offset, stride, rows, columns, out, outOffset, outStride);
    }
}
