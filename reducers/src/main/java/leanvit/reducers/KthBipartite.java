package leanvit.reducers;

/**
 * ToMe's k-th bipartite matching, for dense tasks that want a fixed rate (a variant in the program of Bolya et al.,
 * "Token Merging: Your ViT But Faster", ICLR 2023): of each k consecutive tokens the last is a
 * destination, and every other one merges into the destination of the largest cosine. n tokens become n / k, in their
 * order; the {@code n mod k} tokens at the end are dropped.
 *
 * <p>It stands alone: no token is protected. The map's weights are 1, so that {@link TokenMap#apply} sums;
 * {@link TokenMap#weightEqually} or {@link TokenMap#weightBySize} make it an average, and {@link TokenMap#unmerge} goes
 * back to n rows, zero where dropped. Ties: the first destination. A zero row has cosine 0 with all. A row that holds
 * NaN is nobody's destination, and dropped where it would merge.
 */
public final class KthBipartite {

    private KthBipartite() {
    }

    /**
     * Matches the tokens of one image.
     *
     * @param metric  rows [n, width] to compare, {@code stride} apart from {@code offset}
     * @param k       tokens per group, 1 to n; 1 merges nothing
     * @param map     filled here, from n inputs to n / k outputs
     * @param scratch what is taken from it is released before the return
     * @throws IllegalArgumentException where k is not 1 to n
     */
    public static void match(float[] metric, int offset, int stride, int n, int width, int k, TokenMap map,
            Scratch scratch) {
        if (k < 1 || k > n) {
            throw new IllegalArgumentException("k = " + k + " is not from 1 to the number of tokens, " + n);
        }
        int groups = n / k;
        int sources = groups * (k - 1);
        int mark = scratch.mark();
        int[] order = scratch.ints(groups * k);
        for (int i = 0; i < groups * k; i++) {
            int group = i / k;
            int place = i % k;
            order[place < k - 1 ? group * (k - 1) + place : sources + group] = i;
        }
        map.reset(n);
        NearestMerge.match(metric, offset, stride, width, order, sources, groups, map, scratch);
        for (int i = groups * k; i < n; i++) {
            map.drop(i);
        }
        scratch.release(mark);
    }
}
