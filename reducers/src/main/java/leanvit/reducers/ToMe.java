package leanvit.reducers;

import java.util.Arrays;
import java.util.List;
import leanvit.kernels.ArgSort;
import leanvit.kernels.BipartiteMatching;

/**
 * Token Merging (Bolya et al., "Token Merging: Your ViT But Faster", ICLR 2023, section 3).
 *
 * <p>In every block, between attention and MLP, r tokens are merged into the tokens most like them:
 * <ol>
 * <li>split the N tokens by position: sources 0, 2, 4, ... and destinations 1, 3, 5, ...;
 * <li>each source's partner is the destination of the largest cosine between keys, averaged over heads;
 * <li>the r sources with the largest cosine are merged into their partners, the others stay;
 * <li>a token is the average of its parts weighted by size (the patches in each):
 *     {@code x = sum size_i x_i / sum size_i};
 * <li>attention of later blocks adds {@code ln(size)} to a key's logit ("proportional attention"), as if the token were
 *     still there {@code size} times.
 * </ol>
 *
 * <p>Output order: prefix tokens, unmerged sources by position, destinations by position; so the next block pairs other
 * tokens. Without a prefix the unmerged sources stand by falling cosine, as in the original.
 *
 * <p>r is clamped to {@code (N - P) / 2}. Prefix tokens neither merge nor are merged into. Ties: higher cosine first,
 * then lower index. A zero key has cosine 0 with all; a token whose key holds NaN neither merges nor is merged into, so
 * that fewer than r may go.
 *
 * @param schedule     r of each block
 * @param proportional whether attention adds ln(size): on for supervised models, off for MAE's off the shelf
 */
public record ToMe(Schedule schedule, boolean proportional) implements ScheduledReducer, KeyMerging {

    /** ToMe with proportional attention. */
    public ToMe(Schedule schedule) {
        this(schedule, true);
    }

    @Override
    public String spec() {
        return "tome:" + schedule.spec() + (proportional ? "" : ",prop=off");
    }

    @Override
    public boolean proportionalAttention() {
        return proportional;
    }

    @Override
    public void remove(LayerTokens tokens, int removed, TokenMap map) {
        int headDim = tokens.model().headDim();
        match(tokens.meanKey(), 0, headDim, tokens.count(), headDim, tokens.prefix(), removed, map, tokens.scratch());
        map.weightBySize(tokens.sizes(), 0);
    }

    /**
     * The matching on its own (steps 1 to 3), for any model and metric. The map's weights are 1: {@link TokenMap#apply}
     * then sums; {@link TokenMap#weightBySize} and {@link TokenMap#weightEqually} make it an average.
     *
     * @param metric  rows [n, width] to compare, {@code stride} apart from {@code offset}
     * @param prefix  tokens at the start that are left alone, P
     * @param r       tokens to merge; clamped to {@code (n - P) / 2}, nothing happens at 0 or less
     * @param map     filled here, from n inputs to n - r outputs
     * @param scratch what is taken from it is released before the return
     */
    public static void match(float[] metric, int offset, int stride, int n, int width, int prefix, int r, TokenMap map,
            Scratch scratch) {
        int clamped = Math.min(r, (n - prefix) / 2);
        if (clamped <= 0) {
            map.identity(n);
            return;
        }
        int sources = (n + 1) / 2;
        int mark = scratch.mark();
        float[] best = scratch.floats(sources);
        int[] partner = scratch.ints(sources);
        float[] work = scratch.floats(BipartiteMatching.alternatingScratch(n, width));
        BipartiteMatching.alternating(metric, offset, stride, n, width, prefix, best, partner, work);

        // Best sources first; those that go are marked, up to the first without any partner (prefix, NaN).
        int[] order = scratch.ints(sources);
        ArgSort.topK(best, 0, sources, prefix > 0 ? clamped : sources, order, 0, scratch.longs(sources));
        int[] merges = scratch.ints(sources);
        Arrays.fill(merges, 0, sources, 0);
        int merged = 0;
        while (merged < clamped && best[order[merged]] > Float.NEGATIVE_INFINITY) {
            merges[order[merged++]] = 1;
        }

        map.reset(n);
        map.keepRange(0, prefix);
        for (int i = 0; i < sources; i++) {
            int source = prefix > 0 ? i : order[i];
            if (merges[source] == 0 && 2 * source >= prefix) {
                map.keep(2 * source);
            }
        }
        int firstOutput = map.outputs();
        int firstDestination = prefix / 2;
        for (int j = firstDestination; j < n / 2; j++) {
            map.keep(2 * j + 1);
        }
        for (int i = 0; i < merged; i++) {
            map.merge(2 * order[i], firstOutput + partner[order[i]] - firstDestination, 1f);
        }
        scratch.release(mark);
    }

    /** {@code tome:r=8}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "tome";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("r", "tokens to merge per block: one number, or one for each of the first blocks", ""),
                    new Key("inflect", "slope of r over the depth, from -1 (2r falling to 0) to 1 (0 rising to 2r)",
                            "0"),
                    new Key("prop", "proportional attention, on or off", "on"));
        }

        @Override
        public String summary() {
            return "ToMe: in every block, the most similar tokens are merged.";
        }

        @Override
        public String example() {
            return "tome:r=8";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new ToMe(settings.removals(), settings.onOff("prop", true));
        }

        /** r = 8, 13 and 16 for 196 patches and 12 blocks, in this proportion for others. */
        @Override
        public List<String> usual(ModelShape model) {
            int most = model.patches() / model.depth();
            return List.of("tome:r=" + most / 2, "tome:r=" + 4 * model.patches() / (5 * model.depth()),
                    "tome:r=" + most);
        }
    }
}
