package leanvit.vit.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import leanvit.vit.weights.VitConfig.Pooling;

/** The tensors that a model has, each with its shape, in the order of the network. */
final class VitTensors {

    private final VitConfig config;
    private final Predicate<String> has;
    private final Map<String, int[]> shapes = new LinkedHashMap<>();

    private VitTensors(VitConfig config, Predicate<String> has) {
        this.config = config;
        this.has = has;
    }

    /**
     * Returns the shapes by timm's names.
     *
     * @param has       tells of an optional part whether the model has it; of a norm's {@code .weight} for both
     * @param registers rows of {@code reg_token}
     * @param positions rows of {@code pos_embed}
     */
    static Map<String, int[]> of(VitConfig config, Predicate<String> has, int registers, int positions) {
        VitTensors tensors = new VitTensors(config, has);
        tensors.model(registers, positions);
        return tensors.shapes;
    }

    private void model(int registers, int positions) {
        int width = config.width();
        int patch = config.patch();
        put("patch_embed.proj.weight", width, 3, patch, patch);
        putIfThere("patch_embed.proj.bias", width);
        if (config.pooling() == Pooling.TOKEN || has.test("cls_token")) {
            put("cls_token", 1, 1, width);
        }
        if (config.distilled()) {
            put("dist_token", 1, 1, width);
        }
        putIfThere("reg_token", 1, registers, width);
        put("pos_embed", 1, positions, width);
        putNormIfThere("norm_pre", width);
        for (int block = 0; block < config.depth(); block++) {
            block("blocks." + block + ".");
        }
        putNorm(has.test("fc_norm.weight") ? "fc_norm" : "norm", width);
        if (config.classes() > 0) {
            putLinear("head", config.classes(), width);
        }
        if (config.classes() > 0 && config.distilled()) {
            putLinear("head_dist", config.classes(), width);
        }
    }

    private void block(String block) {
        int width = config.width();
        putNorm(block + "norm1", width);
        put(block + "attn.qkv.weight", 3 * width, width);
        if (has.test("blocks.0.attn.qkv.bias")) {
            put(block + "attn.qkv.bias", 3 * width);
        }
        if (has.test("blocks.0.attn.q_norm.weight")) {
            putNorm(block + "attn.q_norm", config.headDim());
            putNorm(block + "attn.k_norm", config.headDim());
        }
        putLinear(block + "attn.proj", width, width);
        boolean scaled = has.test("blocks.0.ls1.gamma");
        if (scaled) {
            put(block + "ls1.gamma", width);
        }
        putNorm(block + "norm2", width);
        putLinear(block + "mlp.fc1", config.mlpHidden(), width);
        putLinear(block + "mlp.fc2", width, config.mlpHidden());
        if (scaled) {
            put(block + "ls2.gamma", width);
        }
    }

    private void put(String name, int... shape) {
        shapes.put(name, shape);
    }

    private void putIfThere(String name, int... shape) {
        if (has.test(name)) {
            put(name, shape);
        }
    }

    private void putLinear(String layer, int out, int in) {
        put(layer + ".weight", out, in);
        put(layer + ".bias", out);
    }

    private void putNorm(String layer, int channels) {
        put(layer + ".weight", channels);
        put(layer + ".bias", channels);
    }

    private void putNormIfThere(String layer, int channels) {
        if (has.test(layer + ".weight")) {
            putNorm(layer, channels);
        }
    }
}
