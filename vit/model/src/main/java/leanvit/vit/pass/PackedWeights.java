package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.FloatArena;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * Reads a model's linear layers into one arena, row by row: at no moment is a weight twice in memory. The arena is made
 * for all of a model's layers, since one large array is what collectors align (see {@link FloatArena}).
 */
final class PackedWeights {

    private final TensorSource tensors;
    private final FloatArena arena;

    PackedWeights(TensorSource tensors, VitConfig config) throws IOException {
        this.tensors = tensors;
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
        long pool = config.pooling() == VitConfig.Pooling.ATTENTION ? attention + up + down : 0;
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
            packRows(packed, first, count, values, stride);
        }, shape);
        if (tensors.has(name + ".bias")) {
            float[] bias = tensors.tensor(name + ".bias", out);
            for (int row = 0; gamma != null && row < out; row++) {
                bias[row] *= gamma[row];
            }
            packBias(packed, bias);
        }
        return packed;
    }

    private static void multiply(float[] values, int offset, int count, float factor) {
        for (int i = offset; i < offset + count; i++) {
            values[i] *= factor;
        }
    }

    private static void packRows(PackedMatrix[] packed, int first, int count, float[] values, int stride) {
        int begin = 0;
        for (PackedMatrix part : packed) {
            int from = Math.max(first, begin);
            int to = Math.min(first + count, begin + part.columns());
            if (from < to) {
                part.packRows(from - begin, to - from, values, (from - first) * stride, stride);
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
