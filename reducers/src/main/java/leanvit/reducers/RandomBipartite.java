package leanvit.reducers;

import java.util.List;

/**
 * ToMe's random bipartite matching, what its alternating split is measured against (a variant in the program of Bolya
 * et al., "Token Merging: Your ViT But Faster", ICLR 2023): of a random permutation of the patches the first r are
 * sources and the others destinations, and every source merges into the destination of the largest cosine. n patches
 * become n - r, in the order of the permutation.
 *
 * <p>The permutation depends on seed, block and n alone, so that an image gets the same answer in any batch. Prefix
 * tokens, sizes, ties, zero and NaN keys are as in {@link KthBipartite}; one patch at least stays.
 *
 * @param schedule r of each block
 * @param seed     chooses the permutations
 */
public record RandomBipartite(Schedule schedule, int seed) implements ScheduledReducer, KeyMerging {

    @Override
    public String spec() {
        return "tome-random:" + schedule.spec() + (seed == 0 ? "" : ",seed=" + seed);
    }

    @Override
    public void remove(LayerTokens tokens, int removed, TokenMap map) {
        int headDim = tokens.model().headDim();
        long blockSeed = mixed(((long) seed << Integer.SIZE) + tokens.layer());
        match(tokens.meanKey(), 0, headDim, tokens.count(), headDim, tokens.prefix(), removed, blockSeed, map,
                tokens.scratch());
        map.weightBySize(tokens.sizes(), 0);
    }

    /**
     * The matching on its own, for any model and metric; the map's weights are as in {@link KthBipartite#match}.
     *
     * @param metric  rows [n, width] to compare, {@code stride} apart from {@code offset}
     * @param prefix  tokens at the start that are left alone, P
     * @param r       tokens to merge, at least 0; clamped to n - P - 1
     * @param seed    chooses the permutation; the same seed and n - P give the same one
     * @param map     filled here, from n inputs to n - r outputs; the identity where nothing merges
     * @param scratch what is taken from it is released before the return
     * @throws IllegalArgumentException where r is below 0
     */
    public static void match(float[] metric, int offset, int stride, int n, int width, int prefix, int r, long seed,
            TokenMap map, Scratch scratch) {
        if (r < 0) {
            throw new IllegalArgumentException("r = " + r + " is below 0");
        }
        int patches = n - prefix;
        int sources = Math.min(r, patches - 1);
        if (sources <= 0) {
            map.identity(n);
            return;
        }
        int mark = scratch.mark();
        int[] order = scratch.ints(patches);
        permute(order, patches, prefix, seed);
        map.reset(n);
        map.keepRange(0, prefix);
        NearestMerge.match(metric, offset, stride, width, order, sources, patches - sources, map, scratch);
        scratch.release(mark);
    }

    /** Writes a permutation of {@code first} to {@code first + n - 1} (Fisher and Yates, from the inside out). */
    static void permute(int[] order, int n, int first, long seed) {
        for (int i = 0; i < n; i++) {
            // The high half of a product with a 32-bit random number: 0 to i, uniform but for n / 2^32.
            int j = (int) ((mixed(seed + i) >>> Integer.SIZE) * (i + 1L) >>> Integer.SIZE);
            order[i] = order[j];
            order[j] = first + i;
        }
    }

    /** A step of SplitMix64 (Steele, Lea and Flood 2014): no object as the JDK's generators are, and the same bits. */
    private static long mixed(long x) {
        long z = x * 0x9E3779B97F4A7C15L + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** {@code tome-random:r=8}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "tome-random";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("r", "tokens to merge per block: one number, or one for each of the first blocks", ""),
                    new Key("inflect", "slope of r over the depth, as in tome", "0"),
                    new Key("seed", "a whole number that chooses the tokens", "0"));
        }

        @Override
        public String summary() {
            return "ToMe, what it is measured against: in every block, tokens chosen at random merge into the most "
                    + "similar of the others.";
        }

        @Override
        public String example() {
            return "tome-random:r=8";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new RandomBipartite(settings.removals(), settings.whole("seed", 0));
        }

        /** None: it is a baseline that ToMe's authors do not publish figures of. */
        @Override
        public List<String> usual(ModelShape model) {
            return List.of();
        }
    }
}
