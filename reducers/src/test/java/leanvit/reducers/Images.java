package leanvit.reducers;

import java.util.Random;

/** Images as a host shows them to a reducer, with random contents. */
final class Images {

    private Images() {
    }

    static ModelShape shape(int depth, int width, int heads, int prefix, int patches) {
        return new ModelShape(depth, width, heads, prefix, patches);
    }

    /**
     * An image of {@code count} tokens in block {@code layer}, sizes 1, everything else random but as attention has it.
     */
    static LayerTokens random(ModelShape model, int layer, int count, long seed) {
        LayerTokens tokens = new LayerTokens();
        fill(tokens, model, layer, count, seed);
        return tokens;
    }

    /** As {@link #random}, into an instance that showed other images before. */
    static void fill(LayerTokens tokens, ModelShape model, int layer, int count, long seed) {
        Random random = new Random(seed);
        int offset = random.nextInt(5);
        float[] rows = gaussians(random, offset + count * model.width() + 3);
        tokens.reset(model, layer, count, rows, offset);
        gaussians(random, tokens.prepare(Need.MEAN_KEY), count * model.headDim());
        distribution(random, tokens.prepare(Need.CLASS_ATTENTION), count);
        distribution(random, tokens.prepare(Need.COLUMN_ATTENTION), count);
        float[] headMax = tokens.prepare(Need.HEAD_MAX_ATTENTION);
        for (int j = 0; j < count; j++) {
            headMax[j] = j < model.prefix() ? 0 : random.nextFloat() * 3;
        }
        gaussians(random, tokens.prepare(Need.HEAD_MAX_VALUE), count);
        float[] sizes = tokens.prepareSizes();
        for (int j = 0; j < count; j++) {
            sizes[j] = 1;
        }
    }

    /** Gives the patches sizes of 1 to 4, as after a few merges. */
    static void randomSizes(LayerTokens tokens, long seed) {
        Random random = new Random(seed);
        for (int j = tokens.prefix(); j < tokens.count(); j++) {
            tokens.sizes()[j] = 1 + random.nextInt(4);
        }
    }

    /** Runs a reducer as the host does, and checks what every map has to be. */
    static TokenMap reduce(TokenReducer reducer, LayerTokens tokens) {
        TokenMap map = new TokenMap();
        map.reset(tokens.count());
        reducer.reduce(tokens, map);
        map.checkComplete(reducer);
        return map;
    }

    /** The reduced rows, contiguous. */
    static float[] apply(TokenMap map, LayerTokens tokens) {
        int width = tokens.model().width();
        float[] out = new float[map.outputs() * width];
        map.apply(tokens.rows(), tokens.rowOffset(0), width, out, 0);
        return out;
    }

    static float[] applySizes(TokenMap map, LayerTokens tokens) {
        float[] out = new float[map.outputs()];
        map.applySizes(tokens.sizes(), 0, out, 0);
        return out;
    }

    static int[] targets(TokenMap map) {
        int[] targets = new int[map.inputs()];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = map.target(i);
        }
        return targets;
    }

    /** The inputs that are the only ones of their output, by output; -1 where several are. */
    static int[] soleInputs(TokenMap map) {
        int[] sole = new int[map.outputs()];
        for (int i = 0; i < map.inputs(); i++) {
            if (map.target(i) >= 0) {
                sole[map.target(i)] = map.contributors(map.target(i)) == 1 ? i : -1;
            }
        }
        return sole;
    }

    static float[] gaussians(Random random, int length) {
        return gaussians(random, new float[length], length);
    }

    private static float[] gaussians(Random random, float[] values, int length) {
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void distribution(Random random, float[] values, int count) {
        float sum = 0;
        for (int j = 0; j < count; j++) {
            values[j] = (float) Math.exp(random.nextGaussian());
            sum += values[j];
        }
        for (int j = 0; j < count; j++) {
            values[j] /= sum;
        }
    }
}
