package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * The weights of one transformer block, packed. LayerScale, where a checkpoint has it, is multiplied into the rows of
 * the projection that it follows.
 *
 * @param norm1      before attention, and before the MLP where both run in parallel
 * @param q          makes the queries, [C, C]; apart from the rest, since the last block needs them for few tokens
 * @param kv         makes the keys, then the values, [C, 2C]
 * @param qNorm      LayerNorm over each head of the queries, or null
 * @param kNorm      LayerNorm over each head of the keys, or null
 * @param turns      the angles that queries and keys turn by, or null
 * @param bias       what relative positions add to the scores, or null
 * @param headsNorm  LayerNorm over the heads' results, or null
 * @param norm2      before the MLP; null where it runs beside attention
 * @param gate       the MLP's gate, or null
 * @param fc1        the MLP's first layer; with a gate its "up"
 * @param hiddenNorm LayerNorm within the MLP, or null
 */
public record Block(Norm norm1, PackedMatrix q, PackedMatrix kv, Norm qNorm, Norm kNorm, Turns turns,
                    RelativeBias bias, Norm headsNorm, PackedMatrix proj, Norm norm2, PackedMatrix gate,
                    PackedMatrix fc1, Norm hiddenNorm, PackedMatrix fc2) {

    static Block read(TensorSource tensors, PackedWeights weights, VitConfig config, int layer, Turns turns,
            RelativeBias bias) throws IOException {
        String name = "blocks." + layer + ".";
        int width = config.width();
        int headDim = config.headDim();
        int hidden = config.mlpHidden();
        boolean parallel = config.parts().parallel();
        int[] mlp = config.parts().gated() ? new int[] {hidden, hidden} : new int[] {hidden};
        PackedMatrix[] in = parallel
                ? weights.parts(name + "in_proj", new int[] {config.mlpRows() + 3 * width, width}, null,
                        joined(mlp, width, 2 * width))
                : joined(weights.parts(name + "mlp.fc1", new int[] {config.mlpRows(), width}, null, mlp),
                        weights.queriesKeysValues(name + "attn.qkv"));
        int up = mlp.length - 1;
        return new Block(
                Norm.read(tensors, name + "norm1", width, config), in[up + 1], in[up + 2],
                Norm.read(tensors, name + "attn.q_norm", headDim, config),
                Norm.read(tensors, name + "attn.k_norm", headDim, config), turns,
                bias, Norm.read(tensors, name + "attn.norm", width, config),
                weights.linear(name + "attn.proj", width, width, name + (parallel ? "ls.gamma" : "ls1.gamma")),
                Norm.read(tensors, name + "norm2", width, config), up == 0 ? null : in[0], in[up],
                Norm.read(tensors, name + "mlp.norm", hidden, config),
                weights.linear(name + "mlp.fc2", width, hidden, name + (parallel ? "ls.gamma" : "ls2.gamma")));
    }

    private static int[] joined(int[] first, int... then) {
        int[] all = new int[first.length + then.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(then, 0, all, first.length, then.length);
        return all;
    }

    private static PackedMatrix[] joined(PackedMatrix[] first, PackedMatrix... then) {
        PackedMatrix[] all = new PackedMatrix[first.length + then.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(then, 0, all, first.length, then.length);
        return all;
    }
}
