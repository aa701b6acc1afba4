package leanvit.kernels;

/**
 * Rows merged into fewer rows, as a sparse linear map: row i of N goes to row {@code target[i]} of M, times
 * {@code weight[i]}, or nowhere. It is how tokens are pooled, merged and pruned (ToMe: Bolya et al., ICLR 2023), and,
 * as its transpose, how the gradient comes back and how merged tokens are spread out again.
 *
 * <pre>
 *   apply:       out[m]  = sum over the i that go to m of weight[i] * x[i]
 *   max:         out[m]  = max over the i that go to m of x[i], a channel at a time
 *   transposed:  dIn[i]  = weight[i] * dOut[target[i]],  0 where i is dropped
 *   weights:     dWeight[i] = dOut[target[i]] . x[i],    0 where i is dropped
 * </pre>
 *
 * <p>Addition is not associative, so the order is part of the contract: rows are taken in the order in which
 * {@code order} lists them. The first of a sum is a product, {@code weight * x}; each further one is added by one fused
 * multiply-add. The bits are the same at every width and in scalar code (of a NaN: some NaN). A row that goes to its
 * target alone, with weight 1, is copied bit for bit. The products of rows that {@link #weightGradients} gives are sums
 * over channels in an order of each width's own: relative error 1e-6 of the sum of the terms' magnitudes.
 *
 * <p>NaN and infinities stay in the row that their row goes to: a sum and a maximum with NaN are NaN. (Not so in
 * {@link HeadMax}, where NaN never wins: there a decision is made, here a row of the model's own values goes on, and
 * what is broken has to show.) Of 0.0 and -0.0 the maximum is 0.0, as in {@code Math.max}.
 *
 * <p>Every index is checked before anything is written. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class MergeRows {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void apply(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, float[] weight,
                   int width, float[] out, int outOffset, int outStride);

        void max(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, int width,
                 float[] out, int outOffset, int outStride);

        void transposed(float[] dOut, int offset, int stride, int[] target, float[] weight, int n, int width,
                        float[] dIn, int inOffset, int inStride);

        void weightGradients(float[] dOut, int offset, int stride, int[] target, int n, int width,
                             float[] x, int xOffset, int xStride, float[] dWeight, int weightOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdMergeRows.KERNEL : ScalarMergeRows.KERNEL;

    private MergeRows() {
    }

    /**
     * Adds up rows: {@code out[target[i]] = weight[i] * x[i]} for the rows i that are the first of their target, and
     * {@code out[target[i]] += weight[i] * x[i]} for the others.
     *
     * @param x      rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param order  the first k are rows of {@code x}, in the order in which they are to be added; those not listed go
     *               nowhere
     * @param k      how many rows are listed, 0 or more
     * @param target for each row of {@code x} the row of {@code out} that it goes to; negative where it is dropped
     * @param first  for each row of {@code out} the row of {@code x} that goes there first, which overwrites what
     *               {@code out} holds; null where all are to be added to what it holds
     * @param weight for each row of {@code x} its weight, or null for 1
     * @param width  floats in a row, 0 or more
     * @param out    rows, one every {@code outStride} floats from {@code outOffset}, of which those that no listed row
     *               goes to stay as they are; must not overlap {@code x}
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or input and output
     *                                   overlap
     * @throws IndexOutOfBoundsException where a row does not lie within its array, or an array has no entry for a row
     */
    public static void apply(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first,
                             float[] weight, int width, float[] out, int outOffset, int outStride) {
        check(x, offset, stride, order, k, target, first, weight, width, out, outOffset, outStride);
        KERNEL.apply(x, offset, stride, order, k, target, first, weight, width, out, outOffset, outStride);
    }

    /**
     * Takes the largest value of each channel: {@code out[target[i]] = x[i]} for the rows i that are the first of their
     * target, and {@code out[target[i]] = max(out[target[i]], x[i])} for the others. Arguments are those of
     * {@link #apply}.
     *
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or input and output
     *                                   overlap
     * @throws IndexOutOfBoundsException where a row does not lie within its array, or an array has no entry for a row
     */
    public static void max(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, int width,
                           float[] out, int outOffset, int outStride) {
        check(x, offset, stride, order, k, target, first, null, width, out, outOffset, outStride);
        KERNEL.max(x, offset, stride, order, k, target, first, width, out, outOffset, outStride);
    }

    /**
     * The transpose of {@link #apply}: {@code dIn[i] = weight[i] * dOut[target[i]]}, or zeros where {@code target[i]}
     * is negative, for i = 0 .. n-1. Without weights every row gets a copy of its target's row, bit for bit.
     *
     * @param dOut   rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param target n rows of {@code dOut}; negative where a row was dropped
     * @param weight n weights, or null for 1
     * @param n      how many rows to write, N, 0 or more
     * @param width  floats in a row, 0 or more
     * @param dIn    receives n rows, one every {@code inStride} floats from {@code inOffset}; must not overlap
     *               {@code dOut}
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or input and output
     *                                   overlap
     * @throws IndexOutOfBoundsException where a row does not lie within its array, or an array has no entry for a row
     */
    public static void transposed(float[] dOut, int offset, int stride, int[] target, float[] weight, int n, int width,
                                  float[] dIn, int inOffset, int inStride) {
        Checks.values("target", target.length, 0, n);
        Checks.optional("weight", weight, 0, n);
        Checks.rows("dIn", dIn, inOffset, inStride, n, width);
        if (n > 0 && width > 0) {
            int rows = rowsOf("dOut", dOut, offset, stride, width);
            int last = -1;
            for (int i = 0; i < n; i++) {
                below("target", i, target[i], rows, "dOut");
                last = Math.max(last, target[i]);
            }
            Checks.apart("dOut", dOut, offset, stride, last + 1, width, "dIn", dIn, inOffset, inStride, n, width);
            KERNEL.transposed(dOut, offset, stride, target, weight, n, width, dIn, inOffset, inStride);
        }
    }

    /**
     * The gradient of {@link #apply}'s weights: {@code dWeight[i]} is the product of row {@code target[i]} of dOut and
     * row i of x, or 0 where {@code target[i]} is negative, for i = 0 .. n-1.
     *
     * @param dOut         rows of {@code width} floats, one every {@code stride} floats from {@code offset}
     * @param target       n rows of {@code dOut}; negative where a row was dropped
     * @param n            how many rows x has, N, 0 or more
     * @param width        floats in a row, 0 or more
     * @param x            n rows, one every {@code xStride} floats from {@code xOffset}
     * @param dWeight      receives n gradients from {@code weightOffset}; must not overlap an input
     * @throws IllegalArgumentException  where a count is negative or a stride smaller than a row
     * @throws IndexOutOfBoundsException where a row does not lie within its array, or an array has no entry for a row
     */
    public static void weightGradients(float[] dOut, int offset, int stride, int[] target, int n, int width,
                                       float[] x, int xOffset, int xStride, float[] dWeight, int weightOffset) {
        Checks.values("target", target.length, 0, n);
        Checks.rows("x", x, xOffset, xStride, n, width);
        Checks.values("dWeight", dWeight.length, weightOffset, n);
        int rows = rowsOf("dOut", dOut, offset, stride, width);
        for (int i = 0; i < n; i++) {
            below("target", i, target[i], rows, "dOut");
        }
        KERNEL.weightGradients(dOut, offset, stride, target, n, width, x, xOffset, xStride, dWeight, weightOffset);
    }

    private static void check(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first,
                              float[] weight, int width, float[] out, int outOffset, int outStride) {
        Checks.values("order", order.length, 0, k);
        Checks.notNegative("width", width);
        if (k == 0) {
            return;
        }
        int inputs = Math.min(rowsOf("x", x, offset, stride, width), target.length);
        inputs = weight == null ? inputs : Math.min(inputs, weight.length);
        int outputs = rowsOf("out", out, outOffset, outStride, width);
        outputs = first == null ? outputs : Math.min(outputs, first.length);
        int lastRow = -1;
        int lastTarget = -1;
        for (int i = 0; i < k; i++) {
            int row = order[i];
            if (row < 0) {
                throw new IndexOutOfBoundsException("order[" + i + "] is " + row);
            }
            below("order", i, row, inputs, "x");
            below("target", row, target[row], outputs, "out");
            lastRow = Math.max(lastRow, row);
            lastTarget = Math.max(lastTarget, target[row]);
        }
        Checks.apart("x", x, offset, stride, lastRow + 1, width, "out", out, outOffset, outStride, lastTarget + 1,
                width);
    }

    /** Returns how many rows an array has room for; no end of them where they are empty. */
    private static int rowsOf(String name, float[] array, int offset, int stride, int width) {
        if (width == 0) {
            return Integer.MAX_VALUE;
        }
        if (offset < 0 || stride < width) {
            throw new IllegalArgumentException("offset of " + name + " is " + offset + ", its stride " + stride
                    + ", expected at least 0 and " + width);
        }
        long room = (long) array.length - offset - width;
        return room < 0 ? 0 : (int) (room / stride) + 1;
    }

    private static void below(String list, int at, int row, int rows, String name) {
        if (row >= rows) {
            throw new IndexOutOfBoundsException(
                    list + "[" + at + "] is " + row + ", " + name + " and what describes it have " + rows + " rows");
        }
    }
}
