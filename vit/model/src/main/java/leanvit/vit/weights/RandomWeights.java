package leanvit.vit.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * Seeded random weights for an architecture of timm's, such as {@code vit_small_patch16_224}: to time a model, or to
 * test with it, without its file. Weights are uniform with standard deviation 0.02 (embeddings and linear layers),
 * norms are the identity, biases 0. Immutable.
 */
public final class RandomWeights implements TensorSource {

    /** A uniform variable in [-a, a) has the standard deviation a / sqrt(3). */
    private static final float RANGE = (float) (0.02 * Math.sqrt(3));

    /** Floats that {@link #rows} makes at a time. */
    private static final int ROWS_FLOATS = 1 << 14;

    private final VitConfig config;
    private final long seed;
    /** What the architecture's name says; null where it says nothing. */
    private final ArchitectureName known;

    private RandomWeights(VitConfig config, long seed) {
        this.config = config;
        this.seed = seed;
        known = ArchitectureName.parse(config.architecture());
    }

    /**
     * Returns weights for an architecture.
     *
     * @throws InvalidInputException if it is none of the known ones
     */
    public static RandomWeights of(String architecture, long seed) throws InvalidInputException {
        Fields fields = new Fields(Path.of("--arch"), "", Map.of("architecture", architecture));
        return of(TimmConfig.read(fields).config(), seed);
    }

    /** Returns weights for a shape. */
    public static RandomWeights of(VitConfig config, long seed) {
        return new RandomWeights(config, seed);
    }

    /** Returns the model's shape. */
    public VitConfig config() {
        return config;
    }

    @Override
    public boolean has(String name) {
        if (name.contains("q_norm") || name.contains("k_norm") || name.contains(".ls")
                || name.startsWith("patch_embed.norm") || name.startsWith("projection") || name.startsWith("pooler")
                || name.startsWith("rel_pos_bias")) {
            return false;
        }
        if (name.contains("mlp.norm") || name.contains("attn.norm")) {
            return known != null && known.innerNorm(name.contains("mlp.norm") ? "mlp" : "attn");
        }
        boolean beit = known != null && known.isBeit();
        return switch (name.substring(0, name.indexOf('.') < 0 ? name.length() : name.indexOf('.'))) {
            case "cls_token" -> config.pooling().readsClassToken() || known == null || known.classToken();
            case "dist_token" -> config.distilled();
            case "reg_token" -> registers() > 0;
            case "pos_embed" -> known == null || known.absolute();
            case "norm_pre" -> known != null && known.preNorm();
            case "attn_pool" -> config.pooling() == Pooling.ATTENTION;
            case "norm" -> !normsMean() && config.parts().finalNorm();
            case "fc_norm" -> normsMean() && config.parts().finalNorm();
            default -> beit || !name.endsWith("relative_position_bias_table");
        };
    }

    private boolean normsMean() {
        return config.pooling() == Pooling.AVERAGE && (known == null || known.normsMean());
    }

    private int registers() {
        return known == null ? 0 : known.registers();
    }

    @Override
    public int[] shape(String name) throws IOException {
        return switch (name) {
            case "cls_token", "dist_token" -> new int[] {1, 1, config.width()};
            case "reg_token" -> new int[] {1, registers(), config.width()};
            case "pos_embed" -> new int[] {1, config.patches() + (has("cls_token") ? 1 : 0)
                    + (config.distilled() ? 1 : 0) + registers(), config.width()};
            default -> throw new IOException("random weights have no fixed shape for tensor " + name);
        };
    }

    @Override
    public float[] tensor(String name, int... expected) {
        float[] values = new float[IntStream.of(expected).reduce(1, Math::multiplyExact)];
        fill(name, random(name), values, values.length);
        return values;
    }

    @Override
    public void rows(String name, RowConsumer consumer, int... expected) {
        int row = IntStream.of(expected).skip(1).reduce(1, Math::multiplyExact);
        int most = Math.max(1, ROWS_FLOATS / Math.max(1, row));
        float[] values = new float[Math.multiplyExact(Math.min(most, expected[0]), row)];
        SplittableRandom random = random(name);
        for (int first = 0; first < expected[0] && row > 0; first += most) {
            int count = Math.min(most, expected[0] - first);
            fill(name, random, values, count * row);
            consumer.rows(first, count, values);
        }
    }

    private SplittableRandom random(String name) {
        return new SplittableRandom(seed * 31 + name.hashCode());
    }

    private static void fill(String name, SplittableRandom random, float[] values, int count) {
        if (name.endsWith(".bias")) {
            Arrays.fill(values, 0, count, 0f);
        } else if (name.contains("norm")) {
            Arrays.fill(values, 0, count, 1f);
        } else {
            for (int i = 0; i < count; i++) {
                values[i] = ((random.nextInt() >> 8) * 0x1p-23f) * RANGE;
            }
        }
    }
}
