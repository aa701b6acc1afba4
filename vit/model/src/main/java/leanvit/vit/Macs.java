package leanvit.vit;

import leanvit.reducers.ModelShape;
import leanvit.vit.weights.VitConfig;

/**
 * Counts multiply-accumulates, as the papers do (their "GFLOPs" are these, in units of 10^9). LayerNorm, softmax and GELU are
 * left out, as there. What a reducer adds is {@link leanvit.reducers.TokenReducer#macs}. Immutable.
 *
 * <pre>
 *   embedding   n0·3p²·C
 *   a block     4·N·C² + 2·N²·C + 2·M·C·hidden     N tokens in attention, M in the MLP
 *   head        C·classes, twice for distilled models
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
                + 2 * remaining * width * config.mlpHidden();
    }

    /** Returns those of the classifier. */
    public long head() {
        return (long) shape.width() * config.classes() * (config.distilled() ? 2 : 1);
    }
}
