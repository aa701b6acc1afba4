package leanvit.kernels;

/**
 * Layer normalisation of each row (Ba, Kiros and Hinton 2016) with C columns:
 *
 * <pre>
 *   mean[r]     = 1/C * sum over c of x[r, c]
 *   variance[r] = 1/C * sum over c of (x[r, c] - mean[r])^2
 *   out[r, c]   = (x[r, c] - mean[r]) / sqrt(variance[r] + epsilon) * weight[c] + bias[c]
 * </pre>
 *
 * <p>Two passes, and the second corrects the first (Chan, Golub and LeVeque 1983): the deviations' own mean, which
 * exact arithmetic would make 0, is taken from mean and variance. A row that lies far from 0 thus loses no digits: in
 * rows of up to 1280 columns the error against exact arithmetic is at most
 * {@code 2e-6 * (1 + |n[r, c] * weight[c]| + |bias[c]|)}, where {@code n = (x - mean) / sqrt(variance + epsilon)},
 * however large the mean. A row of equal values becomes the bias.
 *
 * <p>A row that holds NaN or an infinity becomes NaN; finite values of any size come out right. Each width adds in an
 * order of its own, the same from call to call. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class LayerNorm {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                float epsilon, float[] out, int outOffset, int outStride, float[] statistics, int statisticsOffset);

        default void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                float epsilon, float[] out, int outOffset, int outStride) {
            rows(x, offset, stride, rows, columns, weight, bias, epsilon, out, outOffset, outStride, null, 0);
        }
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdLayerNorm.KERNEL : ScalarLayerNorm.KERNEL;

    private LayerNorm() {
    }

    /**
     * Normalises each row.
     *
     * @param x         the rows, one every {@code stride} floats from {@code offset}
     * @param rows      how many rows, N, 0 or more
     * @param columns   values in a row, C, 0 or more
     * @param weight    C floats or more, from index 0
     * @param bias      C floats or more, from index 0
     * @param epsilon   added to the variance; positive (a row of equal values has variance 0), finite
     * @param out       receives the result, a row every {@code outStride} floats from {@code outOffset}; may be the
     *                  input where offset and stride are the same
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, epsilon not positive,
     *                                   or {@code x} and {@code out} overlap in another way
     * @throws IndexOutOfBoundsException where rows do not lie within their array
     */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride) {
        rows(x, offset, stride, rows, columns, weight, bias, epsilon, out, outOffset, outStride, null, 0);
    }

    /**
     * Normalises each row, and keeps what {@link LayerNormGradient} needs to know of it.
     *
     * @param statistics receives mean[r] and 1 / sqrt(variance[r] + epsilon), two values per row, from
     *                   {@code statisticsOffset} on; null for none
     */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride, float[] statistics,
                            int statisticsOffset) {
        Checks.optional("statistics", statistics, statisticsOffset, 2 * rows);
        Checks.rows("x", x, offset, stride, rows, columns);
        Checks.rows("out", out, outOffset, outStride, rows, columns);
        Checks.sameOrApart("x", x, offset, stride, "out", out, outOffset, outStride, rows, columns);
        Checks.values("weight", weight.length, 0, columns);
        Checks.values("bias", bias.length, 0, columns);
        if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + ", expected a positive finite number");
        }
        KERNEL.rows(x, offset, stride, rows, columns, weight, bias, epsilon, out, outOffset, outStride, statistics,
                statisticsOffset);
    }
}
