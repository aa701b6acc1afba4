package leanvit.kernels;

import java.util.Arrays;

/**
 * Attention for training, forward and backward, with a mask that has gradients (DynamicViT, Rao et al. 2021; LTMP,
 * Bonnaerens and Dambre 2023). A head of N tokens, each token i of Q queries by all tokens j:
 *
 * <pre>
 *   z[i, j] = q[i]·k[j] * d^-1/2 + keyBias[j]
 *   e[i, j] = exp(z[i, j] - max over all j of z[i, j])
 *   S[i, j] = (e[i, j] * a[i, j] + epsilon / N) / (sum over j of e[i, j] * a[i, j] + epsilon)
 *   out[i]  = sum over j of S[i, j] * v[j]
 * </pre>
 *
 * where {@code a[i, j]} is {@code mask[j]}, or with {@link Form#SELF} {@code mask[j]} for other tokens and 1 for the
 * token itself, or 1 without a mask. Without mask and epsilon it is {@link Attention}, whose matrix of q, k and v it
 * reads. The largest score is part of the formula: where epsilon matters, so does its gradient.
 *
 * <p>The backward pass computes e again instead of keeping N·N numbers a head. It gives the gradients of q, k, v, and
 * where asked of mask and keyBias; and takes, beside that of {@code out}, a gradient of the column sums
 * {@code sum over i of S[i, j]} (LTMP's importance).
 *
 * <p>Error of the result: relative 1e-5 of the largest value; of gradients: 1e-4 of the largest. A row whose scores are
 * all -infinity, like NaN in an input, makes NaN. Each width adds in an order of its own, the same from call to call.
 * Outputs must not overlap inputs. Immutable; thread-safe where outputs and scratch are disjoint; allocates nothing.
 */
public final class MaskedAttention {

    /** What a mask is multiplied with. */
    public enum Form {
        /** Every query's exponential of a key. */
        KEYS,
        /** Every other query's; a token attends to itself whatever the mask. */
        SELF
    }

    /** The passes over rows of scores, which the SIMD and the scalar twin both have. */
    interface Rows {

        /** Replaces rows of scores by their exponentials; columns up to {@code padded} are -infinity and become 0. */
        void exponentials(int rows, int padded, float[] z, int offset, float[] shifts, int shiftsOffset);

        /** Returns the sum of {@code e * mask}. */
        float sum(int padded, float[] e, int row, float[] mask, int maskOffset);

        /** Replaces {@code e} by {@code (e * mask + share) * factor}. */
        void shares(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float factor);

        /** Returns the sum of {@code (e * mask + share) * (d + g)}. */
        float product(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d, int dRow,
                float[] g, int gOffset);

        /**
         * With {@code y = e * (d + g - mean) * factor}: replaces d by {@code y * mask * scale} and e by
         * {@code (e * mask + share) * factor}, adds y to {@code dMask}, and returns the sum of what d became.
         */
        float gradients(int padded, float[] e, int row, float[] mask, int maskOffset, float share, float[] d, int dRow,
                float[] g, int gOffset, float mean, float factor, float scale, float[] dMask, int dMaskOffset);
    }

    private static final Rows ROWS = Provider.SIMD ? SimdMaskedAttention.ROWS : ScalarMaskedAttention.ROWS;
    private static final Gemm.Implementation GEMM = Provider.SIMD ? SimdGemm.KERNEL : ScalarGemm.KERNEL;
    private static final TransposedGemm.Implementation TRANSPOSED =
            Provider.SIMD ? SimdTransposedGemm.KERNEL : ScalarTransposedGemm.KERNEL;

    private final int n;
    private final int heads;
    private final int headDim;
    private final Form form;
    private final float epsilon;
    private final int padded;
    /** Where things lie in scratch: panels of keys or values, panels of rows, two maps, then single rows. */
    private final int columnsAt;
    private final int rowsAt;
    private final int mapAt;
    private final int gradientsAt;
    private final int maskAt;
    private final int columnGradientAt;
    private final int maskGradientAt;
    private final int shiftsAt;
    private final int length;
    private final Rows rowPasses;
    private final Gemm.Implementation gemm;
    private final TransposedGemm.Implementation transposed;

