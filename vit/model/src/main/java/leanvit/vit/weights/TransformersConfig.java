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

    /** What is read, and what matters in training or elsewhere alone. */
    private static final Set<String> KEYS = Set.of("model_type", "architectures", "hidden_size", "num_hidden_layers",
            "num_attention_heads", "intermediate_size", "hidden_act", "hidden_dropout_prob",
            "attention_probs_dropout_prob", "initializer_range", "layer_norm_eps", "image_size", "patch_size",
            "num_channels", "qkv_bias", "encoder_stride", "pooler_output_size", "pooler_act", "id2label", "label2id",
            "num_labels", "problem_type", "dtype", "torch_dtype", "transformers_version", "_name_or_path",
            "output_hidden_states", "output_attentions", "return_dict", "chunk_size_feed_forward",
            "is_encoder_decoder", "finetuning_task", "torchscript", "use_cache", "gradient_checkpointing",
            "_attn_implementation", "attn_implementation", "use_mask_token", "_commit_hash", "name_or_path");

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
        int named = classes(root);
        List<String> labels = labels(root, named);
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
                architecture.endsWith("Model") ? 0 : named,
                Pooling.TOKEN, architecture.equals(TEACHER), (float) root.number("layer_norm_eps", 0, 1, 1e-12));
        Limits.check(config, root, "num_attention_heads", "hidden_size");
        Features features = new Features(root.flag("qkv_bias", true), false, false, true, true, null, false, false);
        return new ModelDescription(config, TransformersPreprocessing.read(preprocessor, config, type), features,
                arePlaceholders(labels) ? List.of() : labels, Problem.isSigmoid(root, config.classes()),
                warnings(root, preprocessor, named));
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

    private static int classes(Fields root) throws InvalidInputException {
        // transformers' default is two labels; where it has names, their number counts and not num_labels.
        int named = root.has("id2label") ? ClassNames.size(root, "id2label") : 0;
        if (named == 0 && root.has("label2id")) {
            named = ClassNames.size(root, "label2id");
        }
        return named > 0 ? named : root.integer("num_labels", 0, Limits.MAX_CLASSES, 2);
    }

    private static List<String> labels(Fields root, int classes) throws InvalidInputException {
        if (root.has("id2label") && ClassNames.size(root, "id2label") > 0) {
            return ClassNames.byIndex(root, "id2label", classes);
        }
        return root.has("label2id") && ClassNames.size(root, "label2id") > 0
                ? ClassNames.byName(root, "label2id", classes) : List.of();
    }

    private static List<String> warnings(Fields root, Fields preprocessor, int classes) throws InvalidInputException {
        List<String> warnings = new ArrayList<>(root.unknown(KEYS));
        warnings.addAll(TransformersPreprocessing.warnings(preprocessor));
        if (root.integer("num_labels", 0, Limits.MAX_CLASSES, classes) != classes) {
            warnings.add(root.error("num_labels", "ignored: id2label has " + classes + " classes").getMessage());
        }
        return warnings;
    }

    /** Whether these are the names that transformers makes up where nobody gave any. */
    private static boolean arePlaceholders(List<String> labels) {
        return labels.stream().allMatch(label -> label.matches("LABEL_[0-9]+"));
    }
}
