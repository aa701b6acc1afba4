package leanvit.vit;

import java.io.IOException;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.TensorSource;

/**
 * The weights of one transformer block, packed. LayerScale, where a checkpoint has it, is multiplied into the rows of the
 * projection that it follows.
 *
 * @param qNorm LayerNorm over each head of the queries, or null
 * @param kNorm LayerNorm over each head of the keys, or null
 */
record Block(Norm norm1, PackedMatrix qkv, Norm qNorm, Norm kNorm, PackedMatrix proj, Norm norm2, PackedMatrix fc1,
             PackedMatrix fc2) {

    static Block read(TensorSource tensors, VitConfig config, int layer) throws IOException {
        String name = "blocks." + layer + ".";
        int width = config.width();
        int headDim = config.headDim();
        float epsilon = config.epsilon();
        return new Block(
                Norm.read(tensors, name + "norm1", width, epsilon),
                linear(tensors, name + "attn.qkv", 3 * width, width, null),
                Norm.read(tensors, name + "attn.q_norm", headDim, epsilon),
                Norm.read(tensors, name + "attn.k_norm", headDim, epsilon),
                linear(tensors, name + "attn.proj", width, width, name + "ls1.gamma"),
                Norm.read(tensors, name + "norm2", width, epsilon),
                linear(tensors, name + "mlp.fc1", config.mlpHidden(), width, null),
                linear(tensors, name + "mlp.fc2", width, config.mlpHidden(), name + "ls2.gamma"));
    }

    /** Packs the linear layer {@code name}, [out, in], whose bias and scale may be missing. */
    static PackedMatrix linear(TensorSource tensors, String name, int out, int in, String scale) throws IOException {
        float[] weight = tensors.tensor(name + ".weight", out, in);
        float[] bias = tensors.has(name + ".bias") ? tensors.tensor(name + ".bias", out) : null;
        if (scale != null && tensors.has(scale)) {
            float[] gamma = tensors.tensor(scale, out);
            for (int row = 0; row < out; row++) {
                for (int c = 0; c < in; c++) {
                    weight[row * in + c] *= gamma[row];
                }
                if (bias != null) {
                    bias[row] *= gamma[row];
                }
            }
        }
        return PackedMatrix.ofTransposed(weight, 0, in, out, in, bias);
    }
}
