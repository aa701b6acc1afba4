package leanvit.vit.grad;

import java.util.Arrays;
import java.util.function.Predicate;
import leanvit.kernels.FloatArena;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;

/**
 * A linear layer that learns, {@code y = scale * (x·Wᵀ + b)}; scale is the LayerScale that follows it, or 1.
 *
 * <pre>
 *   W [out, in], b [out], scale [out]
 *   x [R, in]     y [R, out]
 *   dx = dy·(scale * W)
 *   dW = (scale * dy)ᵀ·x        db = sum over rows of scale * dy
 *   dscale = sum over rows of dy * (x·Wᵀ + b) = rowSums(dyᵀ·x * W) + colSums(dy) * b
 * </pre>
 *
 * The last form of dscale needs nothing of the forward pass but x.
 */
final class Linear {

    private final Steps steps;
    private final float[] values;
    private final Parameter weight;
    private final Parameter bias;
    private final Parameter scale;
    private final int out;
    private final int in;
    private final boolean learns;
    private final PackedMatrix forward;
    private final PackedMatrix backward;
    private final float[] unscaled;

    /**
     * Makes a layer, whose weights are to be {@link #pack}ed.
     *
     * @param scale  LayerScale's name; there is none where the parameters do not have it
     * @param learns which parameters get gradients
     */
    Linear(Steps steps, Parameters parameters, String name, String scale, Predicate<Parameter> learns) {
        this.steps = steps;
        values = parameters.values();
        weight = parameters.get(name + ".weight");
        bias = parameters.has(name + ".bias") ? parameters.get(name + ".bias") : null;
        this.scale = scale != null && parameters.has(scale) ? parameters.get(scale) : null;
        out = weight.shape()[0];
        in = weight.length() / out;
        this.learns = learns.test(weight) || bias != null && learns.test(bias)
                || this.scale != null && learns.test(this.scale);
        FloatArena arena = new FloatArena(
                FloatArena.sizeOf(PackedMatrix.length(in, out), PackedMatrix.length(out, in)));
        forward = PackedMatrix.in(arena, in, out);
        backward = PackedMatrix.in(arena, out, in);
        unscaled = this.scale == null || !this.learns ? null : new float[out * in + out];
    }

    /** Returns the bytes that a layer's packed forms take. */
    static long bytes(int out, int in) {
        return Float.BYTES
                * FloatArena.sizeOf(PackedMatrix.length(in, out), PackedMatrix.length(out, in));
    }

    boolean learns() {
        return learns;
    }

    int in() {
        return in;
    }

    int out() {
        return out;
    }

    /** Packs the weights anew, after they changed. */
    void pack() {
        float[] w = values;
        int from = weight.offset();
        if (scale != null) {
            w = new float[out * in];
            from = 0;
            for (int i = 0; i < w.length; i++) {
                w[i] = values[weight.offset() + i] * values[scale.offset() + i / in];
            }
        }
        forward.repackTransposed(w, from, in);
        backward.repack(w, from, in);
        if (bias != null) {
            float[] b = new float[out];
            for (int i = 0; i < out; i++) {
                b[i] = values[bias.offset() + i] * (scale == null ? 1 : values[scale.offset() + i]);
            }
            forward.packBias(0, out, b, 0);
        }
    }

    /** y = x·Wᵀ + b, or with {@link Epilogue#RESIDUAL} added to y. */
    void forward(int rows, float[] x, int xo, Epilogue epilogue, float[] y, int yo) {
        steps.gemms().multiply(rows, x, xo, in, forward, epilogue, y, yo, out);
    }

    /** dx = dy·W, or with {@link Epilogue#PRODUCT} dx times that. */
    void backward(int rows, float[] dy, int dyo, Epilogue epilogue, float[] dx, int dxo) {
        steps.gemms().multiply(rows, dy, dyo, out, backward, epilogue, dx, dxo, in);
    }

    /**
     * Adds the gradients of weight, bias and scale.
     *
     * @param gradients an array of the parameters' layout
     */
    void parameters(int rows, float[] x, int xo, float[] dy, int dyo, float[] gradients) {
        if (!learns) {
            return;
        }
        if (scale == null) {
            steps.weightGradient(rows, out, in, x, xo, dy, dyo, gradients, weight.offset());
            if (bias != null) {
                steps.columnSums(rows, out, dy, dyo, gradients, bias.offset());
            }
            return;
        }
        Arrays.fill(unscaled, 0f);
        steps.weightGradient(rows, out, in, x, xo, dy, dyo, unscaled, 0);
        steps.columnSums(rows, out, dy, dyo, unscaled, out * in);
        for (int i = 0; i < out; i++) {
            float factor = values[scale.offset() + i];
            double sum = 0;
            for (int j = 0; j < in; j++) {
                float d = unscaled[i * in + j];
                sum += (double) d * values[weight.offset() + i * in + j];
                gradients[weight.offset() + i * in + j] += factor * d;
            }
            if (bias != null) {
                sum += (double) unscaled[out * in + i] * values[bias.offset() + i];
                gradients[bias.offset() + i] += factor * unscaled[out * in + i];
            }
            gradients[scale.offset() + i] += (float) sum;
        }
    }
}
