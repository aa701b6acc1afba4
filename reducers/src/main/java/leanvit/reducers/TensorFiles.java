package leanvit.reducers;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** Reads files of named tensors for a reducer that brings learned values (LTMP's thresholds, dTPS's predictors). */
@FunctionalInterface
public interface TensorFiles {

    /**
     * Reads a file.
     *
     * @param path the file, as the SPEC names it
     * @return its tensors by name
     * @throws IOException where it cannot be read; the message names the file
     */
    Map<String, Tensor> read(String path) throws IOException;

    /**
     * A tensor. The arrays are not copied: whoever makes or reads one leaves them as they are.
     *
     * @param shape  its dimensions, each at least 0
     * @param values its values, row-major, as many as the dimensions multiply to
     */
    record Tensor(int[] shape, float[] values) {

        /**
         * Checks the shape.
         *
         * @throws IllegalArgumentException where there are not as many values as the shape says
         */
        public Tensor {
            long length = 1;
            for (int size : shape) {
                length = size < 0 || length > Integer.MAX_VALUE ? -1 : length * size;
            }
            if (length != values.length) {
                throw new IllegalArgumentException(
                        "a tensor of shape " + Arrays.toString(shape) + " cannot have " + values.length + " values");
            }
        }
    }
}
