package leanvit.vit.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.io.InvalidInputException;

/**
 * What a model's settings files say.
 *
 * @param config        the network's shape
 * @param preprocessing how it wants its pictures
 * @param features      which of the optional parts it should have
 * @param labels        the classes' names, or empty where the settings have none
 * @param sigmoid       whether each logit becomes a probability of its own
 * @param warnings      a line for each setting that is ignored
 * @param dialect       how its tensors are called
 * @param unused        tensors that it may have and does not use, such as a text tower's
 */
record ModelDescription(VitConfig config, Preprocessing preprocessing, Features features, List<String> labels,
                        boolean sigmoid, List<String> warnings, Dialect dialect, Pattern unused) {

    /** Matches no name. */
    static final Pattern NONE_UNUSED = Pattern.compile("(?!)");

    /**
     * Reads settings files.
     *
     * @param settings by name: config.json and, where it is there, preprocessor_config.json
     */
    static ModelDescription of(Map<String, byte[]> settings) throws InvalidInputException {
        Fields config = Fields.parse(Path.of(Checkpoint.CONFIG), settings.get(Checkpoint.CONFIG));
        byte[] text = settings.get(Checkpoint.PREPROCESSOR);
        return config.has("architecture") ? TimmConfig.read(config) : TransformersConfig.read(config,
                text == null ? null : Fields.parse(Path.of(Checkpoint.PREPROCESSOR), text));
    }

    /** Returns the same with the sizes that tensors show. */
    ModelDescription with(VitConfig config) {
        return new ModelDescription(config, preprocessing, features, labels, sigmoid, warnings, dialect, unused);
    }
}
