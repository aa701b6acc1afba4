package leanvit.vit;

import leanvit.reducers.ModelShape;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * Counts multiply-accumulates, as the papers do (their "GFLOPs" are these, in units of 10^9). LayerNorm, softmax and
 * GELU are left out, as there. What a reducer adds is {@link leanvit.reducers.TokenReducer#macs}. Immutable.
 *
 * <pre>
 *   embedding   n0·3p²·C
 *   a block     4·N·C² + 2·N²·C + 2·M·C·hidden     N tokens in attention, M in the MLP; 3·M·C·hidden with a gate
 *   pooling     (2·n + 1)·C² + 2·n·C + 2·C·hidden   by a learned query's attention to n patches; 0 for others
 *   head        C·classes, twice for distilled models, or with the mean beside the class token
 * </pre>
 */
public final class Macs {

    private final VitConfig config;
    private final ModelShape shape;

    /** Counts for a model. */
    public Macs(VitConfig config, ModelShape shape) {
        this.config = config;
        this.shape = shape;
    }

    /** Returns the multiply-accumulates of the patch embedding. */
    public long embedding() {
        return 3L * config.patch() * config.patch() * shape.width() * shape.patches();
    }

    /** Returns those of one block whose attention sees {@code attended} tokens and whose MLP {@code remaining}. */
    public long block(int attended, int remaining) {
        long width = shape.width();
        return 4 * attended * width * width + 2L * attended * attended * width
                + (config.parts().gated() ? 3 : 2) * remaining * width * config.mlpHidden();
    }

    /** Returns those of the pooling of an image that has so many tokens left. */
    public long pooling(int remaining) {
        long width = shape.width();
        Parts.Pool pool = config.parts().pool();
        long patches = pool != null && pool.prefix() ? remaining : remaining - shape.prefix();
        return config.pooling() != Pooling.ATTENTION ? 0
                : (2 * patches + 1) * width * width + 2 * patches * width + 2 * width * config.poolHidden();
    }

    /** Returns those of the classifier. */
    public long head() {
        boolean twice = config.distilled() || config.pooling() == Pooling.TOKEN_AND_AVERAGE;
        return (long) shape.width() * config.classes() * (twice ? 2 : 1);
    }

    /** Returns those of an image without token reduction. */
    public long dense() {
        return embedding() + shape.depth() * block(shape.tokens(), shape.tokens()) + pooling(shape.tokens()) + head();
    }
}
