package leanvit.reducers;

import java.util.Arrays;
import java.util.Map;

/** Takes tensors out of a file by name and shape. */
final class Tensors {

    private Tensors() {
    }

    /** Returns a tensor, or refuses the file that lacks it. */
    static TensorFiles.Tensor tensor(Map<String, TensorFiles.Tensor> tensors, String name, String file) {
        TensorFiles.Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidSpecException(file + ": tensor " + name + " is missing");
        }
        return tensor;
    }

    /**
     * Returns a tensor's values, or refuses the file that lacks it, gives it another shape, or has NaN or infinities in
     * it.
     */
    static float[] values(Map<String, TensorFiles.Tensor> tensors, String name, String file, int... shape) {
        TensorFiles.Tensor tensor = tensor(tensors, name, file);
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw new InvalidSpecException(file + ": tensor " + name + " has shape " + Arrays.toString(tensor.shape())
                    + ", expected " + Arrays.toString(shape));
        }
        for (float value : tensor.values()) {
            if (!Float.isFinite(value)) {
                throw new InvalidSpecException(
                        file + ": tensor " + name + " holds " + value + ", expected finite values");
            }
        }
        return tensor.values();
    }
}
