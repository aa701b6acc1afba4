package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * The weights of one transformer block, packed. LayerScale, where a checkpoint has it, is multiplied into the rows of
 * the projection that it follows.
 *
 * @param q     makes the queries, [C, C]; apart from the rest, since the last block needs them for few tokens
 * @param kv    makes the keys, then the values, [C, 2C]
 * @param qNorm LayerNorm over each head of the queries, or null
 * @param kNorm LayerNorm over each head of the keys, or null
 */
public record Block(Norm norm1, PackedMatrix q, PackedMatrix kv, Norm qNorm, Norm kNorm, PackedMatrix proj, Norm norm2,
             PackedMatrix fc1, PackedMatrix fc2) {

    static Block read(TensorSource tensors, PackedWeights weights, VitConfig config, int layer) throws IOException {
        String name = "blocks." + layer + ".";
        int width = config.width();
        int headDim = config.headDim();
        float epsilon = config.epsilon();
        PackedMatrix[] qkv = weights.parts(name + "attn.qkv", new int[] {3 * width, width}, null, width, 2 * width);
        return new Block(
                Norm.read(tensors, name + "norm1", width, epsilon), qkv[0], qkv[1],
                Norm.read(tensors, name + "attn.q_norm", headDim, epsilon),
                Norm.read(tensors, name + "attn.k_norm", headDim, epsilon),
                weights.linear(name + "attn.proj", width, width, name + "ls1.gamma"),
                Norm.read(tensors, name + "norm2", width, epsilon),
                weights.linear(name + "mlp.fc1", config.mlpHidden(), width, null),
                weights.linear(name + "mlp.fc2", width, config.mlpHidden(), name + "ls2.gamma"));
    }
}
