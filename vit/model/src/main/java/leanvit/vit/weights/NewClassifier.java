package leanvit.vit.weights;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;

/**
 * What a model's directory says once it has a new classifier. A model of transformers' that has none becomes its
 * family's {@code ForImageClassification}, as {@code from_pretrained} of that class makes it.
 */
final class NewClassifier {

    private static final Path FILE = Path.of(Checkpoint.CONFIG);
    private static final Set<String> OF_OTHER_CLASSES =
            Set.of("label_names", "label_descriptions", "labels", "problem_type", "label2id");

    private final Map<String, byte[]> settings;
    private final ModelDescription model;
    private final String prefix;
    private final VitConfig config;

    private NewClassifier(Map<String, byte[]> settings, ModelDescription model, String prefix, VitConfig config) {
        this.settings = settings;
        this.model = model;
        this.prefix = prefix;
        this.config = config;
    }

    /**
     * Says what becomes of a model.
     *
     * @param settings its settings files, by name
     * @param config   its shape
     * @throws InvalidInputException if its family has no class with a classifier
     */
    static NewClassifier of(Map<String, byte[]> settings, VitConfig config, List<String> labels)
            throws InvalidInputException {
        Fields fields = Fields.parse(FILE, settings.get(Checkpoint.CONFIG));
        Map<String, Object> root = copy(fields.members());
        root.keySet().removeAll(OF_OTHER_CLASSES);
        boolean timm = root.containsKey("architecture");
        Family family = timm ? null : Family.of(fields.string("model_type", ""));
        if (timm) {
            for (String part : List.of("model_args", "pretrained_cfg")) {
                if (root.get(part) instanceof Map<?, ?> members) {
                    Map<String, Object> changed = copy(members);
                    changed.keySet().removeAll(OF_OTHER_CLASSES);
                    changed.put("num_classes", labels.size());
                    root.put(part, changed);
                }
            }
            root.put("num_classes", labels.size());
        } else {
            Map<String, Object> names = new LinkedHashMap<>();
            for (int i = 0; i < labels.size(); i++) {
                names.put(Integer.toString(i), labels.get(i));
            }
            root.put("id2label", names);
            root.remove("num_labels");
        }
        boolean same = timm || config.classes() > 0;
        if (!same) {
            Family with = family.withClassifier();
            if (with == null) {
                throw new InvalidInputException(FILE, config.architecture() + " has no form with a classifier in "
                        + "transformers that is known here; expected a model of timm's, or one of another family");
            }
            root.put("model_type", with.type());
            root.put("architectures", List.of(with.classes().get(0) + "ForImageClassification"));
            family = with;
        }
        Map<String, byte[]> changed = new LinkedHashMap<>(settings);
        changed.put(Checkpoint.CONFIG, (new JsonWriter().tree(root) + "\n").getBytes(StandardCharsets.UTF_8));
        ModelDescription model = ModelDescription.of(changed);
        return new NewClassifier(changed, model, same ? "" : family.tensorPrefix(),
                same ? config.withClasses(labels.size()) : model.config());
    }

    private static Map<String, Object> copy(Map<?, ?> members) {
        Map<String, Object> copy = new LinkedHashMap<>();
        members.forEach((key, value) -> copy.put((String) key, value));
        return copy;
    }

    /** Returns the settings files, by name. */
    Map<String, byte[]> settings() {
        return settings;
    }

    /** Returns the shape. */
    VitConfig config() {
        return config;
    }

    /** Returns what a tensor of the old file is called in the new one. */
    String name(String before) {
        return before.startsWith(prefix) ? before : prefix + before;
    }

    /** Returns what the classifier's tensor of that name of timm's is called where the old file had none. */
    String classifier(String name) {
        return prefix.isEmpty() ? name : name.replaceFirst("^head\\.", "classifier.");
    }

    /**
     * Checks that a file with tensors of these names will be read as what it is.
     *
     * @param names    in the file
     * @param expected by timm's names
     * @throws InvalidInputException if one would be taken for something else
     */
    void check(Collection<String> names, Collection<String> expected) throws InvalidInputException {
        TensorNames read = new TensorNames(names, config.distilled(), model.dialect(), model.unused(), FILE);
        for (String name : expected) {
            if (!read.has(name)) {
                throw new InvalidInputException(FILE, config.architecture() + " cannot be saved with a new classifier: "
                        + "tensor " + name + " would not be found again");
            }
        }
    }
}