    /**
     * Describes attention of one shape.
     *
     * @param n       tokens, 0 or more
     * @param heads   heads, H
     * @param headDim width of a head, d
     * @param form    what a mask is multiplied with
     * @param epsilon 0 or more; positive where a mask may leave a query nothing
     */
    public MaskedAttention(int n, int heads, int headDim, Form form, float epsilon) {
        this(n, heads, headDim, form, epsilon, ROWS, GEMM, TRANSPOSED);
    }

    MaskedAttention(int n, int heads, int headDim, Form form, float epsilon, Rows rowPasses, Gemm.Implementation gemm,
                    TransposedGemm.Implementation transposed) {
        Checks.notNegative("n", n);
        Checks.notNegative("heads", heads);
        Checks.notNegative("headDim", headDim);
        if (!(epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + ", expected 0 or more");
        }
        this.n = n;
        this.heads = heads;
        this.headDim = headDim;
        this.form = form;
        this.epsilon = epsilon;
        this.rowPasses = rowPasses;
        this.gemm = gemm;
        this.transposed = transposed;
        padded = PanelLayout.paddedColumns(n);
        columnsAt = 0;
        rowsAt = PanelLayout.packedLength(headDim, padded);
        mapAt = rowsAt + PanelLayout.packedLength(n, headDim);
        gradientsAt = Math.addExact(mapAt, Math.multiplyExact(n, padded));
        maskAt = Math.addExact(gradientsAt, n * padded);
        columnGradientAt = maskAt + padded;
        maskGradientAt = columnGradientAt + padded;
        shiftsAt = maskGradientAt + padded;
        length = Math.addExact(shiftsAt, n);
    }

    /** Returns the scratch floats that a call takes. */
    public int scratchLength() {
        return length;
    }

    /**
     * Computes one head.
     *
     * @param head            the head to compute
     * @param queries         the first so many tokens are queries, Q, 0 to n
     * @param answered        the first so many queries have a result, A, 0 to Q; the others' shares are only summed
     * @param qkv             queries, keys and values, a token every {@code stride} floats from {@code qkvOffset}
     * @param keyBias         added to each key's scores, N floats from {@code biasOffset}; null for none
     * @param mask            of each key, N floats from {@code maskOffset}; null for ones
     * @param out             receives the head's columns of the result, A rows, one every {@code outStride} floats
     * @param columnSum       receives each key's share summed over the queries in their order, N floats from
     *                        {@code columnSumOffset}; null for none
     * @param scratch         {@link #scratchLength} floats from {@code scratchOffset}
     */
    public void forward(int head, int queries, int answered, float[] qkv, int qkvOffset, int stride, float[] keyBias,
                        int biasOffset, float[] mask, int maskOffset, float[] out, int outOffset, int outStride,
                        float[] columnSum, int columnSumOffset, float[] scratch, int scratchOffset) {
        check(head, queries, answered, qkv, qkvOffset, stride, keyBias, biasOffset, mask, maskOffset, scratch,
                scratchOffset);
        Checks.rows("out", out, outOffset, outStride, answered, heads * headDim);
        Checks.optional("columnSum", columnSum, columnSumOffset, n);
        int width = heads * headDim;
        Checks.apart("qkv", qkv, qkvOffset, stride, n, 3 * width, "out", out, outOffset, outStride, answered, width);
        scratchApart("qkv", qkv, qkvOffset, stride, n, 3 * width, scratch, scratchOffset);
        scratchApart("out", out, outOffset, outStride, answered, width, scratch, scratchOffset);
        int q = qkvOffset + head * headDim;
        int v = q + 2 * width;
        exponentials(queries, qkv, q, stride, keyBias, biasOffset, scratch, scratchOffset);
        copyMask(mask, maskOffset, scratch, scratchOffset + maskAt);
        packRows(qkv, v, stride, scratch, scratchOffset + rowsAt);
        int weights = scratchOffset + maskAt;
        float share = epsilon / Math.max(1, n);
        for (int i = 0; i < queries; i++) {
            int row = scratchOffset + mapAt + i * padded;
            float sum = rowPasses.sum(padded, scratch, row, scratch, weights);
            float own = scratch[row + i];
            if (form == Form.SELF) {
                sum += own * (1f - scratch[weights + i]);
            }
            float factor = 1f / (sum + epsilon);
            rowPasses.shares(padded, scratch, row, scratch, weights, share, factor);
            if (form == Form.SELF) {
                scratch[row + i] = (own + share) * factor;
            }
        }
        gemm.multiply(answered, scratch, scratchOffset + mapAt, padded, n, headDim, scratch, scratchOffset + rowsAt, 0,
                PanelLayout.panels(headDim), Gemm.Epilogue.NONE, out, outOffset + head * headDim, outStride);
        if (columnSum != null) {
            Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
            ColumnSums.add(scratch, scratchOffset + mapAt, padded, queries, n, columnSum, columnSumOffset);
        }
    }

