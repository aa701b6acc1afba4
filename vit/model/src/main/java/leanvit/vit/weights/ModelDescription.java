package leanvit.vit.weights;

import java.util.List;
import leanvit.vit.image.Preprocessing;

/**
 * What a model's settings files say.
 *
 * @param config        the network's shape
 * @param preprocessing how it wants its pictures
 * @param features      which of the optional parts it should have
 * @param labels        the classes' names, or empty where the settings have none
 * @param sigmoid       whether each logit becomes a probability of its own
 * @param warnings      a line for each setting that is ignored
 */
record ModelDescription(VitConfig config, Preprocessing preprocessing, Features features, List<String> labels,
                        boolean sigmoid, List<String> warnings) {
}
