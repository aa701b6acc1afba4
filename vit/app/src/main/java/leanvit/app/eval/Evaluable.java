package leanvit.app.eval;

import leanvit.vit.Inference;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.weights.VitConfig;

/** Says whether a model can be measured on pictures. */
final class Evaluable {

    private Evaluable() {
    }

    /** Refuses a model that names no classes. */
    static void checkClassifier(Inference run) {
        VitConfig config = run.model().config();
        if (config.classes() == 0) {
            throw new IllegalArgumentException("model " + config.architecture() + " has no classifier");
        }
    }

    /** Refuses what cannot run. */
    static void check(Inference run, Preprocessing preprocessing, int batch) {
        VitConfig config = run.model().config();
        if (preprocessing.height() != config.imageHeight() || preprocessing.width() != config.imageWidth()) {
            throw new IllegalArgumentException("preprocessing makes " + preprocessing.height() + " x "
                    + preprocessing.width()
                    + " pixels, the model wants " + config.imageHeight() + " x " + config.imageWidth());
        }
        if (batch < 1) {
            throw new IllegalArgumentException("batch is " + batch + ", expected 1 or more");
        }
    }
}
