package leanvit.vit.train;

import java.util.Arrays;
import java.util.List;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * What a model begins with that is trained from scratch on little data: linear layers by Glorot and Bengio (2010); the
 * position embedding of two-dimensional sines and cosines (Beyer et al. 2022), learnt from there; and keys' weights
 * equal to the queries', so that at first a token looks at those that are like it and near it, as in trained models
 * (after Trockman and Kolter 2023).
 */
public final class FreshWeights {

    private static final double TOKEN_RANGE = 0.02 * Math.sqrt(3);
    private static final double POSITION_SCALE = 0.5;
    private static final double LARGEST_WAVE = 30;

    private FreshWeights() {
    }

    /**
     * Makes a model.
     *
     * @param labels the classes' names, as many as {@code config} has classes, or none
     * @throws IllegalArgumentException if timm's {@code config.json} cannot say what the arguments do
     */
    public static VitParameters of(VitConfig config, Preprocessing preprocessing, List<String> labels, long seed) {
        VitParameters model = VitParameters.random(config, preprocessing, labels, seed);
        float[] values = model.parameters().values();
        int width = config.width();
        for (Parameter parameter : model.parameters().all()) {
            RandomStream random = RandomStream.of(seed, parameter.offset());
            int rows = parameter.shape()[0];
            int from = parameter.offset();
            if (parameter.name().endsWith("_token")) {
                uniform(random, values, from, parameter.length(), TOKEN_RANGE);
            } else if (parameter.name().equals("pos_embed")) {
                positions(config, values, from, parameter.length());
            } else if (parameter.decays() && parameter.name().endsWith("qkv.weight")) {
                uniform(random, values, from, parameter.length(), Math.sqrt(6.0 / (2 * width)));
                System.arraycopy(values, from, values, from + width * width, width * width);
            } else if (parameter.decays()) {
                int columns = parameter.length() / rows;
                uniform(random, values, from, parameter.length(), Math.sqrt(6.0 / (rows + columns)));
            }
        }
        return model;
    }

    private static void uniform(RandomStream random, float[] values, int from, int count, double range) {
        for (int i = from; i < from + count; i++) {
            values[i] = (float) random.between(-range, range);
        }
    }

    /** A quarter of the channels each: sine and cosine of the row, then of the column. */
    private static void positions(VitConfig config, float[] values, int from, int length) {
        int width = config.width();
        int columns = config.imageWidth() / config.patch();
        int prefix = length / width - config.patches();
        int quarter = width / 4;
        Arrays.fill(values, from, from + length, 0f);
        for (int patch = 0; patch < config.patches(); patch++) {
            int at = from + (prefix + patch) * width;
            for (int k = 0; k < quarter; k++) {
                double wave = StrictMath.pow(LARGEST_WAVE, (double) k / quarter);
                double row = patch / columns / wave;
                double column = patch % columns / wave;
                values[at + k] = (float) (POSITION_SCALE * StrictMath.sin(row));
                values[at + quarter + k] = (float) (POSITION_SCALE * StrictMath.cos(row));
                values[at + 2 * quarter + k] = (float) (POSITION_SCALE * StrictMath.sin(column));
                values[at + 3 * quarter + k] = (float) (POSITION_SCALE * StrictMath.cos(column));
            }
        }
    }
}
