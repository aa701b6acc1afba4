package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.FloatArena;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * Reads a model's linear layers into one arena, row by row: at no moment is a weight twice in memory. The arena is made
 * for all of a model's layers, since one large array is what collectors align (see {@link FloatArena}).
 */
final class PackedWeights {

    private final TensorSource tensors;
    private final VitConfig config;
    private final FloatArena arena;

    PackedWeights(TensorSource tensors, VitConfig config) throws IOException {
        this.tensors = tensors;
        this.config = config;
        arena = new FloatArena(size(config) + sizeOf("projection", config) + sizeOf("pooler.dense", config));
    }

    /** Returns the floats of a layer that the model may have behind its pooling. */
    private long sizeOf(String layer, VitConfig config) throws IOException {
        return tensors.has(layer + ".weight") ? FloatArena.sizeOf(
                PackedMatrix.length(config.width(), tensors.shape(layer + ".weight")[0])) : 0;
    }

    /** Returns the floats that all other layers of a model take. */
    private static long size(VitConfig config) {
        int width = config.width();
        int hidden = config.mlpHidden();
        long up = FloatArena.sizeOf(PackedMatrix.length(width, hidden));
        long down = FloatArena.sizeOf(PackedMatrix.length(hidden, width));
        long attention = FloatArena.sizeOf(PackedMatrix.length(width, width), PackedMatrix.length(width, 2 * width),
                PackedMatrix.length(width, width));
        long block = attention + (config.parts().gated() ? 2 : 1) * up + down;
        long pool = config.pooling() != VitConfig.Pooling.ATTENTION ? 0 : attention + FloatArena.sizeOf(
                PackedMatrix.length(width, config.poolHidden()), PackedMatrix.length(config.poolHidden(), width));
        int headWidth = config.pooling() == VitConfig.Pooling.TOKEN_AND_AVERAGE ? 2 * width : width;
        long head = config.classes() == 0 ? 0 : FloatArena.sizeOf(PackedMatrix.length(headWidth, config.classes()));
        long patches = FloatArena.sizeOf(PackedMatrix.length(3 * config.patch() * config.patch(), width));
        return patches + config.depth() * block + pool + (config.distilled() ? 2 : 1) * head;
    }

    /**
     * Packs the linear layer {@code name}, [out, in].
     *
     * @param scale the tensor that multiplies the layer's rows and bias (LayerScale); 1 where it is null or missing
     */
    PackedMatrix linear(String name, int out, int in, String scale) throws IOException {
        return parts(name, new int[] {out, in}, scale, out)[0];
    }

    /**
     * Packs parts of a layer apart.
     *
     * @param shape the weight's shape, the outputs first
     * @param parts the number of outputs in each part, one part after another; their sum is {@code shape[0]}
     */
    PackedMatrix[] parts(String name, int[] shape, String scale, int... parts) throws IOException {
        return parts(name, shape, scale, null, parts);
    }

    /**
     * Packs a layer that makes queries, keys and values: the queries' part, and that of keys and values. Where rotary
     * positions pair neighbours, channels 2k and 2k + 1 of each head of queries and keys, these get the places k and
     * k + d/2, which {@link leanvit.kernels.Rotary} pairs; a query's product with a key stays what it is.
     */
    PackedMatrix[] queriesKeysValues(String name) throws IOException {
        int width = config.width();
        Parts.Rotary rotary = config.parts().rotary();
        int[] places = rotary == null || !rotary.interleaved() ? null : new int[3 * width];
        for (int row = 0; places != null && row < places.length; row++) {
            int d = config.headDim();
            int channel = row % d;
            places[row] = row >= 2 * width ? row : row - channel + channel % 2 * (d / 2) + channel / 2;
        }
        return parts(name, new int[] {3 * width, width}, null, places, width, 2 * width);
    }

    /** As above; {@code places[i]} is where row i of the file's goes, null for its own place. */
    private PackedMatrix[] parts(String name, int[] shape, String scale, int[] places, int... parts)
            throws IOException {
        int in = 1;
        for (int side = 1; side < shape.length; side++) {
            in *= shape[side];
        }
        PackedMatrix[] packed = new PackedMatrix[parts.length];
        for (int i = 0; i < parts.length; i++) {
            packed[i] = PackedMatrix.in(arena, in, parts[i]);
        }
        int out = shape[0];
        int stride = in;
        float[] gamma = scale != null && tensors.has(scale) ? tensors.tensor(scale, out) : null;
        tensors.rows(name + ".weight", (first, count, values) -> {
            for (int row = 0; gamma != null && row < count; row++) {
                multiply(values, row * stride, stride, gamma[first + row]);
            }
            for (int row = 0; places != null && row < count; row++) {
                packRows(packed, places[first + row], 1, values, row * stride, stride);
            }
            if (places == null) {
                packRows(packed, first, count, values, 0, stride);
            }
        }, shape);
        if (tensors.has(name + ".bias")) {
            float[] bias = tensors.tensor(name + ".bias", out);
            for (int row = 0; gamma != null && row < out; row++) {
                bias[row] *= gamma[row];
            }
            packBias(packed, places == null ? bias : placed(bias, places));
        }
        return packed;
    }

    private static void multiply(float[] values, int offset, int count, float factor) {
        for (int i = offset; i < offset + count; i++) {
            values[i] *= factor;
        }
    }

    private static float[] placed(float[] values, int... places) {
        float[] placed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            placed[places[i]] = values[i];
        }
        return placed;
    }

    private static void packRows(PackedMatrix[] packed, int first, int count, float[] values, int offset,
            int stride) {
        int begin = 0;
        for (PackedMatrix part : packed) {
            int from = Math.max(first, begin);
            int to = Math.min(first + count, begin + part.columns());
            if (from < to) {
                part.packRows(from - begin, to - from, values, offset + (from - first) * stride, stride);
            }
            begin += part.columns();
        }
    }

    private static void packBias(PackedMatrix[] packed, float[] bias) {
        int begin = 0;
        for (PackedMatrix part : packed) {
            part.packBias(0, part.columns(), bias, begin);
            begin += part.columns();
        }
    }
}
