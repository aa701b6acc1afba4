package leanvit.reducers;

import leanvit.kernels.BipartiteMatching;

/** What {@link KthBipartite} and {@link RandomBipartite} do once they know sources and destinations. */
final class NearestMerge {

    /** Far below any norm that matters: it only keeps a zero row from dividing by zero. */
    private static final float NORM_EPSILON = 1e-12f;

    private NearestMerge() {
    }

    /**
     * Keeps the destinations, which stand last in {@code order}, in that order, and merges each source into its
     * nearest.
     */
    static void match(float[] metric, int offset, int stride, int width, int[] order, int sources, int destinations,
            TokenMap map, Scratch scratch) {
        int mark = scratch.mark();
        float[] best = scratch.floats(sources);
        int[] partner = scratch.ints(sources);
        float[] work = scratch.floats(BipartiteMatching.nearestScratch(sources, destinations, width));
        BipartiteMatching.nearest(metric, offset, stride, width, order, 0, sources, order, sources, destinations,
                NORM_EPSILON, best, partner, work);
        int firstOutput = map.outputs();
        for (int j = 0; j < destinations; j++) {
            map.keep(order[sources + j]);
        }
        for (int i = 0; i < sources; i++) {
            if (best[i] > Float.NEGATIVE_INFINITY) {
                map.merge(order[i], firstOutput + partner[i], 1f);
            } else {
                map.drop(order[i]);
            }
        }
        scratch.release(mark);
    }
}
