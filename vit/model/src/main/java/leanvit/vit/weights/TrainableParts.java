package leanvit.vit.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * The parts of a Vision Transformer that training computes, forward and backward: GELU, learned positions with or
 * without rows for prefix tokens, LayerScale, registers, norms before the blocks and of queries and keys, biases or
 * none; class token, distillation token, the patches' mean, or class token and mean. A model with any other part is
 * refused by that part's name.
 */
public final class TrainableParts {

    private static final Pattern KNOWN = Pattern.compile("cls_token|dist_token|reg_token|pos_embed"
            + "|(?:patch_embed\\.proj|head|head_dist|norm_pre|norm|fc_norm)\\.(?:weight|bias)"
            + "|blocks\\.[0-9]+\\.(?:(?:norm1|norm2|attn\\.qkv|attn\\.[qk]_norm|attn\\.proj|mlp\\.fc[12])"
            + "\\.(?:weight|bias)|ls[12]\\.gamma)");
    /** What tensors belong to that are none of these. */
    private static final Map<Pattern, String> OTHERS = new LinkedHashMap<>();

    static {
        OTHERS.put(Pattern.compile("relative_position_bias_table$"), "a relative position bias");
        OTHERS.put(Pattern.compile("\\.mlp\\.norm\\."), "a norm within the MLP");
        OTHERS.put(Pattern.compile("\\.attn\\.norm\\."), "a norm within attention");
        OTHERS.put(Pattern.compile("^patch_embed\\.norm\\."), "a norm of the patches' embedding");
        OTHERS.put(Pattern.compile("^pooler\\."), "a pooler");
        OTHERS.put(Pattern.compile("^projection\\."), "a projection behind the pooling");
    }

    private TrainableParts() {
    }

    /**
     * Checks that training computes what a model is.
     *
     * @throws IllegalArgumentException that names the first part of which it does not
     */
    public static void check(VitConfig config, Parameters parameters) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        parameters.all().forEach(parameter -> shapes.put(parameter.name(), parameter.shape()));
        String part = other(config, shapes);
        if (part != null) {
            throw new IllegalArgumentException(refusal(config, part));
        }
    }

    static String refusal(VitConfig config, String part) {
        return config.architecture() + ": " + part + " cannot be trained here";
    }

    /** Returns the first part that training does not compute, or null. */
    static String other(VitConfig config, Map<String, int[]> shapes) {
        String part = ofConfig(config);
        for (String name : shapes.keySet()) {
            if (part == null && !KNOWN.matcher(name).matches()) {
                part = ofTensor(name);
            }
        }
        if (part == null && shapes.containsKey("norm.weight") && shapes.containsKey("fc_norm.weight")) {
            part = "a norm before the pooling and one behind it";
        }
        if (part == null && config.pooling() == Pooling.TOKEN_AND_AVERAGE && shapes.containsKey("fc_norm.weight")) {
            part = "pooling " + config.pooling() + " with a norm behind it";
        }
        return part != null ? part : ofPositions(config, shapes);
    }

    private static String ofConfig(VitConfig config) {
        Parts parts = config.parts();
        if (parts.activation() != Activation.GELU) {
            return "activation " + parts.activation();
        }
        if (parts.gated()) {
            return "a gated MLP";
        }
        if (parts.parallel()) {
            return "a parallel block";
        }
        if (parts.postNorm()) {
            return "norms behind the branches";
        }
        if (parts.norm() != Parts.NormKind.LAYER) {
            return "norm " + parts.norm();
        }
        if (parts.rotary() != null) {
            return "rotary positions";
        }
        if (!parts.finalNorm()) {
            return "a model without a last norm";
        }
        return switch (config.pooling()) {
            case TOKEN -> null;
            case AVERAGE, TOKEN_AND_AVERAGE -> config.distilled()
                    ? "a distillation token with pooling " + config.pooling() : null;
            case ATTENTION -> "pooling " + config.pooling();
        };
    }

    private static String ofTensor(String name) {
        for (Map.Entry<Pattern, String> other : OTHERS.entrySet()) {
            if (other.getKey().matcher(name).find()) {
                return other.getValue() + " (tensor " + name + ")";
            }
        }
        return "tensor " + name;
    }

    /** Of the prefix tokens the first have positions: all, all but the registers, or none. */
    private static String ofPositions(VitConfig config, Map<String, int[]> shapes) {
        if (!shapes.containsKey("pos_embed")) {
            return "a model without a position embedding";
        }
        int registers = rows(shapes, "reg_token");
        int prefix = rows(shapes, "cls_token") + rows(shapes, "dist_token") + registers;
        int stored = rows(shapes, "pos_embed");
        StoredPositions grid = StoredPositions.of(config, prefix, registers, stored);
        return grid != null && stored == grid.prefix() + config.patches() ? null
                : "a position embedding of " + stored + " rows for " + config.patches() + " patches and " + prefix
                        + " prefix tokens";
    }

    private static int rows(Map<String, int[]> shapes, String token) {
        return shapes.containsKey(token) ? shapes.get(token)[1] : 0;
    }
}
