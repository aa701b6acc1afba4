package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsWriterTest {

    @TempDir
    private Path directory;

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void replacesTheFileAsAWhole() throws IOException {
        Path path = directory.resolve("out.safetensors");
        new SafeTensorsWriter().floats("a", new float[] {1, 2}, 2).write(path);
        new SafeTensorsWriter().ints("b", new int[] {3}, 1).write(path);
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(file.names()).containsExactly("b");
        }
        assertThat(files()).containsExactly("out.safetensors");
    }

    @Test
    void leavesNothingWhereItFails() throws IOException {
        Path path = directory.resolve("out.safetensors");
        Files.writeString(path, "as it was");
        SafeTensorsWriter writer = new SafeTensorsWriter().floats("a", new float[100_000], 100_000)
                .add("b", DType.F32, 1, new int[] {1}, (out, first, count) -> {
                    throw new UncheckedIOException(new IOException("the disk is full"));
                });
        assertThatThrownBy(() -> writer.write(path)).isInstanceOf(UncheckedIOException.class);
        assertThat(files()).containsExactly("out.safetensors");
        assertThat(path).hasContent("as it was");
    }

    @Test
    void refusesPlacesWhereNoFileCanBe() throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter().floats("a", new float[1], 1);
        Path nowhere = directory.resolve("none/out.safetensors");
        assertThatThrownBy(() -> writer.write(nowhere)).isInstanceOf(InvalidInputException.class)
                .hasMessage(nowhere + ": cannot be written: its directory does not exist");
        assertThatThrownBy(() -> writer.write(directory)).isInstanceOf(InvalidInputException.class)
                .hasMessage(directory + ": cannot be written: it is a directory");
        assertThat(files()).isEmpty();
    }

    @Test
    void refusesTensorsThatCannotBe() {
        SafeTensorsWriter writer = new SafeTensorsWriter().floats("a", new float[6], 2, 3);
        assertThatThrownBy(() -> writer.floats("a", new float[1], 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a: a name that is taken");
        assertThatThrownBy(() -> writer.longs("__metadata__", new long[1], 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.floats("b", new float[6], 2, 2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("b: the shape asks for 4 values, came 6");
        assertThatThrownBy(() -> writer.floats("b", new float[1], -1, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.metadata("key", null)).isInstanceOf(NullPointerException.class);
    }
}
