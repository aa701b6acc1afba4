package leanvit.vit.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Features.Relative;

/**
 * The tensors that a model of a given shape has, each with its shape, and the check that a checkpoint has just these.
 * Optional parts (LayerScale, registers, a norm before the blocks, qk-norm, biases) are taken from the checkpoint;
 * where the config says something about them, both must say the same.
 */
final class TensorLayout {

    /** Names that tell what a network does that is not done here, most telling first. */
    private static final Map<Pattern, String> UNSUPPORTED = new LinkedHashMap<>();

    static {
        unsupported("\\.(?:w12|w1|w2|w3|fc1_g|fc1_x|gate_proj)\\.", "a gated MLP (SwiGLU, GLU)");
        unsupported("rope|freqs|rotary", "rotary position embedding (RoPE)");
        unsupported("rel_pos|relative_position", "a relative position bias");
        unsupported("^attn_pool\\.", "attention pooling (global_pool \"map\")");
        unsupported("\\.attns\\.|\\.ffns\\.|\\.in_proj\\.|\\.mlp_out_proj\\.", "parallel blocks");
        unsupported("\\.lambda_[qk]|\\.sub_norm\\.", "differential attention");
        unsupported("moe|experts|router", "mixture of experts");
        unsupported("patch_embed\\.(?!proj\\.)|^stem\\.", "a convolutional stem");
        unsupported("\\.(?:q_proj|k_proj|v_proj|out_proj|o_proj)\\.", "projections apart, under names of their own");
        unsupported("^pre_logits\\.", "a layer between the features and the classifier (pre_logits)");
        unsupported("lora_", "unmerged LoRA weights");
        unsupported("\\.(?:parametrizations|weight_scale|scales|qweight|SCB)(?:\\.|$)", "quantised weights");
    }

    private final VitConfig config;
    private final Weights weights;
    private final Map<String, int[]> expected = new LinkedHashMap<>();

    private TensorLayout(VitConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
    }

    private static void unsupported(String names, String feature) {
        UNSUPPORTED.put(Pattern.compile(names), feature);
    }

    /**
     * Checks a checkpoint against its config.
     *
     * @param settings the config's file, for messages
     * @throws InvalidInputException if a tensor is missing, has another shape, or belongs to something that is not
     *                               supported
     */
    static void check(VitConfig config, Features features, Weights weights, Path settings)
            throws InvalidInputException {
        if (weights.names().canonical().isEmpty()) {
            throw new InvalidInputException(weights.file(), "no picture tower: expected tensors such as "
                    + weights.names().expectedName("patch_embed.proj.weight", 0)
                    + ", came none but what it has no use for, such as a text tower");
        }
        TensorLayout layout = new TensorLayout(config, weights);
        layout.expected.putAll(VitTensors.of(config, name -> weights.names().has(name) || isRequired(features, name)
                || weights.names().has(sister(name)), layout::rows, layout.registers(), layout.positions(features)));
        layout.compare(features, settings);
        layout.refuseUnsupported();
        layout.checkShapes();
        layout.refuseLeftovers();
    }

    /** Biases of a branch's layers are optional only where the config may leave them out; so is a projection. */
    private static boolean isRequired(Features features, String name) {
        return features.branchBias() && name.matches("blocks\\.0\\.(?:attn\\.proj|mlp\\.fc[12])\\.bias")
                || features.projection() && name.equals("projection.weight");
    }

    /** Returns a tensor that is not there without this one: a norm's bias, the second branch's scale. */
    private static String sister(String name) {
        return name.matches(".*norm[^.]*\\.weight") ? name.replaceFirst("weight$", "bias")
                : name.replaceFirst("\\.ls1\\.gamma$", ".ls2.gamma");
    }

    private void refuseUnsupported() throws InvalidInputException {
        for (Map.Entry<Pattern, String> feature : UNSUPPORTED.entrySet()) {
            for (String name : weights.names().canonical()) {
                if (!expected.containsKey(name) && feature.getKey().matcher(name).find()) {
                    throw weights.error(name, "belongs to " + feature.getValue() + ", which is not supported");
                }
            }
        }
    }

    private void compare(Features features, Path settings) throws InvalidInputException {
        biasAgrees(features.queryBias(), 0, settings);
        biasAgrees(features.keyBias(), 1, settings);
        biasAgrees(features.valueBias(), 2, settings);
        agree(features.qkNorm(), "blocks.0.attn.q_norm.weight", "qk_norm", settings);
        agree(features.layerScale(), config.parts().parallel() ? "blocks.0.ls.gamma" : "blocks.0.ls1.gamma",
                "init_values", settings);
        agree(features.classToken(), "cls_token", "class_token", settings);
        agree(features.preNorm(), "norm_pre.weight", "pre_norm", settings);
        agree(features.embedNorm(), "patch_embed.norm.weight", "embed_norm", settings);
        agree(features.fcNorm(), "fc_norm.weight", "fc_norm", settings);
        agree(features.absolute() ? null : (Boolean) false, "pos_embed", "absolute position embedding", settings);
        agree(features.relative() == Relative.PER_BLOCK, "blocks.0.attn.relative_position_bias_table",
                "relative position bias", settings);
        agree(features.relative() == Relative.SHARED, "rel_pos_bias.relative_position_bias_table",
                "shared relative position bias", settings);
        if (features.registers() != null && features.registers() != registers()) {
            throw new InvalidInputException(settings, "reg_tokens: " + features.registers() + ", but "
                    + weights.file() + " has " + registers() + " (tensor "
                    + weights.names().expectedName("reg_token", 0) + ")");
        }
    }

