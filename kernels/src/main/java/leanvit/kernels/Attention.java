package leanvit.kernels;

import java.util.Objects;

/**
 * Proportional attention: {@code softmax(q·kᵀ·d^-1/2 + keyBias + pairBias)·v} of each head, where {@code keyBias} is
 * {@code ln(size)} of each key's token (ToMe, Bolya et al. 2023, section 3: the same as repeating key and value
 * {@code size} times), and {@code pairBias} a number per query and key, such as a relative position bias (Swin, BEiT).
 * Either may be absent.
 *
 * <p>q, k and v lie in one matrix, row-major, as a fused qkv projection leaves them: token i of N has row i, a row
 * every {@code stride} floats, of 3·H·d floats: q of head 0, q of head 1, ..., then k, then v. The result goes to
 * columns h·d .. (h+1)·d-1 of {@code out}, a row a query.
 *
 * <p>Works on a few queries at a time: their scores, softmax and product with v follow one another in the first-level
 * cache, and the N x N map is never stored. On the way it gathers what is asked for:
 * <ul>
 * <li>the class row: how much query 0 attends to each key,
 * <li>column sums: how much all queries together attend to each key,
 * <li>{@link #headMax}: column sums over patch queries of the map's maximum over heads.
 * </ul>
 *
 * <p>An instance holds a call's arguments, to be made once and used again, so that a warm call allocates nothing:
 *
 * <pre>{@code
 * Attention attention = new Attention(heads, headDim);
 * attention.tokens(n, qkv, 0, 3 * heads * headDim).into(out, 0, heads * headDim)
 *         .scratch(new float[Attention.scratchLength(n, headDim)], 0);
 * for (int head = 0; head < heads; head++) {
 *     attention.head(head, n);
 * }
 * }</pre>
 *
 * <p>A query's bits do not depend on how many queries or heads a call computes. A row whose scores are all -infinity
 * has the result 0; NaN in q, k, v or a bias makes the rows that it touches NaN. Output must not overlap input. One
 * thread per instance; threads with instances of their own may write disjoint outputs, with scratches of their own.
 * Error against exact arithmetic: relative 1e-5 of the largest value.
 */
public final class Attention {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        int scratchLength(int n, int heads, int headDim);

        void head(Attention call, int head, int queries);