    /**
     * Computes the gradients of one head.
     *
     * @param dOut       gradient of the result, [A, H·d], a row every {@code dOutStride} floats from {@code dOutOffset}
     * @param dColumnSum gradient of the column sums, N floats from {@code dColumnSumOffset}; null for none
     * @param dQkv       receives the head's columns of the gradients of q, k and v, in the layout of {@code qkv}; those
     *                   of tokens that are no queries are 0
     * @param dMask      receives this head's gradient of the mask, N floats from {@code dMaskOffset}; null for none
     * @param dKeyBias   receives this head's gradient of the bias, N floats from {@code dKeyBiasOffset}; null for none
     */
    public void backward(int head, int queries, int answered, float[] qkv, int qkvOffset, int stride, float[] keyBias,
                         int biasOffset, float[] mask, int maskOffset, float[] dOut, int dOutOffset, int dOutStride,
                         float[] dColumnSum, int dColumnSumOffset, float[] dQkv, int dQkvOffset, int dQkvStride,
                         float[] dMask, int dMaskOffset, float[] dKeyBias, int dKeyBiasOffset, float[] scratch,
                         int scratchOffset) {
        check(head, queries, answered, qkv, qkvOffset, stride, keyBias, biasOffset, mask, maskOffset, scratch,
                scratchOffset);
        int width = heads * headDim;
        Checks.rows("dOut", dOut, dOutOffset, dOutStride, answered, width);
        Checks.rows("dQkv", dQkv, dQkvOffset, dQkvStride, n, 3 * width);
        Checks.optional("dColumnSum", dColumnSum, dColumnSumOffset, n);
        Checks.optional("dMask", dMask, dMaskOffset, n);
        Checks.optional("dKeyBias", dKeyBias, dKeyBiasOffset, n);
        Checks.apart("qkv", qkv, qkvOffset, stride, n, 3 * width, "dQkv", dQkv, dQkvOffset, dQkvStride, n, 3 * width);
        Checks.apart("dOut", dOut, dOutOffset, dOutStride, answered, width, "dQkv", dQkv, dQkvOffset, dQkvStride, n,
                3 * width);
        scratchApart("qkv", qkv, qkvOffset, stride, n, 3 * width, scratch, scratchOffset);
        scratchApart("dOut", dOut, dOutOffset, dOutStride, answered, width, scratch, scratchOffset);
        scratchApart("dQkv", dQkv, dQkvOffset, dQkvStride, n, 3 * width, scratch, scratchOffset);
        int q = qkvOffset + head * headDim;
        int k = q + width;
        int d = dOutOffset + head * headDim;
        float scale = scale();
        exponentials(queries, qkv, q, stride, keyBias, biasOffset, scratch, scratchOffset);
        copyMask(mask, maskOffset, scratch, scratchOffset + maskAt);
        packColumns(1f, 0f, qkv, k + width, stride, null, 0, scratch, scratchOffset + columnsAt);
        gemm.multiply(answered, dOut, d, dOutStride, headDim, padded, scratch, scratchOffset + columnsAt, 0,
                PanelLayout.panels(padded), Gemm.Epilogue.NONE, scratch, scratchOffset + gradientsAt, padded);
        Arrays.fill(scratch, scratchOffset + gradientsAt + answered * padded,
                scratchOffset + gradientsAt + queries * padded, 0f);
        Arrays.fill(scratch, scratchOffset + columnGradientAt, scratchOffset + columnGradientAt + 2 * padded, 0f);
        if (dColumnSum != null) {
            System.arraycopy(dColumnSum, dColumnSumOffset, scratch, scratchOffset + columnGradientAt, n);
        }
        for (int i = 0; i < queries; i++) {
            rowGradients(i, scale, scratch, scratchOffset);
        }
        if (dMask != null) {
            System.arraycopy(scratch, scratchOffset + maskGradientAt, dMask, dMaskOffset, n);
        }
        if (dKeyBias != null) {
            Arrays.fill(dKeyBias, dKeyBiasOffset, dKeyBiasOffset + n, 0f);
            ColumnSums.add(scratch, scratchOffset + gradientsAt, padded, queries, n, dKeyBias, dKeyBiasOffset);
            for (int j = 0; j < n; j++) {
                dKeyBias[dKeyBiasOffset + j] /= scale;
            }
        }
        int dq = dQkvOffset + head * headDim;
        packRows(qkv, k, stride, scratch, scratchOffset + rowsAt);
        gemm.multiply(queries, scratch, scratchOffset + gradientsAt, padded, n, headDim, scratch,
                scratchOffset + rowsAt, 0, PanelLayout.panels(headDim), Gemm.Epilogue.NONE, dQkv, dq, dQkvStride);
        for (int i = queries; i < n; i++) {
            Arrays.fill(dQkv, dq + i * dQkvStride, dq + i * dQkvStride + headDim, 0f);
        }
        transposed.multiply(n, queries, headDim, scratch, scratchOffset + gradientsAt, padded, qkv, q, stride, 0,
                PanelLayout.panels(headDim), false, dQkv, dq + width, dQkvStride);
        transposed.multiply(n, answered, headDim, scratch, scratchOffset + mapAt, padded, dOut, d, dOutStride, 0,
                PanelLayout.panels(headDim), false, dQkv, dq + 2 * width, dQkvStride);
    }

