package leanvit.vit.train;

import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/** Says whether a model can be trained with tokens that are masked instead of removed. */
final class MaskedTokens {

    private MaskedTokens() {
    }

    /** Refuses a model without a classifier, or one that averages all tokens, masked ones too. */
    static void check(VitConfig config) {
        if (config.classes() == 0) {
            throw new IllegalArgumentException("model " + config.architecture() + " has no classifier to learn from");
        }
        if (config.pooling() == Pooling.AVERAGE) {
            throw new IllegalArgumentException("model " + config.architecture() + " averages its tokens, masked ones"
                    + " too: only models that classify by a class token can be trained with masks");
        }
    }
}
