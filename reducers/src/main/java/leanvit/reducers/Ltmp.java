package leanvit.reducers;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.kernels.BipartiteMatching;

/**
 * Learned Thresholds Token Merging and Pruning (Bonnaerens and Dambre, "Learned Thresholds Token Merging and Pruning
 * for Vision Transformers", TMLR 2023), in its inference form.
 *
 * <p>In every block l, between attention and MLP:
 * <ol>
 * <li>importance {@code s_j} of a token: how much it is attended to, mean over heads and queries;
 * <li>merge: each token at an even position looks for the token at an odd position whose key, averaged over heads, has
 *     the largest cosine with its own, and goes into it where that cosine is above {@code merge[l]}. There is no count
 *     and no sorting. Averages by size and {@code ln(size)} in attention are as in {@link ToMe}; a merged token has the
 *     largest importance of its parts;
 * <li>prune: each remaining token whose importance is not above {@code prune[l]} is dropped, with all that it absorbed.
 * </ol>
 *
 * <p>Both comparisons are strict. How many tokens go depends on the image. Output order: prefix, unmerged even
 * positions, odd positions; without a merge threshold in this block, or with one of 1, the order stays. Without
 * merging, tokens have no sizes.
 *
 * <p>Prefix tokens have infinite importance, and neither merge nor are merged into. Cosines are clamped to 1, so that a
 * merge threshold of 1 never merges; a prune threshold of 0 keeps all that is attended to at all. Ties: lower index.
 * NaN never wins: a token whose key holds NaN neither merges nor is merged into, one whose importance is NaN is pruned.
 */
public final class Ltmp implements TokenReducer {

    private static final int UNMERGED = -1;

    /** One threshold per block, or one for all; null where there is no merging, or no pruning. */
    private final float[] merge;
    private final float[] prune;
    /** Where the thresholds are from, or null. */
    private final String file;
    private final Set<Need> needs;

    private Ltmp(float[] merge, float[] prune, String file) {
        this.merge = merge == null ? null : checked("merge", merge, -1);
        this.prune = prune == null ? null : checked("prune", prune, 0);
        this.file = file;
        if (merge == null && prune == null) {
            throw new InvalidSpecException("needs thresholds: merge=.../..., prune=.../... or thresholds=FILE");
        }
        Set<Need> all = new HashSet<>();
        if (merge != null) {
            all.add(Need.MEAN_KEY);
        }
        if (prune != null) {
            all.add(Need.COLUMN_ATTENTION);
        }
        needs = Set.copyOf(all);
    }

    /**
     * Merges and then prunes.
     *
     * @param merge one merge threshold per block, or one for all; each from -1 to 1
     * @param prune one prune threshold per block, or one for all; each from 0 to 1
     * @throws InvalidSpecException naming the threshold that is not a number in its range
     */
    public static Ltmp of(float[] merge, float[] prune) {
        return new Ltmp(merge.clone(), prune.clone(), null);
    }

    /** Merges only; thresholds as in {@link #of}. */
    public static Ltmp mergeOnly(float[] merge) {
        return new Ltmp(merge.clone(), null, null);
    }

    /** Prunes only; thresholds as in {@link #of}. */
    public static Ltmp pruneOnly(float[] prune) {
        return new Ltmp(null, prune.clone(), null);
    }

    /**
     * Takes thresholds from a file: tensors {@code merge} [L] and {@code prune} [L], of which one may be left out.
     *
     * @param tensors the file's tensors by name
     * @param file    its name, for messages and {@link #spec()}
     * @throws InvalidSpecException naming the tensor that is not one value in its range per block
     */
    public static Ltmp fromTensors(Map<String, TensorFiles.Tensor> tensors, String file) {
        float[] merge = thresholds(tensors, "merge", file);
        float[] prune = thresholds(tensors, "prune", file);
        if (merge == null && prune == null) {
            throw new InvalidSpecException(file + ": tensors merge and prune are both missing");
        }
        return new Ltmp(merge, prune, file);
    }

