package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.Features.Relative;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.Parts.PrefixPositions;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * {@code config.json} as timm writes it for its hub: {@code architecture}, {@code model_args} (the constructor's
 * arguments where they differ from the architecture's own), {@code pretrained_cfg} (the preprocessing).
 * An argument that is not known here could change what the network computes: it is refused by name.
 */
final class TimmConfig {

    private static final float[] IMAGENET_MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] IMAGENET_STD = {0.229f, 0.224f, 0.225f};
    private static final double DEFAULT_CROP = 0.875;

    private static final Map<String, Activation> ACTIVATIONS = Map.of("gelu", Activation.GELU,
            "gelu_tanh", Activation.GELU_TANH, "quick_gelu", Activation.QUICK_GELU, "quickgelu", Activation.QUICK_GELU,
            "silu", Activation.SILU, "swish", Activation.SILU);

    private static final Map<String, NormKind> NORMS = Map.of("layernorm", NormKind.LAYER, "rmsnorm", NormKind.RMS);

    /** Arguments that this class reads. */
    private static final Set<String> READ = Set.of("img_size", "patch_size", "in_chans", "num_classes", "global_pool",
            "embed_dim", "depth", "num_heads", "mlp_ratio", "qkv_bias", "qk_norm", "init_values", "class_token",
            "no_embed_class", "reg_tokens", "pre_norm", "fc_norm", "act_layer", "norm_layer", "final_norm", "proj_bias",
            "pos_embed", "dynamic_img_pad", "pool_include_prefix", "num_reg_tokens", "use_fc_norm");
    /** Arguments that matter in training alone, or for images of another size, which are resized here. */
    private static final Set<String> WITHOUT_EFFECT = Set.of("drop_rate", "pos_drop_rate", "patch_drop_rate",
            "proj_drop_rate", "attn_drop_rate", "drop_path_rate", "weight_init", "fix_init", "dynamic_img_size",
            "strict_img_size");

    /**
     * What the pretrained_cfg may hold. What is not read matters in training, says where the weights came from
     * ({@code url}, {@code custom_load}, {@code first_conv}, {@code license}, ...), or limits sizes that other code
     * might choose ({@code fixed_input_size}, {@code min_input_size}, {@code pool_size}).
     */
    private static final Set<String> PRETRAINED_KEYS = Set.of("url", "file", "hf_hub_id", "hf_hub_filename", "source",
            "architecture", "tag", "custom_load", "input_size", "test_input_size", "min_input_size",
            "fixed_input_size", "interpolation", "crop_pct", "test_crop_pct", "crop_mode", "crop_border_pixels", "mean",
            "std", "num_classes", "label_offset", "label_names", "label_descriptions", "labels", "pool_size",
            "test_pool_size", "first_conv", "classifier", "license", "description", "origin_url", "paper_name",
            "paper_ids", "notes", "state_dict", "global_pool", "num_features");
    private static final Set<String> ROOT_KEYS = Stream.concat(PRETRAINED_KEYS.stream(), Stream.of("model_args",
            "pretrained_cfg", "model_type", "architectures", "do_pooling", "dtype", "torch_dtype",
            "initializer_range", "transformers_version", "problem_type", "_name_or_path")).collect(Collectors.toSet());

    private final Fields root;
    private final Fields args;
    private final Fields pretrained;
    private final String architecture;
    private final ArchitectureName name;

    private TimmConfig(Fields root) throws InvalidInputException {
        this.root = root;
        args = root.object("model_args");
        // Files of 2021 and before have the preprocessing beside the architecture.
        pretrained = root.has("pretrained_cfg") ? root.object("pretrained_cfg") : root;
        architecture = root.string("architecture", "");
        name = ArchitectureName.parse(architecture);
        if (name == null) {
            throw root.error("architecture", "expected a plain ViT or DeiT of timm's, such as vit_base_patch16_224 or "
                    + "deit_tiny_distilled_patch16_224, came " + JsonWriter.quoteShort(architecture));
        }
        if (name.unsupported() != null) {
            throw root.error("architecture", JsonWriter.quoteShort(architecture) + ": \"" + name.unsupported()
                    + "\" is not supported");
        }
    }

    /** Reads the file. */
    static ModelDescription read(Fields root) throws InvalidInputException {
        TimmConfig config = new TimmConfig(root);
        config.refuseUnknownArguments();
        VitConfig shape = config.shape();
        config.refuseLabelOffset();
        return new ModelDescription(shape, config.preprocessing(shape), config.features(), config.labels(),
                Problem.isSigmoid(root, shape.classes()), config.unknownKeys(), Dialect.TIMM,
                ModelDescription.NONE_UNUSED);
    }

    private void refuseUnknownArguments() throws InvalidInputException {
        for (String argument : args.names()) {
            if (!READ.contains(argument) && !WITHOUT_EFFECT.contains(argument)) {
                throw args.unsupported(argument);
            }
        }
        if (args.has("act_layer") && !ACTIVATIONS.containsKey(args.string("act_layer", ""))) {
            throw args.unsupported("act_layer");
        }
        if (args.has("norm_layer") && !NORMS.containsKey(args.string("norm_layer", ""))) {
            throw args.unsupported("norm_layer");
        }
        only("pos_embed", "learn");
        only("dynamic_img_pad", false);
        only("pool_include_prefix", false);
        if (name.parts().rotary() != null) {
            only("qk_norm", false);
        }
        if (args.integer("in_chans", 1, Integer.MAX_VALUE, 3) != 3) {
            throw args.expected("in_chans", "3 (red, green, blue)");
        }
    }

    private void only(String argument, Object supported) throws InvalidInputException {
        if (args.has(argument) && !args.members().get(argument).equals(supported)) {
            throw args.unsupported(argument);
        }
    }

    private VitConfig shape() throws InvalidInputException {
        ArchitectureName.Size size = name.dimensions();
        for (String argument : List.of("embed_dim", "depth", "num_heads")) {
            if (size == null && !args.has(argument)) {
                throw root.error("architecture", JsonWriter.quoteShort(architecture)
                        + ": the dimensions of this size are not known; expected model_args." + argument);
            }
        }
        int width = args.integer("embed_dim", 1, Limits.MAX_WIDTH, size == null ? 0 : size.width());
        if (root.integer("num_features", 0, Limits.MAX_WIDTH, width) != width) {
            throw root.expected("num_features", width + ", the model's embed_dim");
        }
        double ratio = args.number("mlp_ratio", 0, 1000, size == null ? 4 : size.mlpRatio());
        int[] image = imageSize();
        VitConfig shape = new VitConfig(architecture, image[0], image[1], patch(), width,
                args.integer("depth", 1, Limits.MAX_DEPTH, size == null ? 0 : size.depth()),
                args.integer("num_heads", 1, Limits.MAX_HEADS, size == null ? 0 : size.heads()),
                name.mlpHidden(width, ratio), classes(), pooling(), name.distilled(), epsilon(),
                parts());
        Limits.check(shape, args, "num_heads", "embed_dim", name.words().contains("siglip"));
        return shape;
    }

    private int patch() throws InvalidInputException {
        if (!args.isList("patch_size")) {
            return args.integer("patch_size", 1, Limits.MAX_PATCH, name.patch());
        }
        int[] sides = args.integers("patch_size", 2, 1, Limits.MAX_PATCH);
        if (sides[0] != sides[1]) {
            throw args.expected("patch_size", "a square patch");
        }
        return sides[0];
    }

    private int[] imageSize() throws InvalidInputException {
        if (args.isList("img_size")) {
            return args.integers("img_size", 2, 1, Limits.MAX_IMAGE);
        }
        if (args.has("img_size")) {
            int side = args.integer("img_size", 1, Limits.MAX_IMAGE, 0);
            return new int[] {side, side};
        }
        if (pretrained.has("input_size")) {
            int[] input = pretrained.integers("input_size", 3, 1, Limits.MAX_IMAGE);
            if (input[0] != 3) {
                throw pretrained.expected("input_size", "3 channels first");
            }
            return new int[] {input[1], input[2]};
        }
        int side = name.image() == 0 ? 224 : name.image();
        return new int[] {side, side};
    }

    private int classes() throws InvalidInputException {
        if (root.strings("architectures").contains("TimmWrapperModel")) {
            // transformers' wrapper without a classifier, whose file may still say how many classes timm's had.
            return 0;
        }
        int classes = pretrained.integer("num_classes", 0, Limits.MAX_CLASSES, 1000);
        classes = root.integer("num_classes", 0, Limits.MAX_CLASSES, classes);
        return args.integer("num_classes", 0, Limits.MAX_CLASSES, classes);
    }

    private Pooling pooling() throws InvalidInputException {
        Fields fields = args.has("global_pool") ? args : root;
        if (!fields.has("global_pool")) {
            return name.pooling();
        }
        return switch (fields.string("global_pool", "")) {
            case "token" -> Pooling.TOKEN;
            case "avg" -> Pooling.AVERAGE;
            case "map" -> Pooling.ATTENTION;
            default -> throw fields.unsupported("global_pool");
        };
    }

    private Parts parts() throws InvalidInputException {
        Parts parts = name.parts();
        if (args.has("act_layer")) {
            parts = parts.with(ACTIVATIONS.get(args.string("act_layer", "")));
        }
        if (args.has("no_embed_class")) {
            parts = parts.with(args.flag("no_embed_class", false) ? PrefixPositions.NONE : PrefixPositions.ALL);
        }
        if (args.has("norm_layer")) {
            parts = parts.with(NORMS.get(args.string("norm_layer", "")));
        }
        return parts.withFinalNorm(parts.finalNorm() && args.flag("final_norm", true));
    }

    private float epsilon() {
        // timm's own norms, which the argument names, have 1e-6; PyTorch's has 1e-5.
        return args.has("norm_layer") ? 1e-6f : name.epsilon();
    }

    private Features features() throws InvalidInputException {
        Boolean scale = null;
        if (args.members().containsKey("init_values")) {
            scale = args.number("init_values", 0, 1000, 0) != 0;
        }
        Boolean bias = args.flagOrNull("qkv_bias");
        String registers = args.has("num_reg_tokens") ? "num_reg_tokens" : "reg_tokens";
        String fcNorm = args.has("use_fc_norm") ? "use_fc_norm" : "fc_norm";
        // What a constructor has of its own is said by its name; plain ones' files may be of a model that was changed.
        boolean own = name.own() != null;
        Boolean classToken = own || name.isBeit() ? Boolean.valueOf(name.classToken()) : null;
        Integer registerTokens = own ? Integer.valueOf(name.registers()) : null;
        Boolean preNorm = own ? Boolean.valueOf(name.preNorm()) : null;
        return new Features(bias, name.keyBias() ? bias : Boolean.FALSE, bias,
                args.flag("proj_bias", name.branchBias()), args.flagOrNull("qk_norm"), scale,
                args.has("class_token") ? args.flagOrNull("class_token") : classToken,
                args.has(registers) ? (Integer) args.integer(registers, 0, Limits.MAX_REGISTERS, 0) : registerTokens,
                args.has("pre_norm") ? args.flagOrNull("pre_norm") : preNorm, args.flagOrNull(fcNorm), name.absolute(),
                name.isBeit() ? Relative.PER_BLOCK : Relative.NONE, false,
                own ? Boolean.valueOf(name.family().equals("aimv2")) : null);
    }

    private Preprocessing preprocessing(VitConfig shape) throws InvalidInputException {
        boolean none = pretrained.members().get("crop_pct") instanceof Number number && number.doubleValue() == 0;
        double crop = none ? DEFAULT_CROP : pretrained.number("crop_pct", 0, 1000, DEFAULT_CROP);
        String mode = pretrained.string("crop_mode", "center");
        Resize resize = switch (mode) {
            case "center" -> Resize.SHORT_SIDE;
            case "squash" -> Resize.SQUASH;
            case "border" -> Resize.LONG_SIDE;
            default -> throw pretrained.unsupported("crop_mode");
        };
        if (pretrained.has("crop_border_pixels") && pretrained.integer("crop_border_pixels", 0, 65_535, 0) != 0) {
            throw pretrained.unsupported("crop_border_pixels");
        }
        return new Preprocessing(shape.imageHeight(), shape.imageWidth(), (float) crop, resize,
                // timm keeps the aspect by another class there, which it leaves at its own default.
                resize == Resize.SHORT_SIDE && shape.imageHeight() != shape.imageWidth() ? Interpolation.BILINEAR
                        : interpolation(),
                pretrained.numbers("mean", 3, -1000, 1000, IMAGENET_MEAN),
                pretrained.numbers("std", 3, 0, 1000, IMAGENET_STD));
    }

    private Interpolation interpolation() throws InvalidInputException {
        String name = pretrained.string("interpolation", "bicubic");
        for (Interpolation interpolation : Interpolation.values()) {
            if (interpolation.name().toLowerCase(Locale.ROOT).equals(name)) {
                return interpolation;
            }
        }
        throw pretrained.unsupported("interpolation");
    }

    private void refuseLabelOffset() throws InvalidInputException {
        if (pretrained.integer("label_offset", 0, Limits.MAX_CLASSES, 0) != 0) {
            throw pretrained.unsupported("label_offset");
        }
    }

    private List<String> unknownKeys() {
        List<String> unknown = new ArrayList<>(root.unknown(ROOT_KEYS));
        unknown.addAll(pretrained.unknown(pretrained == root ? ROOT_KEYS : PRETRAINED_KEYS));
        // timm itself takes these only where it is told to, in its validation; its transform and its hub do not.
        for (String[] pair : new String[][] {{"test_input_size", "input_size"}, {"test_crop_pct", "crop_pct"}}) {
            Object test = pretrained.members().get(pair[0]);
            if (test != null && !test.equals(pretrained.members().get(pair[1]))) {
                unknown.add(pretrained.error(pair[0], "ignored: pictures are prepared by " + pair[1]
                        + ", as timm does").getMessage());
            }
        }
        return unknown.stream().distinct().toList();
    }

    private List<String> labels() throws InvalidInputException {
        // Files of 2023 and before have the names under "labels".
        boolean own = Stream.of("label_names", "label_descriptions", "labels").anyMatch(root::has);
        Fields fields = own ? root : pretrained;
        if (fields.isList("label_descriptions")) {
            return ClassNames.byIndex(fields, "label_descriptions", ClassNames.size(fields, "label_descriptions"));
        }
        String key = fields.has("label_names") ? "label_names" : "labels";
        if (!fields.has(key)) {
            return List.of();
        }
        Fields descriptions = fields.object("label_descriptions");
        int count = fields.isList(key) ? ClassNames.size(fields, key) : classes();
        List<String> labels = new ArrayList<>();
        for (String name : ClassNames.byIndex(fields, key, count)) {
            labels.add(descriptions.string(name, name));
        }
        return labels;
    }
}
