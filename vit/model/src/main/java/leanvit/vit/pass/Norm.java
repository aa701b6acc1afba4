package leanvit.vit.pass;

import java.io.IOException;
import leanvit.kernels.LayerNorm;
import leanvit.kernels.RmsNorm;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/** A norm's parameters; the bias is null where it is one by the root mean square. */
public record Norm(float[] weight, float[] bias, float epsilon) {

    /** Reads {@code name.weight} and {@code name.bias}; null where the model has no such norm. */
    static Norm read(TensorSource tensors, String name, int width, VitConfig config) throws IOException {
        if (!tensors.has(name + ".weight")) {
            return null;
        }
        float[] bias = config.parts().norm() == NormKind.RMS ? null
                : tensors.has(name + ".bias") ? tensors.tensor(name + ".bias", width) : new float[width];
        return new Norm(tensors.tensor(name + ".weight", width), bias, config.epsilon());
    }

    public void rows(float[] x, int offset, int stride, int rows, float[] out, int outOffset, int outStride) {
        if (bias == null) {
            RmsNorm.rows(x, offset, stride, rows, weight.length, weight, epsilon, out, outOffset, outStride);
        } else {
            LayerNorm.rows(x, offset, stride, rows, weight.length, weight, bias, epsilon, out, outOffset, outStride);
        }
    }
}