    /**
     * Reads thresholds from a file ({@link #fromTensors}).
     *
     * @param file  the file, as {@code files} takes it
     * @param files reads it
     * @throws InvalidSpecException naming the tensor that is not one value in its range per block
     * @throws IOException          where the file cannot be read
     */
    public static Ltmp read(String file, TensorFiles files) throws IOException {
        return fromTensors(files.read(file), file);
    }

    /** Returns the merge thresholds, one per block or one for all; empty where nothing merges. A copy. */
    public float[] mergeThresholds() {
        return merge == null ? new float[0] : merge.clone();
    }

    /** Returns the prune thresholds, one per block or one for all; empty where nothing is pruned. A copy. */
    public float[] pruneThresholds() {
        return prune == null ? new float[0] : prune.clone();
    }

    private static float[] thresholds(Map<String, TensorFiles.Tensor> tensors, String name, String file) {
        TensorFiles.Tensor tensor = tensors.get(name);
        if (tensor == null) {
            return null;
        }
        if (tensor.shape().length != 1) {
            throw new InvalidSpecException(file + ": tensor " + name + " has shape " + Arrays.toString(tensor.shape())
                    + ", expected one value per block");
        }
        return tensor.values().clone();
    }

    private static float[] checked(String key, float[] thresholds, float least) {
        if (thresholds.length == 0) {
            throw new InvalidSpecException(key + " has no thresholds: one per block is needed");
        }
        for (int l = 0; l < thresholds.length; l++) {
            if (!(thresholds[l] >= least && thresholds[l] <= 1)) {
                throw new InvalidSpecException(key + " threshold " + thresholds[l] + " of block " + l
                        + " is not a number from " + (int) least + " to 1");
            }
        }
        return thresholds;
    }

    @Override
    public String spec() {
        if (file != null) {
            return "ltmp:thresholds=" + Settings.quote(file);
        }
        return "ltmp:" + (merge == null ? "" : "merge=" + joined(merge)) + (merge == null || prune == null ? "" : ",")
                + (prune == null ? "" : "prune=" + joined(prune));
    }

    private static String joined(float[] thresholds) {
        StringBuilder text = new StringBuilder();
        for (float threshold : thresholds) {
            text.append(text.length() == 0 ? "" : "/").append(threshold);
        }
        return text.toString();
    }

    @Override
    public void check(ModelShape model) {
        checkCount("merge", merge, model);
        checkCount("prune", prune, model);
    }

    private void checkCount(String key, float[] thresholds, ModelShape model) {
        if (thresholds == null || thresholds.length == model.depth() || thresholds.length == 1 && file == null) {
            return;
        }
        throw new InvalidSpecException("ltmp: " + (file == null ? "" : file + " has ") + thresholds.length + " " + key
                + " thresholds, but the model has " + model.depth() + " blocks: one per block is needed");
    }

    private static float at(float[] thresholds, int layer) {
        return thresholds[thresholds.length == 1 ? 0 : layer];
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
        return prune != null || at(merge, layer) < 1;
    }

    @Override
    public Set<Need> needs() {
        return needs;
    }

    @Override
    public boolean tracksSize() {
        return merge != null;
    }

    @Override
    public boolean proportionalAttention() {
        return merge != null;
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        int mark = tokens.scratch().mark();
        float[] importance = importance(tokens);
        if (merge == null || at(merge, tokens.layer()) >= 1) {
            for (int i = 0; i < tokens.count(); i++) {
                keepImportant(i, importance, tokens, map);
            }
            tokens.scratch().release(mark);
            return;
        }
        int[] partner = matchSources(tokens, importance);
        int[] output = decideUnmerged(tokens, partner, importance, map);
        for (int i = 0; 2 * i < tokens.count(); i++) {
            if (partner[i] == UNMERGED) {
                continue;
            }
            int destination = output[2 * partner[i] + 1];
            if (destination == TokenMap.DROPPED) {
                map.drop(2 * i);
            } else {
                map.merge(2 * i, destination, 1f);
            }
        }
        map.weightBySize(tokens.sizes(), 0);
        tokens.scratch().release(mark);
    }

