package leanvit.vit;

import java.util.List;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;

/** A model with its preprocessing and labels: what classifiers with other reducers share. */
record LoadedModel(VisionTransformer model, Preprocessing preprocessing, Preprocessor preprocessor,
        List<String> labels, boolean sigmoid) {

    /** Returns the model's name. */
    String name() {
        return model.config().architecture();
    }
}