    /** Turns a row of exponentials into shares, and a row of their gradients into the scores', times scale. */
    private void rowGradients(int i, float scale, float[] scratch, int scratchOffset) {
        int row = scratchOffset + mapAt + i * padded;
        int d = scratchOffset + gradientsAt + i * padded;
        int mask = scratchOffset + maskAt;
        int g = scratchOffset + columnGradientAt;
        int dMask = scratchOffset + maskGradientAt;
        float share = epsilon / n;
        float own = scratch[row + i];
        float rest = form == Form.SELF ? 1f - scratch[mask + i] : 0f;
        float sum = rowPasses.sum(padded, scratch, row, scratch, mask) + own * rest;
        float factor = 1f / (sum + epsilon);
        float ownGradient = scratch[d + i] + scratch[g + i];
        float mean = factor * (own * rest * ownGradient
                + rowPasses.product(padded, scratch, row, scratch, mask, share, scratch, d, scratch, g));
        int largest = epsilon > 0 ? largest(scratch, row) : 0;
        float total = rowPasses.gradients(padded, scratch, row, scratch, mask, share, scratch, d, scratch, g, mean,
                factor, scale, scratch, dMask);
        if (form == Form.SELF) {
            // To itself a token attends whatever the mask.
            float y = own * (ownGradient - mean) * factor;
            scratch[dMask + i] -= y;
            total += y * scale - scratch[d + i];
            scratch[d + i] = y * scale;
            scratch[row + i] = (own + share) * factor;
        }
        if (epsilon > 0) {
            scratch[d + largest] -= total;
        }
    }

    /** Returns the column of the row's largest score, whose exponential is 1. */
    private int largest(float[] scratch, int row) {
        int j = 0;
        while (j < n - 1 && scratch[row + j] != 1f) {
            j++;
        }
        return j;
    }

