package leanvit.vit.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How a library calls a model's tensors, in tables: its own name, then timm's. Tensors that lie apart in a file and
 * together here have a part's number: {@code attn.qkv 0/3} is the first of three, whose rows stand one after another.
 * A layer's name stands for its {@code .weight} and its {@code .bias}.
 */
enum Dialect {

    /** timm's, whose own names stand for themselves but for these. */
    TIMM("blocks\\.", """
            attn.q_bias = attn.qkv.bias 0/3
            attn.k_bias = attn.qkv.bias 1/3
            attn.v_bias = attn.qkv.bias 2/3
            attn.q_proj = attn.qkv 0/3
            attn.k_proj = attn.qkv 1/3
            attn.v_proj = attn.qkv 2/3
            mlp.fc1_g = mlp.fc1 0/2
            mlp.fc1_x = mlp.fc1 1/2
            gamma_1 = ls1.gamma
            gamma_2 = ls2.gamma
            in_norm = norm1
            attn_out_proj = attn.proj
            mlp_out_proj = mlp.fc2
            """, """
            attn_pool.q = attn_pool.qkv 0/2
            attn_pool.kv = attn_pool.qkv 1/2
            """),

    /** transformers' ViT, DeiT, ViT-MAE, ViT-MSN, I-JEPA, BEiT, Data2Vec. */
    VIT("encoder\\.layer\\.", """
            layernorm_before = norm1
            attention.attention.query = attn.qkv 0/3
            attention.attention.key = attn.qkv 1/3
            attention.attention.value = attn.qkv 2/3
            attention.attention.relative_position_bias.relative_position_bias_table = attn.relative_position_bias_table
            attention.output.dense = attn.proj
            lambda_1 = ls1.gamma
            layernorm_after = norm2
            intermediate.dense = mlp.fc1
            output.dense = mlp.fc2
            lambda_2 = ls2.gamma
            """, """
            embeddings.cls_token = cls_token
            embeddings.distillation_token = dist_token
            embeddings.position_embeddings = pos_embed
            embeddings.patch_embeddings.projection = patch_embed.proj
            encoder.relative_position_bias.relative_position_bias_table = rel_pos_bias.relative_position_bias_table
            layernorm = norm
            pooler.layernorm = fc_norm
            classifier = head
            cls_classifier = head
            distillation_classifier = head_dist
            """),

    /** transformers' DINOv2, with and without registers. */
    DINOV2("encoder\\.layer\\.", """
            attention.attention.query = attn.qkv 0/3
            attention.attention.key = attn.qkv 1/3
            attention.attention.value = attn.qkv 2/3
            attention.output.dense = attn.proj
            layer_scale1.lambda1 = ls1.gamma
            layer_scale2.lambda1 = ls2.gamma
            """, """
            embeddings.cls_token = cls_token
            embeddings.register_tokens = reg_token
            embeddings.position_embeddings = pos_embed
            embeddings.patch_embeddings.projection = patch_embed.proj
            layernorm = norm
            classifier = head
            """),

    /** The same with a gated MLP. */
    DINOV2_GATED(DINOV2, """
            mlp.weights_in = mlp.fc1
            mlp.weights_out = mlp.fc2
            """),

    /** transformers' CLIP and SigLIP. */
    CLIP("encoder\\.layers\\.", """
            layer_norm1 = norm1
            self_attn.q_proj = attn.qkv 0/3
            self_attn.k_proj = attn.qkv 1/3
            self_attn.v_proj = attn.qkv 2/3
            self_attn.out_proj = attn.proj
            layer_norm2 = norm2
            """, """
            embeddings.class_embedding = cls_token
            embeddings.position_embedding.weight = pos_embed
            embeddings.patch_embedding = patch_embed.proj
            pre_layrnorm = norm_pre
            post_layernorm = norm
            visual_projection = projection
            head.probe = attn_pool.latent
            head.attention.in_proj_weight = attn_pool.qkv.weight
            head.attention.in_proj_bias = attn_pool.qkv.bias
            head.attention.out_proj = attn_pool.proj
            head.layernorm = attn_pool.norm
            head.mlp.fc1 = attn_pool.mlp.fc1
            head.mlp.fc2 = attn_pool.mlp.fc2
            classifier = head
            """),

    /** transformers' DINOv3. */
    DINOV3("layer\\.", """
            attention.q_proj = attn.qkv 0/3
            attention.k_proj = attn.qkv 1/3
            attention.v_proj = attn.qkv 2/3
            attention.o_proj = attn.proj
            layer_scale1.lambda1 = ls1.gamma
            mlp.up_proj = mlp.fc1
            mlp.down_proj = mlp.fc2
            layer_scale2.lambda1 = ls2.gamma
            """, """
            embeddings.cls_token = cls_token
            embeddings.register_tokens = reg_token
            embeddings.patch_embeddings = patch_embed.proj
            classifier = head
            """),

    /** The same with a gated MLP. */
    DINOV3_GATED(DINOV3, """
            mlp.gate_proj = mlp.fc1 0/2
            mlp.up_proj = mlp.fc1 1/2
            """);

    /** A tensor's or layer's name of timm's, and which part of it. */
    record Place(String name, int part, int parts) {
    }

    /** What stands before a block's number. */
    final Pattern block;
    /** By the file's name, within a block. */
    final Map<String, Place> inBlock = new LinkedHashMap<>();
    /** By the file's name, outside of blocks. */
    final Map<String, Place> outside = new LinkedHashMap<>();

    Dialect(String block, String inBlock, String outside) {
        this.block = Pattern.compile("(" + block + ")([0-9]{1,6})\\.(.+)");
        read(inBlock, this.inBlock);
        read(outside, this.outside);
    }

    Dialect(Dialect other, String inBlock) {
        this.block = other.block;
        read(inBlock, this.inBlock);
        other.inBlock.forEach(this.inBlock::putIfAbsent);
        outside.putAll(other.outside);
    }

    private static void read(String table, Map<String, Place> into) {
        for (String line : table.lines().toList()) {
            String[] words = line.strip().split(" = | |/");
            into.put(words[0], words.length == 2 ? new Place(words[1], 0, 1)
                    : new Place(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3])));
        }
    }

    /** Returns the place of a tensor, by its own name or by its layer's; null where the tables have neither. */
    static Place find(Map<String, Place> table, String name) {
        Place place = table.get(name);
        int dot = name.lastIndexOf('.');
        if (place != null || dot < 0) {
            return place;
        }
        String suffix = name.substring(dot);
        Place layer = suffix.equals(".weight") || suffix.equals(".bias") ? table.get(name.substring(0, dot)) : null;
        return layer == null ? null : new Place(layer.name + suffix, layer.part, layer.parts);
    }
}