    /** Compares what the config says of the bias of queries, keys or values with what each block has. */
    private void biasAgrees(Boolean said, int part, Path settings) throws InvalidInputException {
        if (config.parts().parallel()) {
            return;
        }
        for (int block = 0; block < config.depth(); block++) {
            String tensor = "blocks." + block + ".attn.qkv.bias";
            List<String> sources = weights.names().sources(tensor);
            boolean there = sources.get(Math.min(part, sources.size() - 1)) != null;
            if (said != null && there && !said) {
                agree(false, tensor, "qkv_bias", settings);
            } else if (said != null && !there && said) {
                if (weights.names().has(tensor)) {
                    throw weights.missing(tensor, part, "; expected shape [" + config.width() + "]");
                }
                agree(true, tensor, "qkv_bias", settings);
            }
        }
    }

    private void agree(Boolean said, String tensor, String field, Path settings) throws InvalidInputException {
        if (said != null && said != weights.names().has(tensor)) {
            throw new InvalidInputException(settings, said
                    ? field + ": the model should have it, but " + weights.file() + " lacks tensor "
                            + weights.names().expectedName(tensor, 0)
                    : field + ": the model should not have it, but " + weights.file() + " has tensor " + tensor);
        }
    }

    private int registers() throws InvalidInputException {
        if (!weights.names().has("reg_token")) {
            return 0;
        }
        int[] shape = weights.shape("reg_token");
        return shape.length == 3 ? shape[1] : 1;
    }

    private int prefix() throws InvalidInputException {
        return (weights.names().has("cls_token") ? 1 : 0) + (config.distilled() ? 1 : 0) + registers();
    }

    private int rows(String name) {
        try {
            int[] shape = weights.shape(name);
            return shape.length == 0 ? 1 : shape[0];
        } catch (InvalidInputException e) {
            // Some number: checkShapes will say what is wrong with the tensor.
            return 1;
        }
    }

    /** The rows of the position embedding: those that are there where they make a grid, else those of the model. */
    private int positions(Features features) throws InvalidInputException {
        if (!weights.names().has("pos_embed")) {
            return features.absolute() ? config.patches() + prefix() : 0;
        }
        int[] shape = weights.shape("pos_embed");
        int stored = shape.length == 3 ? shape[1] : -1;
        StoredPositions grid = StoredPositions.of(config, prefix(), registers(), stored);
        boolean bare = config.parts().prefixPositions() == Parts.PrefixPositions.NONE;
        return grid != null ? stored : config.patches() + (bare ? 0 : prefix());
    }

    private void checkShapes() throws InvalidInputException {
        for (Map.Entry<String, int[]> entry : expected.entrySet()) {
            String name = entry.getKey();
            List<String> sources = weights.names().sources(name);
            int missing = sources.indexOf(null);
            boolean mayMiss = name.endsWith(".attn.qkv.bias") && sources.stream().anyMatch(Objects::nonNull);
            if (missing >= 0 && !mayMiss) {
                throw weights.missing(name, missing, "; expected shape " + Arrays.toString(entry.getValue()));
            }
            // timm's have none of keys alone.
            boolean pair = mayMiss && !weights.names().transformers() && sources.size() == 3;
            if (pair && (sources.get(0) == null || sources.get(2) == null)) {
                throw weights.missing(name, sources.get(0) == null ? 0 : 2,
                        "; expected shape [" + config.width() + "]");
            }
            int[] shape = weights.shape(name);
            if (!Arrays.equals(shape, entry.getValue())) {
                throw weights.error(oddPart(name, entry.getValue()), expectedShape(entry.getValue(), shape));
            }
            weights.checkFloats(name);
        }
    }

    /** Returns the part of a tensor that does not have its share of rows, or the first. */
    private String oddPart(String name, int... expected) throws InvalidInputException {
        List<String> sources = weights.names().sources(name);
        // An attention pool's keys and values lie together.
        int first = name.startsWith("attn_pool.") ? expected[0] / 3 : expected[0] / sources.size();
        for (int part = 0; part < sources.size() && sources.size() > 1; part++) {
            int rows = part == 0 ? first : (expected[0] - first) / (sources.size() - 1);
            if (sources.get(part) != null && weights.ownRows(sources.get(part)) != rows) {
                return sources.get(part);
            }
        }
        return source(name);
    }

    private void refuseLeftovers() throws InvalidInputException {
        for (String name : weights.names().canonical()) {
            if (!expected.containsKey(name)) {
                Matcher block = Pattern.compile("blocks\\.([0-9]{1,6})\\..*").matcher(name);
                if (block.matches() && Integer.parseInt(block.group(1)) >= config.depth()) {
                    throw weights.error(source(name), "lies beyond the " + config.depth() + " blocks of the config");
                }
                throw weights.error(source(name), "not known in this model: " + config.architecture()
                        + " would have it only with a feature that is not supported or that the config does not say");
            }
        }
    }

    private String source(String canonical) {
        List<String> sources = weights.names().sources(canonical);
        return sources.stream().filter(Objects::nonNull).findFirst().orElse(canonical);
    }

    static String expectedShape(int[] expected, int[] came) {
        return "expected shape " + Arrays.toString(expected) + ", came " + Arrays.toString(came);
    }
}