        void headMax(Attention call, int prefix, float[] columns, int columnsOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdAttention.KERNEL : ScalarAttention.KERNEL;

    final int heads;
    final int headDim;
    int n;
    float[] qkv;
    int qkvOffset;
    int stride;
    float[] keyBias;
    int keyBiasOffset;
    float[] pairBias;
    int pairBiasOffset;
    int pairBiasHeadStride;
    int pairBiasStride;
    float[] out;
    int outOffset;
    int outStride;
    float[] classRow;
    int classRowOffset;
    float[] columnSum;
    int columnSumOffset;
    float[] scratch;
    int scratchOffset;

    /**
     * Makes room for calls' arguments.
     *
     * @param heads   heads in the qkv matrix, H
     * @param headDim width of a head, d
     */
    public Attention(int heads, int headDim) {
        Checks.notNegative("heads", heads);
        Checks.notNegative("headDim", headDim);
        this.heads = heads;
        this.headDim = headDim;
    }

    /** Returns the scratch floats that {@link #head} takes for N tokens of head width d. */
    public static int scratchLength(int n, int headDim) {
        return headMaxScratchLength(n, 1, headDim);
    }

    /** Returns the scratch floats that {@link #headMax} takes. */
    public static int headMaxScratchLength(int n, int heads, int headDim) {
        return KERNEL.scratchLength(n, heads, headDim);
    }

    /**
     * Says what to attend to, and begins anew: no bias, and nothing to gather.
     *
     * @param n      tokens
     * @param qkv    queries, keys and values
     * @param offset index of the first token's first query value
     * @param stride floats from a token to the next, at least 3·H·d
     */
    public Attention tokens(int n, float[] qkv, int offset, int stride) {
        this.n = n;
        this.qkv = qkv;
        qkvOffset = offset;
        this.stride = stride;
        keyBias = null;
        pairBias = null;
        classRow = null;
        columnSum = null;
        return this;
    }

    /** Adds {@code bias[offset + j]} to the scores of key j; null for none. */
    public Attention keyBias(float[] bias, int offset) {
        keyBias = bias;
        keyBiasOffset = offset;
        return this;
    }

    /**
     * Adds {@code bias[offset + h * headStride + i * stride + j]} to the score of query i and key j in head h; null for
     * none.
     *
     * @param headStride floats from a head's [queries, N] to the next's; 0 where all heads have the same
     * @param stride     floats from a query's row to the next's, at least N
     */
    public Attention pairBias(float[] bias, int offset, int headStride, int stride) {
        pairBias = bias;
        pairBiasOffset = offset;
        pairBiasHeadStride = headStride;
        pairBiasStride = stride;
        return this;
    }

    /** Says where results go: [queries, H·d] from {@code offset}, a row every {@code stride} floats. */
    public Attention into(float[] out, int offset, int stride) {
        this.out = out;
        outOffset = offset;
        outStride = stride;
        return this;
    }

    /** Has {@link #head} write query 0's attention to each key, N floats from {@code offset}; null for nothing. */
    public Attention classRow(float[] row, int offset) {
        classRow = row;
        classRowOffset = offset;
        return this;
    }

    /**
     * Has {@link #head} write each key's attention summed over the queries in their order, N floats from
     * {@code offset}; null for nothing.
     */
    public Attention columnSum(float[] sum, int offset) {
        columnSum = sum;
        columnSumOffset = offset;
        return this;
    }

    /**
     * Lends working memory: {@link #scratchLength} floats, or {@link #headMaxScratchLength}, best at an offset that a
     * {@link FloatArena} handed out: packed keys and values are loaded as whole vectors.
     */
    public Attention scratch(float[] scratch, int offset) {
        this.scratch = scratch;
        scratchOffset = offset;
        return this;
    }

    /**
     * Computes one head.
     *
     * @param head    the head, 0 to H - 1
     * @param queries the first so many tokens are queries, 0 to N
     */
    public void head(int head, int queries) {
        check(queries);
        Checks.range("head", head, head + 1, heads);
        Checks.optional("classRow", classRow, classRowOffset, n);
        Checks.optional("columnSum", columnSum, columnSumOffset, n);
        checkPairBias(head, queries);
        Checks.length("scratch", scratch.length - scratchOffset, scratchLength(n, headDim));
        KERNEL.head(this, head, queries);
    }

    /**
     * Computes all heads for all queries and gathers, for each key,
     * {@code sum over queries i >= prefix of max over heads of S[h, i, j]}; keys below {@code prefix} get 0 (POMT,
     * Eliopoulos et al. 2025). Neither class row nor column sums are written.
     *
     * @param columns receives the sums, N floats from {@code columnsOffset}; queries are added in their order
     */
    public void headMax(int prefix, float[] columns, int columnsOffset) {
        check(n);
        Checks.range("prefix", 0, prefix, n);
        Checks.optional("columns", Objects.requireNonNull(columns, "columns"), columnsOffset, n);
        checkPairBias(heads - 1, n);
        Checks.length("scratch", scratch.length - scratchOffset, headMaxScratchLength(n, heads, headDim));
        KERNEL.headMax(this, prefix, columns, columnsOffset);
    }

    private void check(int queries) {
        Checks.notNegative("n", n);
        Checks.range("queries", 0, queries, n);
        Checks.rows("qkv", qkv, qkvOffset, stride, n, 3 * heads * headDim);
        Checks.optional("keyBias", keyBias, keyBiasOffset, n);
        Checks.rows("out", out, outOffset, outStride, queries, heads * headDim);
    }

    private void checkPairBias(int lastHead, int queries) {
        if (pairBias != null && lastHead >= 0) {
            Checks.notNegative("head stride of pairBias", pairBiasHeadStride);
            Checks.rows("pairBias", pairBias, pairBiasOffset, pairBiasStride, queries, n);
            Checks.rows("pairBias", pairBias, Math.addExact(pairBiasOffset,
                    Math.multiplyExact(lastHead, pairBiasHeadStride)), pairBiasStride, queries, n);
        }
    }
}
