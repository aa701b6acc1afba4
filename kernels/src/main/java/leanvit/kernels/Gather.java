package leanvit.kernels;

/**
 * Rows picked by index. {@link MergeRows} is the way back: it adds rows up into picked rows.
 *
 * <p>Every index is checked before anything is written. Copies are bit for bit, NaN included, and the JDK's own
 * ({@code System.arraycopy}), so that there is no scalar twin. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class Gather {

    private Gather() {
    }

    /**
     * Copies rows: {@code out[i] = x[index[i]]} for i = 0 .. k-1.
     *
     * @param x           rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param index       k rows of {@code x}, from {@code indexOffset}; a row may come up more than once
     * @param k           how many rows to copy, 0 or more
     * @param width       floats in a row, 0 or more
     * @param out         receives a row every {@code outStride} floats from {@code outOffset}; must not overlap
     *                    {@code x}
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or the rows of
     *                                   {@code x} that are copied and {@code out} overlap
     * @throws IndexOutOfBoundsException where an index is not that of a row that lies in {@code x}, or k values do not
     *                                   lie within an array
     */
    public static void rows(float[] x, int offset, int stride, int[] index, int indexOffset, int k, int width,
                            float[] out, int outOffset, int outStride) {
        Checks.values("index", index.length, indexOffset, k);
        Checks.rows("out", out, outOffset, outStride, k, width);
        Checks.rowIndices(index, indexOffset, k, "x", x, offset, stride, width);
        if (x == out) {
            requireApart(x, offset, stride, index, indexOffset, k, width, outOffset, outStride);
        }
        for (int i = 0; i < k; i++) {
            System.arraycopy(x, offset + index[indexOffset + i] * stride, out, outOffset + i * outStride, width);
        }
    }

    private static void requireApart(float[] x, int offset, int stride, int[] index, int indexOffset, int k, int width,
                                     int outOffset, int outStride) {
        int first = Integer.MAX_VALUE;
        int last = -1;
        for (int i = 0; i < k; i++) {
            first = Math.min(first, index[indexOffset + i]);
            last = Math.max(last, index[indexOffset + i]);
        }
        Checks.apart("x", x, offset + Math.min(first, last) * stride, stride, last - first + 1, width,
                "out", x, outOffset, outStride, k, width);
    }
}
