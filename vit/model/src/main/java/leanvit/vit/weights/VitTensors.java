package leanvit.vit.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import leanvit.vit.weights.VitConfig.Pooling;

/** The tensors that a model has, each with its shape, in the order of the network. */
final class VitTensors {

    private static final String RELATIVE = "relative_position_bias_table";

    private final VitConfig config;
    private final Predicate<String> has;
    private final ToIntFunction<String> rows;
    private final Map<String, int[]> shapes = new LinkedHashMap<>();

    private VitTensors(VitConfig config, Predicate<String> has, ToIntFunction<String> rows) {
        this.config = config;
        this.has = has;
        this.rows = rows;
    }

    /** Returns the shapes of a source's tensors by timm's names. */
    static Map<String, int[]> of(VitConfig config, TensorSource source) throws IOException {
        try {
            return of(config, source::has, name -> side(source, name, 0), source.has("reg_token")
                    ? side(source, "reg_token", 1) : 0, source.has("pos_embed") ? side(source, "pos_embed", 1) : 0);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static int side(TensorSource source, String name, int side) {
        try {
            return source.shape(name)[side];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the shapes by timm's names.
     *
     * @param has       tells of an optional part whether the model has it; of a norm's {@code .weight} for both
     * @param rows      returns the outermost side of a tensor whose size nothing else tells
     * @param registers rows of {@code reg_token}
     * @param positions rows of {@code pos_embed}; 0 where there is none
     */
    static Map<String, int[]> of(VitConfig config, Predicate<String> has, ToIntFunction<String> rows, int registers,
                                 int positions) {
        VitTensors tensors = new VitTensors(config, has, rows);
        tensors.model(registers, positions);
        return tensors.shapes;
    }

    private void model(int registers, int positions) {
        int width = config.width();
        int patch = config.patch();
        put("patch_embed.proj.weight", width, 3, patch, patch);
        putIfThere("patch_embed.proj.bias", width);
        putNormIfThere("patch_embed.norm", width);
        if (config.pooling().readsClassToken() || has.test("cls_token")) {
            put("cls_token", 1, 1, width);
        }
        if (config.distilled()) {
            put("dist_token", 1, 1, width);
        }
        putIfThere("reg_token", 1, registers, width);
        if (positions > 0) {
            put("pos_embed", 1, positions, width);
        }
        Parts.Rotary rotary = config.parts().rotary();
        if (rotary != null && rotary.axes() == Parts.Axes.LEARNED) {
            put("rope.freqs", 2, config.depth(), config.heads(), config.headDim() / 2);
        }
        putNormIfThere("norm_pre", width);
        putIfThere("rel_pos_bias." + RELATIVE, relativeRows(), config.heads());
        for (int block = 0; block < config.depth(); block++) {
            block("blocks." + block + ".");
        }
        if (config.parts().finalNorm()) {
            putNorm(has.test("fc_norm.weight") || has.test("fc_norm.bias") ? "fc_norm" : "norm", width);
        }
        if (config.pooling() == Pooling.ATTENTION) {
            attentionPool();
        }
        if (has.test("projection.weight")) {
            put("projection.weight", rows.applyAsInt("projection.weight"), width);
        }
        if (has.test("pooler.dense.weight")) {
            putLinear("pooler.dense", rows.applyAsInt("pooler.dense.weight"), width);
        }
        if (config.classes() > 0) {
            putLinear("head", config.classes(), config.pooling() == Pooling.TOKEN_AND_AVERAGE ? 2 * width : width);
        }
        if (config.classes() > 0 && config.distilled()) {
            putLinear("head_dist", config.classes(), width);
        }
    }

    /** Differences of rows and of columns that two patches may have, and three to and from the class token. */
    private int relativeRows() {
        return (2 * config.gridRows() - 1) * (2 * config.gridColumns() - 1) + 3;
    }

    private void block(String block) {
        int width = config.width();
        putNorm(block + "norm1", width);
        boolean parallel = config.parts().parallel();
        if (parallel) {
            putLinear(block + "in_proj", config.mlpRows() + 3 * width, width);
        } else {
            put(block + "attn.qkv.weight", 3 * width, width);
            putLikeFirst(block, "attn.qkv.bias", 3 * width);
        }
        if (has.test("blocks.0.attn.q_norm.weight")) {
            putNorm(block + "attn.q_norm", config.headDim());
            putNorm(block + "attn.k_norm", config.headDim());
        }
        putLikeFirst(block, "attn." + RELATIVE, relativeRows(), config.heads());
        if (has.test("blocks.0.attn.norm.weight")) {
            putNorm(block + "attn.norm", width);
        }
        putBranch(block, "attn.proj", width, width);
        putLikeFirst(block, parallel ? "ls.gamma" : "ls1.gamma", width);
        if (!parallel) {
            putNorm(block + "norm2", width);
            putBranch(block, "mlp.fc1", config.mlpRows(), width);
        }
        if (has.test("blocks.0.mlp.norm.weight")) {
            putNorm(block + "mlp.norm", config.mlpHidden());
        }
        putBranch(block, "mlp.fc2", width, config.mlpHidden());
        if (has.test("blocks.0.ls1.gamma")) {
            put(block + "ls2.gamma", width);
        }
    }

    private void attentionPool() {
        int width = config.width();
        put("attn_pool.latent", 1, 1, width);
        putLinear("attn_pool.qkv", 3 * width, width);
        putLinear("attn_pool.proj", width, width);
        putNorm("attn_pool.norm", width);
        putLinear("attn_pool.mlp.fc1", config.poolHidden(), width);
        putLinear("attn_pool.mlp.fc2", width, config.poolHidden());
    }

    /** A linear layer of a block, which has a bias where the first block's has one. */
    private void putBranch(String block, String layer, int out, int in) {
        put(block + layer + ".weight", out, in);
        putLikeFirst(block, layer + ".bias", out);
    }

    private void putLikeFirst(String block, String name, int... shape) {
        if (has.test("blocks.0." + name)) {
            put(block + name, shape);
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
        if (config.parts().norm() == Parts.NormKind.LAYER) {
            put(layer + ".bias", channels);
        }
    }

    private void putNormIfThere(String layer, int channels) {
        if (has.test(layer + ".weight")) {
            putNorm(layer, channels);
        }
    }
}
