package leanvit.reducers;

import java.io.IOException;
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
     * A tensor.
     *
     * @param shape  its dimensions
     * @param values its values, row-major
     */
    record Tensor(int[] shape, float[] values) {
    }
}
