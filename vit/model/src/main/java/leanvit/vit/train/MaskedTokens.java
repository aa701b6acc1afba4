package leanvit.vit.train;

import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/** Says whether a model can be trained with tokens that are masked instead of removed. */
final class MaskedTokens {

    private MaskedTokens() {
    }

    /** Refuses a model without a classifier, or one that reads all tokens to classify, masked ones too. */
    static void check(VitConfig config) {
        if (config.classes() == 0) {
            throw new IllegalArgumentException("model " + config.architecture() + " has no classifier to learn from");
        }
        if (config.pooling() != Pooling.TOKEN) {
            throw new IllegalArgumentException("model " + config.architecture() + " reads all its tokens to classify, "
                    + "masked ones too: only models that classify by a class token can be trained with masks");
        }
    }
}
