package leanvit.vit.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
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

    private RandomWeights(VitConfig config, long seed) {
        this.config = config;
        this.seed = seed;
    }

    /**
     * Returns weights for an architecture.
     *
     * @throws InvalidInputException if it is none of the known ones
     */
    public static RandomWeights of(String architecture, long seed) throws InvalidInputException {
        String settings = new JsonWriter().tree(Map.of("architecture", architecture)).toString();
        Fields fields = Fields.parse(Path.of("--arch"), settings.getBytes(StandardCharsets.UTF_8));
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
        if (name.startsWith("reg_token") || name.contains("q_norm") || name.contains("k_norm") || name.contains(".ls")
                || name.startsWith("norm_pre")) {
            return false;
        }
        if (name.startsWith("dist_token")) {
            return config.distilled();
        }
        return !name.startsWith(config.pooling() == Pooling.AVERAGE ? "norm." : "fc_norm.");
    }

    @Override
    public int[] shape(String name) throws IOException {
        return switch (name) {
            case "cls_token", "dist_token" -> new int[] {1, 1, config.width()};
            case "pos_embed" -> new int[] {1, config.patches() + (config.distilled() ? 2 : 1), config.width()};
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
