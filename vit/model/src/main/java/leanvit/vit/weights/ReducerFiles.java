package leanvit.vit.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import leanvit.reducers.TensorFiles;

/**
 * Reads the safetensors files that a reducer's SPEC names, such as LTMP's thresholds or dTPS's predictors:
 *
 * <pre>{@code
 * TokenReducer reducer = Reducers.parse("ltmp:thresholds=t.safetensors", ReducerFiles.from(Path.of("models")));
 * }</pre>
 */
public final class ReducerFiles {

    private ReducerFiles() {
    }

    /**
     * Returns a reader of files below a folder; absolute paths are taken as they are. Values become float32, as
     * {@link SafeTensors#floats} has them. Safe for use by several threads at once.
     *
     * @param base the folder; {@code Path.of("")} is the current one
     */
    public static TensorFiles from(Path base) {
        return path -> {
            try (SafeTensors source = SafeTensors.open(base.resolve(path))) {
                return read(source);
            }
        };
    }

    /** Returns all tensors of a file that is open, as float32. */
    public static Map<String, TensorFiles.Tensor> read(SafeTensors file) throws IOException {
        Map<String, TensorFiles.Tensor> tensors = new LinkedHashMap<>();
        for (String name : file.names()) {
            tensors.put(name, new TensorFiles.Tensor(file.shape(name), file.floats(name)));
        }
        return tensors;
    }
}
