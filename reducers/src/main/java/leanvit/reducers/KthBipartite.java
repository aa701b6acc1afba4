package leanvit.reducers;

import java.util.List;

/**
 * ToMe's k-th bipartite matching, for those who want a fixed rate (a variant in the program of Bolya et al., "Token
 * Merging: Your ViT But Faster", ICLR 2023, which no published figure uses): of each k consecutive patches the last is
 * a destination, and every other one merges into the destination of the largest cosine, wherever it stands. n patches
 * become n / k, in their order; the {@code n mod k} patches at the end are dropped.
 *
 * <p>Prefix tokens stay as they are. Sizes are tracked, and attention adds ln(size), as in {@link ToMe}. Fewer than k
 * patches stay as they are. Ties: the first destination. A zero key has cosine 0 with all. A patch whose key holds NaN
 * is nobody's destination, and is dropped where it would merge.
 *
 * @param k      patches per group, at least 1; 1 merges nothing
 * @param stages the blocks in which patches merge
 */
public record KthBipartite(int k, Stages stages) implements KeyMerging {

    /**
     * Checks k.
     *
     * @throws InvalidSpecException where k is below 1
     */
    public KthBipartite {
        if (k < 1) {
            throw new InvalidSpecException("k=" + k + " is not a whole number of at least 1");
        }
    }

    @Override
    public String spec() {
        return "tome-kth:k=" + k + stages.spec();
    }

    @Override
    public void check(ModelShape model) {
        stages.check(spec(), model);
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
        return k > 1 && stages.indexOf(model, layer) >= 0;
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        if (k == 1 || tokens.patches() < k) {
            map.identity(tokens.count());
            return;
        }
        int headDim = tokens.model().headDim();
        match(tokens.meanKey(), 0, headDim, tokens.count(), headDim, tokens.prefix(), k, map, tokens.scratch());
        map.weightBySize(tokens.sizes(), 0);
    }

    /**
     * The matching on its own, for any model and metric. The map's weights are 1: {@link TokenMap#apply} then sums;
     * {@link TokenMap#weightEqually} and {@link TokenMap#weightBySize} make it an average, and {@link TokenMap#unmerge}
     * goes back to n rows, zero where dropped.
     *
     * @param metric  rows [n, width] to compare, {@code stride} apart from {@code offset}
     * @param prefix  tokens at the start that are left alone, P
     * @param k       tokens per group, 1 to n - P; 1 merges nothing
     * @param map     filled here, from n inputs to P + (n - P) / k outputs
     * @param scratch what is taken from it is released before the return
     * @throws IllegalArgumentException where k is not 1 to n - P
     */
    public static void match(float[] metric, int offset, int stride, int n, int width, int prefix, int k, TokenMap map,
            Scratch scratch) {
        int patches = n - prefix;
        if (k < 1 || k > patches) {
            throw new IllegalArgumentException("k = " + k + " is not from 1 to the number of patches, " + patches);
        }
        int groups = patches / k;
        int sources = groups * (k - 1);
        int mark = scratch.mark();
        int[] order = scratch.ints(groups * k);
        for (int i = 0; i < groups * k; i++) {
            int group = i / k;
            int place = i % k;
            order[place < k - 1 ? group * (k - 1) + place : sources + group] = prefix + i;
        }
        map.reset(n);
        map.keepRange(0, prefix);
        NearestMerge.match(metric, offset, stride, width, order, sources, groups, map, scratch);
        for (int i = prefix + groups * k; i < n; i++) {
            map.drop(i);
        }
        scratch.release(mark);
    }

    /** {@code tome-kth:k=2}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "tome-kth";
        }

        @Override
        public List<Key> keys() {
            return List.of(new Key("k", "patches per group", ""),
                    new Key("layers", "blocks in which patches merge", Stages.QUARTERS_IN_WORDS));
        }

        @Override
        public String summary() {
            return "ToMe, a variant of fixed rate: of each k patches in a row all but the last merge into the most "
                    + "similar of the lasts.";
        }

        @Override
        public String example() {
            return "tome-kth:k=2,layers=3/6/9";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new KthBipartite(settings.whole("k"), settings.stages());
        }

        /** None: no paper has it. */
        @Override
        public List<String> usual(ModelShape model) {
            return List.of();
        }
    }
}
