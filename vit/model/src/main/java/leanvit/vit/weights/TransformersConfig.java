package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Family.Task;
import leanvit.vit.weights.Features.Relative;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.Parts.Rotary;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * {@code config.json} as Hugging Face transformers writes it for the models of {@link Family}'s table. A field that is
 * absent has its configuration class's default.
 */
final class TransformersConfig {

    /** What any family has: what is read, and what matters in training or elsewhere alone. */
    private static final Set<String> KEYS = Set.of("model_type", "architectures", "hidden_size", "num_hidden_layers",
            "num_attention_heads", "intermediate_size", "hidden_act", "hidden_dropout_prob",
            "attention_probs_dropout_prob", "attention_dropout", "drop_path_rate", "initializer_range",
            "layer_norm_eps", "image_size", "patch_size", "num_channels", "qkv_bias", "encoder_stride",
            "num_register_tokens", "pooler_output_size", "pooler_act", "id2label", "label2id", "num_labels",
            "problem_type", "dtype", "torch_dtype", "transformers_version", "_name_or_path", "output_hidden_states",
            "output_attentions", "return_dict", "chunk_size_feed_forward", "is_encoder_decoder", "finetuning_task",
            "torchscript", "use_cache", "gradient_checkpointing", "_attn_implementation", "attn_implementation",
            "use_mask_token", "_commit_hash", "name_or_path", "out_features", "out_indices", "stage_names",
            "interpolate_antialias", "interpolate_offset");
    private static final Set<String> DINO_KEYS = Set.of("mlp_ratio", "use_swiglu_ffn", "layerscale_value",
            "apply_layernorm", "reshape_hidden_states", "use_gated_mlp", "query_bias", "key_bias", "value_bias",
            "proj_bias", "mlp_bias", "rope_theta", "rope_parameters", "pos_embed_shift", "pos_embed_jitter",
            "pos_embed_rescale");
    private static final Set<String> BEIT_KEYS = Set.of("use_absolute_position_embeddings",
            "use_relative_position_bias", "use_shared_relative_position_bias", "use_mean_pooling",
            "layer_scale_init_value", "vocab_size", "add_fpn", "pool_scales", "use_auxiliary_head",
            "auxiliary_channels", "auxiliary_concat_input", "auxiliary_loss_weight", "auxiliary_num_convs",
            "semantic_loss_ignore_index", "reshape_hidden_states");
    private static final Set<String> MAE_KEYS = Set.of("mask_ratio", "norm_pix_loss", "decoder_hidden_size",
            "decoder_intermediate_size", "decoder_num_attention_heads", "decoder_num_hidden_layers");
    private static final Set<String> TOWER_KEYS = Set.of("vision_config", "text_config", "vision_config_dict",
            "text_config_dict", "projection_dim", "logit_scale_init_value", "initializer_factor", "dropout",
            "vision_use_head");

    private static final Map<String, Activation> ACTIVATIONS = Map.of("gelu", Activation.GELU,
            "gelu_python", Activation.GELU, "gelu_new", Activation.GELU_TANH,
            "gelu_pytorch_tanh", Activation.GELU_TANH, "gelu_fast", Activation.GELU_TANH,
            "gelu_accurate", Activation.GELU_TANH, "quick_gelu", Activation.QUICK_GELU, "silu", Activation.SILU,
            "swish", Activation.SILU);

    private final Fields root;
    /** The pictures' side: the root, or {@code vision_config}. */
    private final Fields fields;
    private final Family family;
    private final String architecture;
    private final Task task;

    private TransformersConfig(Fields root) throws InvalidInputException {
        this.root = root;
        String type = root.string("model_type", "");
        family = Family.of(type);
        if (family == null) {
            throw root.expected("model_type", "one of " + String.join(", ", Family.types()));
        }
        fields = family.isTower() && root.has("vision_config") ? root.object("vision_config") : root;
        List<String> architectures = root.strings("architectures");
        architecture = architectures.isEmpty() ? family.usualClass() : architectures.get(0);
        task = family.task(architecture);
        if (task == null) {
            throw root.unsupported("architectures");
        }
    }

