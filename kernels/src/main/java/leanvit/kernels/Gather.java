package leanvit.kernels;


/**
 * Rows picked by index, and rows added or maximised into picked rows. C is the rows' width, K how many indices there are.
 *
 * <p>Every index is checked before anything is written. The bits are the same at every width. Thread-safe on disjoint
 * outputs; allocates nothing.
 */
public final class Gather {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void scatterAdd(float[] source, int offset, int stride, int[] index, int indexOffset,
                float[] weight, int weightOffset, int k, int width,
                float[] destination, int destinationOffset, int destinationStride);

        void scatterMax(float[] source, int offset, int stride, int[] index, int indexOffset, int k, int width,
                float[] destination, int destinationOffset, int destinationStride);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdGather.KERNEL : ScalarGather.KERNEL;

    private Gather() {
    }

    /**
     * Copies rows: {@code out[i] = x[index[i]]} for i = 0 .. k-1.
     *
     * @param x           rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param index       k rows of {@code x}, from {@code indexOffset}; a row may come up more than once
     * @param k           how many rows to copy, 0 or more
     * @param width       floats in a row, 0 or more
     * @param out         receives a row every {@code outStride} floats from {@code outOffset}; must not overlap {@code x}
     * @throws IllegalArgumentException  where a count is negative or a stride smaller than a row
     * @throws IndexOutOfBoundsException where an index is not that of a row that lies in {@code x}, or k values do not lie
     *                                   within an array
     */
    public static void rows(float[] x, int offset, int stride, int[] index, int indexOffset, int k, int width,
                            float[] out, int outOffset, int outStride) {
        Checks.values("index", index.length, indexOffset, k);
        Checks.rows("out", out, outOffset, outStride, k, width);
        Checks.rowIndices(index, indexOffset, k, "x", x, offset, stride, width);
        for (int i = 0; i < k; i++) {
            System.arraycopy(x, offset + index[indexOffset + i] * stride, out, outOffset + i * outStride, width);
        }
    }

    /**
     * Adds rows: {@code destination[index[i]] += weight[i] * source[i]} for i = 0 .. k-1, in this order. Each addition is one
     * fused multiply-add; without weights it is a plain addition.
     *
     * @param source            k rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param index             k rows of {@code destination}, from {@code indexOffset}; a row may come up more than once
     * @param weight            k weights from {@code weightOffset}, or null for 1
     * @param k                 how many rows to add, 0 or more
     * @param width             floats in a row, 0 or more
     * @param destination       rows to add to, one every {@code destinationStride} floats from {@code destinationOffset}; must
     *                          not overlap {@code source}
     * @throws IllegalArgumentException  where a count is negative or a stride smaller than a row
     * @throws IndexOutOfBoundsException where an index is not that of a row that lies in {@code destination}, or values do not
     *                                   lie within an array
     */
    public static void scatterAdd(float[] source, int offset, int stride, int[] index, int indexOffset,
                                  float[] weight, int weightOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        Checks.rows("source", source, offset, stride, k, width);
        Checks.values("index", index.length, indexOffset, k);
        Checks.optional("weight", weight, weightOffset, k);
        Checks.rowIndices(index, indexOffset, k, "destination", destination, destinationOffset, destinationStride, width);
        KERNEL.scatterAdd(source, offset, stride, index, indexOffset, weight, weightOffset, k, width,
                    destination, destinationOffset, destinationStride);
    }

    /**
     * Takes maxima: {@code destination[index[i]] = max(destination[index[i]], source[i])} for i = 0 .. k-1. NaN never wins: it
     * counts as -infinity, in the destination too. Of 0.0 and -0.0 the one that comes first stays.
     *
     * @param source            k rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param index             k rows of {@code destination}, from {@code indexOffset}; a row may come up more than once
     * @param k                 how many rows to take, 0 or more
     * @param width             floats in a row, 0 or more
     * @param destination       rows to raise, one every {@code destinationStride} floats from {@code destinationOffset}; must
     *                          not overlap {@code source}
     * @throws IllegalArgumentException  where a count is negative or a stride smaller than a row
     * @throws IndexOutOfBoundsException where an index is not that of a row that lies in {@code destination}, or values do not
     *                                   lie within an array
     */
    public static void scatterMax(float[] source, int offset, int stride, int[] index, int indexOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        Checks.rows("source", source, offset, stride, k, width);
        Checks.values("index", index.length, indexOffset, k);
        Checks.rowIndices(index, indexOffset, k, "destination", destination, destinationOffset, destinationStride, width);
        KERNEL.scatterMax(source, offset, stride, index, indexOffset, k, width,
                    destination, destinationOffset, destinationStride);
    }
}
