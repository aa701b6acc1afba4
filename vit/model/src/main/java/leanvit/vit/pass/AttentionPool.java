package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.Gemm;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * The weights of a learned query's attention to the patch tokens (Zhai et al. 2022, "MAP" head):
 * {@code y = proj(attention(query, x)); y + fc2(f(fc1(norm(y))))}. Immutable.
 *
 * @param query the query of every image, [C]
 * @param kv    makes the keys, then the values, [C, 2C]
 */
public record AttentionPool(float[] query, PackedMatrix kv, PackedMatrix proj, Norm norm, PackedMatrix fc1,
                            PackedMatrix fc2) {

    static AttentionPool read(TensorSource tensors, PackedWeights weights, VitConfig config) throws IOException {
        int width = config.width();
        PackedMatrix[] qkv =
                weights.parts("attn_pool.qkv", new int[] {3 * width, width}, null, width, 2 * width);
        float[] query = new float[width];
        Gemm.multiply(1, tensors.tensor("attn_pool.latent", 1, 1, width), 0, width, qkv[0], Gemm.Epilogue.NONE, query,
                0, width);
        return new AttentionPool(query, qkv[1], weights.linear("attn_pool.proj", width, width, null),
                Norm.read(tensors, "attn_pool.norm", width, config),
                weights.linear("attn_pool.mlp.fc1", config.poolHidden(), width, null),
                weights.linear("attn_pool.mlp.fc2", width, config.poolHidden(), null));
    }
}
