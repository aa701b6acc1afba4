package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.LayerNorm;
import leanvit.vit.weights.TensorSource;

/** A LayerNorm's parameters. */
public record Norm(float[] weight, float[] bias, float epsilon) {

    /** Reads {@code name.weight} and {@code name.bias}; null where the model has no such norm. */
    static Norm read(TensorSource tensors, String name, int width, float epsilon) throws IOException {
        if (!tensors.has(name + ".weight")) {
            return null;
        }
        float[] bias = tensors.has(name + ".bias") ? tensors.tensor(name + ".bias", width) : new float[width];
        return new Norm(tensors.tensor(name + ".weight", width), bias, epsilon);
    }

    public void rows(float[] x, int offset, int stride, int rows, float[] out, int outOffset, int outStride) {
        LayerNorm.rows(x, offset, stride, rows, weight.length, weight, bias, epsilon, out, outOffset, outStride);
    }
}
