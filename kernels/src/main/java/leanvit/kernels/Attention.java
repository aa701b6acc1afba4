package leanvit.kernels;

import java.util.Objects;

/**
 * Proportional attention: {@code softmax(q·kᵀ·d^-1/2 + bias)·v} of each head, where {@code bias} is {@code ln(size)} of
 * each key's token, or absent (ToMe, Bolya et al. 2023, section 3: the same as repeating key and value {@code size}
 * times).
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
 * <p>A query's bits do not depend on how many queries or heads a call computes. A row whose scores are all -infinity
 * has the result 0; NaN in q, k or v makes the rows that it touches NaN. Output must not overlap input. Thread-safe
 * where outputs and scratch are disjoint; allocates nothing. Error against exact arithmetic: relative 1e-5 of the
 * largest value.
 */
public final class Attention {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        int scratchLength(int n, int heads, int headDim);

        void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset, int stride,
                float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset,
                float[] scratch, int scratchOffset);

        void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                float[] columns, int columnsOffset, float[] scratch, int scratchOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdAttention.KERNEL : ScalarAttention.KERNEL;

    private Attention() {
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
     * Computes one head.
     *
     * @param n            tokens
     * @param queries      the first so many tokens are queries, 0 to n
     * @param heads        heads in the qkv matrix, H
     * @param head         the head to compute
     * @param headDim      width of a head, d
     * @param qkv          queries, keys and values
     * @param qkvOffset    index of the first token's first query value
     * @param stride       floats from a token to the next, at least 3·H·d
     * @param keyBias      added to each key's scores, N floats from {@code biasOffset}; null for none
     * @param out          result; [queries, H·d] from {@code outOffset}, a row every {@code outStride} floats
     * @param classRow     receives query 0's attention to each key, N floats from {@code classRowOffset}; null for none
     * @param columnSum    receives each key's attention summed over the queries in their order, N floats from
     *                     {@code columnSumOffset}; null for none
     * @param scratch      at least {@link #scratchLength} floats from {@code scratchOffset}, best at an offset that a
     *                     {@link FloatArena} handed out: packed keys and values are loaded as whole vectors
     */
    public static void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset,
            int stride,
                            float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                            float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset,
                            float[] scratch, int scratchOffset) {
        check(n, queries, heads, headDim, qkv, qkvOffset, stride, keyBias, biasOffset, out, outOffset, outStride);
        Checks.range("head", head, head + 1, heads);
        Checks.optional("classRow", classRow, classRowOffset, n);
        Checks.optional("columnSum", columnSum, columnSumOffset, n);
        Checks.length("scratch", scratch.length - scratchOffset, scratchLength(n, headDim));
        KERNEL.head(n, queries, heads, head, headDim, qkv, qkvOffset, stride, keyBias, biasOffset,
                    out, outOffset, outStride, classRow, classRowOffset, columnSum, columnSumOffset, scratch,
                    scratchOffset);
    }

    /** Computes one head, with a scratch array of its own. */
    public static void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset,
            int stride,
                            float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                            float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset,
                            float[] scratch) {
        head(n, queries, heads, head, headDim, qkv, qkvOffset, stride, keyBias, biasOffset, out, outOffset, outStride,
                classRow, classRowOffset, columnSum, columnSumOffset, scratch, 0);
    }

    /**
     * Computes all heads for all queries and gathers, for each key,
     * {@code sum over queries i >= prefix of max over heads of S[h, i, j]}; keys below {@code prefix} get 0 (POMT,
     * Eliopoulos et al. 2025).
     *
     * @param columns receives the sums, N floats from {@code columnsOffset}; queries are added in their order
     * @param scratch at least {@link #headMaxScratchLength} floats from {@code scratchOffset}
     */
    public static void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                               float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                               float[] columns, int columnsOffset, float[] scratch, int scratchOffset) {
        check(n, n, heads, headDim, qkv, qkvOffset, stride, keyBias, biasOffset, out, outOffset, outStride);
        Checks.range("prefix", 0, prefix, n);
        Checks.optional("columns", Objects.requireNonNull(columns, "columns"), columnsOffset, n);
        Checks.length("scratch", scratch.length - scratchOffset, headMaxScratchLength(n, heads, headDim));
        KERNEL.headMax(n, prefix, heads, headDim, qkv, qkvOffset, stride, keyBias, biasOffset,
                    out, outOffset, outStride, columns, columnsOffset, scratch, scratchOffset);
    }

    /** Computes all heads, with a scratch array of its own. */
    public static void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                               float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                               float[] columns, int columnsOffset, float[] scratch) {
        headMax(n, prefix, heads, headDim, qkv, qkvOffset, stride, keyBias, biasOffset, out, outOffset, outStride,
                columns, columnsOffset, scratch, 0);
    }

    private static void check(int n, int queries, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                              float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride) {
        Checks.notNegative("n", n);
        Checks.notNegative("heads", heads);
        Checks.notNegative("headDim", headDim);
        Checks.range("queries", 0, queries, n);
        Checks.rows("qkv", qkv, qkvOffset, stride, n, 3 * heads * headDim);
        Checks.optional("keyBias", keyBias, biasOffset, n);
        Checks.rows("out", out, outOffset, outStride, queries, heads * headDim);
    }
}
