package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import leanvit.reducers.Reducers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReducerFilesTest {

    @TempDir
    private Path directory;

    @Test
    void aSpecsFileIsReadInOneCall() throws IOException {
        new SafeTensorsWriter().floats("merge", new float[] {0.9f, 0.8f}, 2)
                .floats("prune", new float[] {0.1f, 0.2f}, 2)
                .ints("epoch", new int[] {7}, 1).write(directory.resolve("t.safetensors"));
        assertThat(ReducerFiles.from(directory).read("t.safetensors").get("epoch").values()).containsExactly(7f);
        assertThat(Reducers.parse("ltmp:thresholds=t.safetensors", ReducerFiles.from(directory)).spec())
                .startsWith("ltmp:");
    }
}
