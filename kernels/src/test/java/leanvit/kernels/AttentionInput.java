package leanvit.kernels;

import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;

/**
 * Queries, keys and values of some tokens, with a bias a key and [heads, n, n] of a pair, each or null, and
 * attention over them in double precision,
 * straight from its formula.
 */
record AttentionInput(int n, int heads, int headDim, Guarded qkv, float[] bias, float[] pairBias) {

    AttentionInput(int n, int heads, int headDim, Guarded qkv, float[] bias) {
        this(n, heads, headDim, qkv, bias, null);
    }


    static AttentionInput random(int n, int heads, int headDim, boolean biased, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = Awkward.values(random, n * 3 * heads * headDim, 1.5f);
        return new AttentionInput(n, heads, headDim, Guarded.of(values, n, 3 * heads * headDim, 7, 5),
                biased ? Awkward.values(random, n, 3f) : null);
    }

    /** Returns the first tokens alone. */
    AttentionInput first(int tokens) {
        return new AttentionInput(tokens, heads, headDim, new Guarded(qkv.array(), qkv.offset(), qkv.stride(), tokens,
                qkv.columns()), bias == null ? null : Arrays.copyOf(bias, tokens));
    }

    AttentionInput withBias(float... newBias) {
        return new AttentionInput(n, heads, headDim, qkv, newBias);
    }

    AttentionInput withPairBias(long seed) {
        return new AttentionInput(n, heads, headDim, qkv, bias,
                Awkward.values(new SplittableRandom(seed), heads * n * n, 3f));
    }

    /** Returns a call with these arguments; output and scratch are missing. */
    Attention call() {
        return new Attention(heads, headDim).tokens(n, qkv.array(), qkv.offset(), qkv.stride()).keyBias(bias, 0)
                .pairBias(pairBias, 0, n * n, n);
    }

    int query(int head, int channel) {
        return head * headDim + channel;
    }

    int key(int head, int channel) {
        return (heads + head) * headDim + channel;
    }

    int value(int head, int channel) {
        return (2 * heads + head) * headDim + channel;
    }

    /** Returns how much query i attends to each key. */
    double[] exactRow(int head, int i) {
        double[] row = new double[n];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < n; j++) {
            double score = 0;
            for (int c = 0; c < headDim; c++) {
                score += (double) qkv.get(i, query(head, c)) * qkv.get(j, key(head, c));
            }
            row[j] = (headDim == 0 ? 0 : score / Math.sqrt(headDim)) + (bias == null ? 0 : bias[j])
                    + (pairBias == null ? 0 : pairBias[(head * n + i) * n + j]);
            max = Math.max(max, row[j]);
        }
        double sum = 0;
        for (int j = 0; j < n; j++) {
            row[j] = max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(row[j] - max);
            sum += row[j];
        }
        for (int j = 0; j < n && sum > 0; j++) {
            row[j] /= sum;
        }
        return row;
    }

    /** Returns the result of query i, from its {@link #exactRow}. */
    double[] exactResult(int head, double[] row) {
        double[] result = new double[headDim];
        for (int j = 0; j < n; j++) {
            for (int c = 0; c < headDim; c++) {
                result[c] += row[j] * qkv.get(j, value(head, c));
            }
        }
        return result;
    }

    @Override
    public String toString() {
        return n + " tokens, " + heads + " heads of " + headDim + (bias == null ? "" : ", biased");
    }
}