    /** Fills the map e with exponentials; columns beyond n are 0. */
    private void exponentials(int queries, float[] qkv, int q, int stride, float[] keyBias, int biasOffset,
                              float[] scratch, int scratchOffset) {
        packColumns(scale(), Float.NEGATIVE_INFINITY, qkv, q + heads * headDim, stride, keyBias, biasOffset, scratch,
                scratchOffset + columnsAt);
        gemm.multiply(queries, qkv, q, stride, headDim, padded, scratch, scratchOffset + columnsAt, 0,
                PanelLayout.panels(padded), Gemm.Epilogue.NONE, scratch, scratchOffset + mapAt, padded);
        rowPasses.exponentials(queries, padded, scratch, scratchOffset + mapAt, scratch, scratchOffset + shiftsAt);
    }

    private float scale() {
        return (float) (1 / Math.sqrt(headDim));
    }

    private void copyMask(float[] mask, int maskOffset, float[] scratch, int to) {
        if (mask == null) {
            Arrays.fill(scratch, to, to + n, 1f);
        } else {
            System.arraycopy(mask, maskOffset, scratch, to, n);
        }
        Arrays.fill(scratch, to + n, to + padded, 0f);
    }

    /**
     * Packs a head's rows of x, scaled, as the columns of a matrix [d, N] with a bias each; columns beyond N have the
     * bias {@code beyond}.
     */
    private void packColumns(float factor, float beyond, float[] x, int xo, int stride, float[] bias, int biasOffset,
                             float[] scratch, int to) {
        for (int panel = 0; panel < PanelLayout.panels(padded); panel++) {
            int first = PanelLayout.column(padded, panel);
            int width = PanelLayout.width(padded, panel);
            int valid = Math.max(0, Math.min(width, n - first));
            int at = to + PanelLayout.offset(headDim, padded, panel);
            Arrays.fill(scratch, at, at + valid, 0f);
            Arrays.fill(scratch, at + valid, at + width, beyond);
            if (bias != null) {
                System.arraycopy(bias, biasOffset + first, scratch, at, valid);
            }
            SimdPanels.transpose(valid, width, headDim, factor, x, xo + first * stride, stride, scratch, at + width);
        }
    }

    /** Packs a head's rows of x as the rows of a matrix [N, d] without a bias. */
    private void packRows(float[] x, int xo, int stride, float[] scratch, int to) {
        for (int panel = 0; panel < PanelLayout.panels(headDim); panel++) {
            int first = PanelLayout.column(headDim, panel);
            int width = PanelLayout.width(headDim, panel);
            int valid = Math.min(width, headDim - first);
            int at = to + PanelLayout.offset(n, headDim, panel);
            Arrays.fill(scratch, at, at + width, 0f);
            for (int i = 0; i < n; i++) {
                at += width;
                System.arraycopy(x, xo + i * stride + first, scratch, at, valid);
                if (valid < width) {
                    Arrays.fill(scratch, at + valid, at + width, 0f);
                }
            }
        }
    }

    private void check(int head, int queries, int answered, float[] qkv, int qkvOffset, int stride, float[] keyBias,
                       int biasOffset, float[] mask, int maskOffset, float[] scratch, int scratchOffset) {
        Checks.range("head", head, head + 1, heads);
        Checks.range("queries", 0, queries, n);
        Checks.range("answered", 0, answered, queries);
        Checks.rows("qkv", qkv, qkvOffset, stride, n, 3 * heads * headDim);
        Checks.optional("keyBias", keyBias, biasOffset, n);
        Checks.optional("mask", mask, maskOffset, n);
        Checks.length("scratch", scratch.length - scratchOffset, scratchLength());
    }

    private void scratchApart(String name, float[] x, int offset, int stride, int rows, int columns, float[] scratch,
                              int scratchOffset) {
        Checks.apart(name, x, offset, stride, rows, columns, "scratch", scratch, scratchOffset, length, 1, length);
    }
}
