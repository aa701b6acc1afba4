package leanvit.vit.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.vit.io.InvalidInputException;

/**
 * The tensors that a model of a given shape has, each with its shape, and the check that a checkpoint has just these.
 * Optional parts (LayerScale, registers, a norm before the blocks, qk-norm, biases) are taken from the checkpoint;
 * where the config says something about them, both must say the same.
 */
final class TensorLayout {

    /** Names that tell what a network does that is not done here, most telling first. */
    private static final Map<Pattern, String> UNSUPPORTED = new LinkedHashMap<>();

    static {
        unsupported("\\.(?:w12|w1|w3|fc1_g|fc1_x|gate_proj)\\.", "a gated MLP (SwiGLU, GLU)");
        unsupported("rope|freqs|rotary", "rotary position embedding (RoPE)");
        unsupported("rel_pos|relative_position", "a relative position bias");
        unsupported("^attn_pool\\.", "attention pooling (global_pool \"map\")");
        unsupported("\\.attn\\.norm\\.|\\.mlp\\.norm\\.", "a norm inside attention or MLP");
        unsupported("\\.attns\\.|\\.ffns\\.|\\.in_proj\\.|\\.mlp_out_proj\\.", "parallel blocks");
        unsupported("moe|experts|router", "mixture of experts");
        unsupported("patch_embed\\.(?!proj\\.)|^stem\\.", "a convolutional stem");
        unsupported("\\.(?:q_bias|k_bias|v_bias|gamma_1|gamma_2)$", "BEiT's blocks");
        unsupported("\\.(?:q_proj|k_proj|v_proj|out_proj|o_proj)\\.", "projections apart, under names of their own");
        unsupported("^pre_logits\\.", "a layer between the features and the classifier (pre_logits)");
        unsupported("lora_", "unmerged LoRA weights");
        unsupported("\\.(?:parametrizations|weight_scale|scales|qweight|SCB)(?:\\.|$)", "quantised weights");
    }

    private final VitConfig config;
    private final Weights weights;
    private Boolean embedPrefix;
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
        TensorLayout layout = new TensorLayout(config, weights);
        layout.refuseUnsupported();
        layout.embedPrefix = features.embedPrefix();
        layout.compare(features, settings);
        layout.expected.putAll(
                VitTensors.of(config, weights.names()::has, layout.registers(), layout.positions()));
        layout.checkShapes();
        layout.refuseLeftovers();
    }

    private void refuseUnsupported() throws InvalidInputException {
        for (Map.Entry<Pattern, String> feature : UNSUPPORTED.entrySet()) {
            for (String name : weights.names().canonical()) {
                if (feature.getKey().matcher(name).find()) {
                    throw weights.error(name, "belongs to " + feature.getValue() + ", which is not supported");
                }
            }
        }
    }

    private void compare(Features features, Path settings) throws InvalidInputException {
        agree(features.qkvBias(), "blocks.0.attn.qkv.bias", "qkv_bias", settings);
        agree(features.qkNorm(), "blocks.0.attn.q_norm.weight", "qk_norm", settings);
        agree(features.layerScale(), "blocks.0.ls1.gamma", "init_values", settings);
        agree(features.classToken(), "cls_token", "class_token", settings);
        agree(features.preNorm(), "norm_pre.weight", "pre_norm", settings);
        agree(features.fcNorm(), "fc_norm.weight", "fc_norm", settings);
        if (features.registers() != null && features.registers() != registers()) {
            throw new InvalidInputException(settings, "reg_tokens: " + features.registers() + ", but "
                    + weights.file() + " has " + registers());
        }
        if (features.embedPrefix() != null && weights.names().has("pos_embed")) {
            int[] shape = weights.shape("pos_embed");
            int rows = config.patches() + (features.embedPrefix() ? prefix() : 0);
            int stored = shape.length == 3 ? StoredPositions.of(config, features.embedPrefix(), weights).rows() : rows;
            if (stored != rows) {
                throw weights.error(source("pos_embed"), expectedShape(new int[] {1, rows, config.width()}, shape));
            }
        }
    }

    private void agree(Boolean said, String tensor, String field, Path settings) throws InvalidInputException {
        if (said != null && said != weights.names().has(tensor)) {
            throw new InvalidInputException(settings, said
                    ? field + ": the model should have it, but " + weights.file() + " lacks tensor " + tensor
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

    /** The rows of the position embedding: those of the patches, with or without those of the prefix tokens. */
    private int positions() throws InvalidInputException {
        int rows = weights.names().has("pos_embed") ? StoredPositions.of(config, embedPrefix, weights).rows() : 0;
        return rows == config.patches() ? rows : config.patches() + prefix();
    }

    private void checkShapes() throws InvalidInputException {
        for (Map.Entry<String, int[]> entry : expected.entrySet()) {
            String name = entry.getKey();
            int missing = weights.names().sources(name).indexOf(null);
            if (missing >= 0) {
                throw weights.missing(name, missing, "; expected shape " + Arrays.toString(entry.getValue()));
            }
            int[] shape = weights.shape(name);
            int[] fitted = shape.clone();
            if (name.equals("pos_embed") && shape.length == 3) {
                fitted[1] = StoredPositions.of(config, embedPrefix, weights).rows();
            }
            if (!Arrays.equals(fitted, entry.getValue())) {
                throw weights.error(source(name), expectedShape(entry.getValue(), shape));
            }
            weights.checkFloats(name);
        }
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
        return sources.get(0) == null ? canonical : sources.get(0);
    }

    static String expectedShape(int[] expected, int[] came) {
        return "expected shape " + Arrays.toString(expected) + ", came " + Arrays.toString(came);
    }
}