    /**
     * Reads the file.
     *
     * @param preprocessor preprocessor_config.json, or null where the model has none
     */
    static ModelDescription read(Fields root, Fields preprocessor) throws InvalidInputException {
        return new TransformersConfig(root).read(preprocessor);
    }

    private ModelDescription read(Fields preprocessor) throws InvalidInputException {
        if (fields.integer("num_channels", 1, Integer.MAX_VALUE, 3) != 3) {
            throw fields.expected("num_channels", "3 (red, green, blue)");
        }
        if (task == Task.FEATURES && !fields.string("pooler_act", "tanh").equals("tanh")) {
            throw fields.unsupported("pooler_act");
        }
        int named = classes(root);
        List<String> labels = labels(root, named);
        VitConfig config = shape(named);
        Limits.check(config, fields, "num_attention_heads", "hidden_size", family.pooling() == Pooling.ATTENTION);
        return new ModelDescription(config, TransformersPreprocessing.read(preprocessor, config, family.type()),
                features(), labels, Problem.isSigmoid(root, config.classes()),
                warnings(preprocessor, named), dialect(), unused());
    }

    private VitConfig shape(int named) throws InvalidInputException {
        Family.Size size = family.size();
        int[] image = square("image_size", Limits.MAX_IMAGE, size.image());
        int[] patch = square("patch_size", Limits.MAX_PATCH, size.patch());
        if (patch[0] != patch[1]) {
            throw fields.expected("patch_size", "a square patch");
        }
        int width = fields.integer("hidden_size", 1, Limits.MAX_WIDTH, size.width());
        boolean classifies = task == Task.CLASSES || task == Task.DISTILLED_CLASSES;
        return new VitConfig(architecture, image[0], image[1], patch[0], width,
                fields.integer("num_hidden_layers", 1, Limits.MAX_DEPTH, size.depth()),
                fields.integer("num_attention_heads", 1, Limits.MAX_HEADS, size.heads()), mlp(width),
                classifies ? named : 0, pooling(classifies), task == Task.DISTILLED_CLASSES,
                (float) fields.number("layer_norm_eps", 0, 1, family.epsilon()), parts());
    }

    /** The MLP's inner width; DINOv2 has a ratio, which with SwiGLU means two thirds of it in steps of 8. */
    private int mlp(int width) throws InvalidInputException {
        if (family.dialect() != Dialect.DINOV2) {
            return fields.integer("intermediate_size", 1, Limits.MAX_MLP, family.size().mlp());
        }
        int inner = (int) (width * fields.number("mlp_ratio", 0, 1000, 4));
        return isSwiglu() ? (inner * 2 / 3 + 7) / 8 * 8 : inner;
    }

    private Pooling pooling(boolean classifies) throws InvalidInputException {
        if (family.isBeit()) {
            return fields.flag("use_mean_pooling", true) ? Pooling.AVERAGE : Pooling.TOKEN;
        }
        if (family.pooling() == Pooling.ATTENTION && !fields.flag("vision_use_head", true)) {
            return Pooling.AVERAGE;
        }
        return classifies ? family.classifier() : family.pooling();
    }

    private Parts parts() throws InvalidInputException {
        String name = fields.string("hidden_act", "");
        if (!name.isEmpty() && !ACTIVATIONS.containsKey(name)) {
            throw fields.unsupported("hidden_act");
        }
        boolean swiglu = isSwiglu();
        Activation activation = swiglu ? Activation.SILU : ACTIVATIONS.getOrDefault(name, family.activation());
        // CLIP's classifier reads rows that nobody has normalised.
        boolean finalNorm = !(family.dialect() == Dialect.CLIP && task == Task.CLASSES
                && family.pooling() == Pooling.TOKEN);
        return Parts.PLAIN.with(activation).withGate(swiglu || gatedApart()).with(family.prefix()).with(family.fit())
                .with(rotary()).withFinalNorm(finalNorm);
    }

    private Dialect dialect() throws InvalidInputException {
        if (gatedApart()) {
            return Dialect.DINOV3_GATED;
        }
        return isSwiglu() ? Dialect.DINOV2_GATED : family.dialect();
    }

    private boolean isSwiglu() throws InvalidInputException {
        return family.dialect() == Dialect.DINOV2 && fields.flag("use_swiglu_ffn", false);
    }