    /** Returns a copy of the scores with NaN as -infinity; anything where there is no pruning. */
    private float[] importance(LayerTokens tokens) {
        float[] importance = tokens.scratch().floats(tokens.count());
        if (prune != null) {
            float[] attention = tokens.columnAttention();
            for (int i = 0; i < tokens.count(); i++) {
                importance[i] = Float.isNaN(attention[i]) ? Float.NEGATIVE_INFINITY : attention[i];
            }
        }
        return importance;
    }

    /**
     * Returns each source's destination or {@link #UNMERGED}, and raises destinations to the importance of their
     * sources.
     */
    private int[] matchSources(LayerTokens tokens, float[] importance) {
        int count = tokens.count();
        int headDim = tokens.model().headDim();
        int sources = (count + 1) / 2;
        Scratch scratch = tokens.scratch();
        float[] best = scratch.floats(sources);
        int[] partner = scratch.ints(sources);
        float[] work = scratch.floats(BipartiteMatching.alternatingScratch(count, headDim));
        BipartiteMatching.alternating(
                tokens.meanKey(), 0, headDim, count, headDim, tokens.prefix(), best, partner, work);
        float threshold = at(merge, tokens.layer());
        for (int i = 0; i < sources; i++) {
            if (Math.min(best[i], 1f) > threshold) {
                int destination = 2 * partner[i] + 1;
                importance[destination] = Math.max(importance[destination], importance[2 * i]);
            } else {
                partner[i] = UNMERGED;
            }
        }
        return partner;
    }

    /**
     * Keeps or prunes all but the merged sources, and returns the output of each position, or {@link TokenMap#DROPPED}.
     */
    private int[] decideUnmerged(LayerTokens tokens, int[] partner, float[] importance, TokenMap map) {
        int count = tokens.count();
        int prefix = tokens.prefix();
        int[] output = tokens.scratch().ints(count);
        map.keepRange(0, prefix);
        for (int source = prefix + prefix % 2; source < count; source += 2) {
            if (partner[source / 2] == UNMERGED) {
                keepImportant(source, importance, tokens, map);
            }
        }
        for (int destination = prefix + 1 - prefix % 2; destination < count; destination += 2) {
            output[destination] = keepImportant(destination, importance, tokens, map);
        }
        return output;
    }

    private int keepImportant(int position, float[] importance, LayerTokens tokens, TokenMap map) {
        boolean isSafe = prune == null || position < tokens.prefix();
        if (isSafe || importance[position] > at(prune, tokens.layer())) {
            return map.keep(position);
        }
        map.drop(position);
        return TokenMap.DROPPED;
    }

    /** {@code ltmp:merge=0.9,prune=0.002} and {@code ltmp:thresholds=FILE}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "ltmp";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("merge", "cosine above which tokens merge: one for all blocks, or one per block",
                            "no merging"),
                    new Key("prune", "importance up to which tokens are dropped: one for all blocks, or one per block",
                            "no pruning"),
                    new Key("thresholds", "file of the learned thresholds, instead of both", "none"));
        }

        @Override
        public String summary() {
            return "LTMP: in every block, tokens that are similar enough are merged, then those that matter too little "
                    + "are dropped.";
        }

        @Override
        public String example() {
            return "ltmp:thresholds=FILE.safetensors";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) throws IOException {
            if (settings.has("thresholds")) {
                if (settings.has("merge") || settings.has("prune")) {
                    throw new InvalidSpecException("thresholds=FILE says merge and prune: give it or them");
                }
                return read(settings.text("thresholds"), files);
            }
            if (!settings.has("merge") && !settings.has("prune")) {
                throw new InvalidSpecException("needs merge, prune or thresholds, such as "
                        + "ltmp:merge=0.9/0.9,prune=0.002/0.002, one value per block, or " + example());
            }
            return new Ltmp(settings.has("merge") ? settings.floats("merge") : null,
                    settings.has("prune") ? settings.floats("prune") : null, null);
        }

        @Override
        public List<String> usual(ModelShape model) {
            return List.of();
        }
    }
}
