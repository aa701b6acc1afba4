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
 */
record ModelDescription(VitConfig config, Preprocessing preprocessing, Features features, List<String> labels) {
}
