package leanvit.app.eval;

import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;

/**
 * Drops patches at random from the input of block 0, the same ones of every image of a pass: how POMT's offline
 * computation runs a model with n tokens (Eliopoulos et al., WACV 2025).
 *
 * <p>Unlike other reducers this one can be changed, so that one runner with its scratch serves all n. Set it between
 * passes.
 */
final class RandomPruning implements TokenReducer {

    private final ModelShape model;
    /** Patches in the order in which they stay. */
    private final int[] patches;
    /** Token positions that stay, ascending. */
    private int[] kept = {};
    private int count;

    RandomPruning(ModelShape model) {
        this.model = model;
        patches = new int[model.patches()];
        count = model.tokens();
    }

    /**
     * Sets what stays.
     *
     * @param count tokens to leave, prefix included: more than the prefix, at most all
     * @param seed  of the permutation of the patches, of which the first ones stay: of one seed, fewer are a subset of
     *              more, so that the accuracies of two counts differ by the pruning and not by the draw
     */
    void set(int count, long seed) {
        this.count = count;
        Arrays.setAll(patches, i -> model.prefix() + i);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = patches.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int patch = patches[i];
            patches[i] = patches[j];
            patches[j] = patch;
        }
        kept = Arrays.copyOf(patches, count - model.prefix());
        Arrays.sort(kept);
    }

    @Override
    public String spec() {
        return "random pruning to " + count + " tokens";
    }

    @Override
    public Position position() {
        return Position.BEFORE_BLOCK;
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
        return layer == 0 && count < model.tokens();
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        map.keepRange(0, tokens.prefix());
        int next = 0;
        for (int position = tokens.prefix(); position < tokens.count(); position++) {
            if (next < kept.length && kept[next] == position) {
                map.keep(position);
                next++;
            } else {
                map.drop(position);
            }
        }
    }
}
