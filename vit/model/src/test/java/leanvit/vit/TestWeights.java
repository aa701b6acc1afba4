package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import leanvit.testdata.DoubleVit;
import leanvit.vit.weights.PositionEmbedding;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/** Seeded random weights under timm's names, for a model with any of the features that checkpoints have. */
final class TestWeights implements TensorSource {

    /** What a checkpoint may have beyond the plain model. */
    enum Feature {
        /** Average pooling alone. */
        NO_CLASS_TOKEN,
        /** Four register tokens. */
        REGISTERS,
        /** Position embeddings for the patches alone. */
        NO_EMBED_CLASS,
        NORM_PRE,
        QK_NORM,
        LAYER_SCALE,
        NO_QKV_BIAS,
        /** A norm after pooling instead of the one before it. */
        FC_NORM
    }

    private record Tensor(int[] shape, float[] values) {
    }

    private final VitConfig config;
    private final SplittableRandom random;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private TestWeights(VitConfig config, long seed) {
        this.config = config;
        random = new SplittableRandom(seed);
    }

    static TestWeights of(VitConfig config, long seed, Feature... features) {
        TestWeights weights = new TestWeights(config, seed);
        Set<Feature> all = EnumSet.noneOf(Feature.class);
        all.addAll(Arrays.asList(features));
        weights.fill(all);
        return weights;
    }

    /** A shape of small odd sides: 3 heads of 7 channels, 20 patches of 6 pixels. */
    static VitConfig config(Pooling pooling, boolean distilled) {
        return new VitConfig("test", 24, 30, 6, 21, 3, 3, 50, 11, pooling, distilled, 1e-6f);
    }

    VitConfig config() {
        return config;
    }

    private void fill(Set<Feature> features) {
        int width = config.width();
        int prefix = 0;
        if (!features.contains(Feature.NO_CLASS_TOKEN)) {
            prefix += put("cls_token", 0, 0.7, 1, 1, width)[1];
        }
        if (config.distilled()) {
            prefix += put("dist_token", 0, 0.7, 1, 1, width)[1];
        }
        if (features.contains(Feature.REGISTERS)) {
            prefix += put("reg_token", 0, 0.7, 1, 4, width)[1];
        }
        put("pos_embed", 0, 0.5, 1, config.patches() + (features.contains(Feature.NO_EMBED_CLASS) ? 0 : prefix), width);
        linear("patch_embed.proj", true, width, 3, config.patch(), config.patch());
        if (features.contains(Feature.NORM_PRE)) {
            norm("norm_pre", width);
        }
        for (int layer = 0; layer < config.depth(); layer++) {
            String name = "blocks." + layer + ".";
            norm(name + "norm1", width);
            linear(name + "attn.qkv", !features.contains(Feature.NO_QKV_BIAS), 3 * width, width);
            if (features.contains(Feature.QK_NORM)) {
                norm(name + "attn.q_norm", config.headDim());
                norm(name + "attn.k_norm", config.headDim());
            }
            linear(name + "attn.proj", true, width, width);
            norm(name + "norm2", width);
            linear(name + "mlp.fc1", true, config.mlpHidden(), width);
            linear(name + "mlp.fc2", true, width, config.mlpHidden());
            if (features.contains(Feature.LAYER_SCALE)) {
                put(name + "ls1.gamma", 0.5, 0.4, width);
                put(name + "ls2.gamma", 0.5, 0.4, width);
            }
        }
        norm(features.contains(Feature.FC_NORM) ? "fc_norm" : "norm", width);
        linear("head", true, config.classes(), width);
        if (config.distilled()) {
            linear("head_dist", true, config.classes(), width);
        }
    }

    private void norm(String name, int width) {
        put(name + ".weight", 1, 0.4, width);
        put(name + ".bias", 0, 0.3, width);
    }

    private void linear(String name, boolean bias, int... shape) {
        int in = 1;
        for (int i = 1; i < shape.length; i++) {
            in *= shape[i];
        }
        put(name + ".weight", 0, 2.2 / Math.sqrt(in), shape);
        if (bias) {
            put(name + ".bias", 0, 0.3, shape[0]);
        }
    }

    private int[] put(String name, double centre, double range, int... shape) {
        int length = 1;
        for (int side : shape) {
            length *= side;
        }
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (centre + random.nextDouble(-range, range));
        }
        tensors.put(name, new Tensor(shape, values));
        return shape;
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public int[] shape(String name) {
        return tensors.get(name).shape().clone();
    }

    @Override
    public float[] tensor(String name, int... expected) {
        assertThat(tensors).containsKey(name);
        assertThat(tensors.get(name).shape()).as(name).containsExactly(expected);
        return tensors.get(name).values().clone();
    }

    /** Returns a tensor's values, or null where there is none. */
    float[] values(String name) {
        return has(name) ? tensors.get(name).values() : null;
    }

    /** Runs one image of another size in double precision; {@code offset} is that of its first pixel. */
    DoubleVit exactly(int height, int width, float[] pixels, int offset) {
        VitConfig other = config.withImageSize(height, width);
        int patch = config.patch();
        float[] stored = values("pos_embed");
        float[] positions = PositionEmbedding.resize(stored, stored.length / config.width() - config.patches(),
                config.width(), config.imageHeight() / patch, config.imageWidth() / patch, height / patch,
                width / patch);
        return DoubleVit.run(name -> name.equals("pos_embed") ? positions : values(name),
                new DoubleVit.Shape(height, width, patch, other.width(), other.heads(),
                        other.pooling() == Pooling.AVERAGE, other.epsilon()), pixels, offset);
    }

    /** Returns seeded random images. */
    static float[] images(VitConfig config, int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] pixels = new float[count * 3 * config.imageHeight() * config.imageWidth()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextDouble(-2, 2);
        }
        return pixels;
    }
}
