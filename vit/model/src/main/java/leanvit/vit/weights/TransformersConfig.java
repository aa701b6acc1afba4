package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * {@code config.json} as Hugging Face transformers writes it for {@code ViTConfig} and {@code DeiTConfig}. A field that
 * is absent has those classes' default.
 */
final class TransformersConfig {

    private static final String TEACHER = "DeiTForImageClassificationWithTeacher";
    private static final Set<String> CLASSES = Set.of("ViTModel", "ViTForImageClassification", "DeiTModel",
            "DeiTForImageClassification", TEACHER);

    private TransformersConfig() {
    }

    /**
     * Reads the file.
     *
     * @param preprocessor preprocessor_config.json, or null where the model has none
     */
    static ModelDescription read(Fields root, Fields preprocessor) throws InvalidInputException {
        String type = root.string("model_type", "");
        if (!type.equals("vit") && !type.equals("deit")) {
            throw root.expected("model_type", "\"vit\" or \"deit\"");
        }
        if (!root.string("hidden_act", "gelu").equals("gelu")) {
            throw root.unsupported("hidden_act");
        }
        if (root.integer("num_channels", 1, Integer.MAX_VALUE, 3) != 3) {
            throw root.expected("num_channels", "3 (red, green, blue)");
        }
        String architecture = architecture(root, type);
        List<String> labels = labels(root);
        int[] image = square(root, "image_size", Limits.MAX_IMAGE, 224);
        int[] patch = square(root, "patch_size", Limits.MAX_PATCH, 16);
        if (patch[0] != patch[1]) {
            throw root.expected("patch_size", "a square patch");
        }
        VitConfig config = new VitConfig(architecture, image[0], image[1], patch[0],
                root.integer("hidden_size", 1, Limits.MAX_WIDTH, 768),
                root.integer("num_hidden_layers", 1, Limits.MAX_DEPTH, 12),
                root.integer("num_attention_heads", 1, Limits.MAX_HEADS, 12),
                root.integer("intermediate_size", 1, Limits.MAX_MLP, 3072),
                architecture.endsWith("Model") ? 0 : classes(root, labels),
                Pooling.TOKEN, architecture.equals(TEACHER), (float) root.number("layer_norm_eps", 0, 1, 1e-12));
        Limits.check(config, root, "num_attention_heads", "hidden_size");
        Features features = new Features(root.flag("qkv_bias", true), false, false, true, true, null, false, false);
        return new ModelDescription(config, TransformersPreprocessing.read(preprocessor, config, type), features,
                arePlaceholders(labels) ? List.of() : labels);
    }

    private static String architecture(Fields root, String type) throws InvalidInputException {
        List<String> architectures = root.strings("architectures");
        if (architectures.isEmpty()) {
            return type.equals("vit") ? "ViTForImageClassification" : "DeiTForImageClassification";
        }
        String architecture = architectures.get(0);
        if (!CLASSES.contains(architecture)) {
            throw root.unsupported("architectures");
        }
        return architecture;
    }

    private static int[] square(Fields root, String name, int max, int absent) throws InvalidInputException {
        if (root.isList(name)) {
            return root.integers(name, 2, 1, max);
        }
        int side = root.integer(name, 1, max, absent);
        return new int[] {side, side};
    }

    private static int classes(Fields root, List<String> labels) throws InvalidInputException {
        // transformers' default is two labels.
        int classes = root.integer("num_labels", 0, Limits.MAX_CLASSES, labels.isEmpty() ? 2 : labels.size());
        if (!labels.isEmpty() && labels.size() != classes) {
            throw root.error("id2label", "expected " + classes + " labels, as num_labels says, came " + labels.size());
        }
        return classes;
    }

    private static List<String> labels(Fields root) throws InvalidInputException {
        Fields byIndex = root.object("id2label");
        List<String> labels = new ArrayList<>();
        int count = byIndex.members().size();
        for (int i = 0; i < count; i++) {
            if (!byIndex.has(Integer.toString(i))) {
                throw root.error("id2label", "expected the keys \"0\" to \"" + (count - 1) + "\", came no \"" + i
                        + "\"");
            }
            labels.add(byIndex.string(Integer.toString(i), ""));
        }
        return labels;
    }

    /** Whether these are the names that transformers makes up where nobody gave any. */
    private static boolean arePlaceholders(List<String> labels) {
        return labels.stream().allMatch(label -> label.matches("LABEL_[0-9]+"));
    }
}
