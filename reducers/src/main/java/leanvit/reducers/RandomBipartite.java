package leanvit.reducers;

import java.util.random.RandomGenerator;

/**
 * ToMe's random bipartite matching, the baseline for its alternating split (a variant in the program of Bolya et al.,
 * "Token Merging: Your ViT But Faster", ICLR 2023): of a random permutation of the tokens the
 * first r are sources and the others destinations, and every source merges into the destination of the largest cosine.
 * n tokens become n - r, in the order of the permutation.
 *
 * <p>It stands alone; protection, weights, undoing, ties, zero and NaN rows are as in {@link KthBipartite}.
 */
public final class RandomBipartite {

    private RandomBipartite() {
    }

    /**
     * Matches the tokens of one image.
     *
     * @param metric  rows [n, width] to compare, {@code stride} apart from {@code offset}
     * @param r       tokens to merge, at least 0; clamped to n - 1
     * @param random  gives the permutation; the same state gives the same one
     * @param map     filled here, from n inputs to n - r outputs; the identity where nothing merges
     * @param scratch what is taken from it is released before the return
     * @throws IllegalArgumentException where r is below 0
     */
    public static void match(float[] metric, int offset, int stride, int n, int width, int r, RandomGenerator random,
            TokenMap map, Scratch scratch) {
        if (r < 0) {
            throw new IllegalArgumentException("r = " + r + " is below 0");
        }
        int sources = Math.min(r, n - 1);
        if (sources <= 0) {
            map.identity(n);
            return;
        }
        int mark = scratch.mark();
        int[] order = scratch.ints(n);
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        map.reset(n);
        NearestMerge.match(metric, offset, stride, width, order, sources, n - sources, map, scratch);
        scratch.release(mark);
    }
}