    private boolean gatedApart() throws InvalidInputException {
        return family.dialect() == Dialect.DINOV3 && fields.flag("use_gated_mlp", false);
    }

    private Rotary rotary() throws InvalidInputException {
        if (family.dialect() != Dialect.DINOV3) {
            return null;
        }
        Fields rope = fields.has("rope_parameters") ? fields.object("rope_parameters") : fields;
        return new Rotary(rope.number("rope_theta", 0, 1e12, 100), Coordinates.CENTRED, 0, 0,
                Axes.ROWS_FIRST, false);
    }

    private Features features() throws InvalidInputException {
        boolean beit = family.isBeit();
        boolean dinov3 = family.dialect() == Dialect.DINOV3;
        boolean classToken = beit || family.pooling() == Pooling.TOKEN;
        boolean qkv = fields.flag("qkv_bias", true);
        boolean shared = beit && fields.flag("use_shared_relative_position_bias", false);
        boolean own = beit && fields.flag("use_relative_position_bias", false);
        return new Features(dinov3 ? fields.flag("query_bias", true) : qkv,
                dinov3 ? fields.flag("key_bias", false) : qkv && !beit,
                dinov3 ? fields.flag("value_bias", true) : qkv, !dinov3, false,
                beit ? fieldIsPositive("layer_scale_init_value", 0.1) : dinov3 || family.dialect() == Dialect.DINOV2,
                classToken, fields.has("num_register_tokens")
                        ? (Integer) fields.integer("num_register_tokens", 0, Limits.MAX_REGISTERS, 0) : null,
                family.dialect() == Dialect.CLIP && classToken, beit && fields.flag("use_mean_pooling", true),
                beit ? fields.flag("use_absolute_position_embeddings", false) : !dinov3,
                shared ? Relative.SHARED : own ? Relative.PER_BLOCK : Relative.NONE, task == Task.PROJECTION, null);
    }

    private boolean fieldIsPositive(String name, double absent) throws InvalidInputException {
        return fields.number(name, -1, 1000, absent) > 0;
    }

    /** Returns what lies in the file besides what this class of the family computes with. */
    private Pattern unused() throws InvalidInputException {
        StringBuilder names = new StringBuilder(family.unused().pattern());
        if (task == Task.FEATURES && !family.isBeit() && !family.isTower()) {
            // The pooler is a part of the model where it is there.
            names = new StringBuilder("decoder\\..*|lm_head\\..*");
        }
        if (family.isTower() && task == Task.FEATURES) {
            names.append("|visual_projection\\..*");
        }
        if (family.isTower() && pooling(task == Task.CLASSES) != Pooling.ATTENTION) {
            names.append("|head\\..*");
        }
        if (family.isTower() && task == Task.CLASSES && family.pooling() == Pooling.TOKEN) {
            names.append("|post_layernorm\\..*");
        }
        if (family.isBeit() && pooling(true) == Pooling.TOKEN) {
            names.append("|pooler\\..*");
        }
        return Pattern.compile(names.toString());
    }

    private int[] square(String name, int max, int absent) throws InvalidInputException {
        if (fields.isList(name)) {
            return fields.integers(name, 2, 1, max);
        }
        int side = fields.integer(name, 1, max, absent);
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

    /** Returns the settings of this family; those of another have no effect here, nor in transformers. */
    private Set<String> known() {
        Set<String> known = new HashSet<>(KEYS);
        boolean dino = Set.of(Dialect.DINOV2, Dialect.DINOV3).contains(family.dialect());
        known.addAll(dino ? DINO_KEYS : family.isBeit() ? BEIT_KEYS : family.isTower() ? TOWER_KEYS
                : family.type().equals("vit_mae") ? MAE_KEYS : Set.of());
        return known;
    }

    private List<String> warnings(Fields preprocessor, int classes) throws InvalidInputException {
        List<String> warnings = new ArrayList<>(root.unknown(known()));
        warnings.addAll(TransformersPreprocessing.warnings(preprocessor));
        if (root.integer("num_labels", 0, Limits.MAX_CLASSES, classes) != classes) {
            warnings.add(root.error("num_labels", "ignored: id2label has " + classes + " classes").getMessage());
        }
        return warnings;
    }
}
