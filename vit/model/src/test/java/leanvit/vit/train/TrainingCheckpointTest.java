package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import leanvit.testdata.ChildJvm;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TrainingCheckpointTest {

    @TempDir
    private Path directory;
    private Path file;
    private final float[] values = {1, 2, 3};
    private final AdamW optimizer = new AdamW(3, List.of(new ParameterSlice(0, 3, 1, 0)));
    private final Ema ema = new Ema(values, 0.9);

    @BeforeEach
    void file() {
        file = directory.resolve("run.safetensors");
    }

    private TrainingCheckpoint checkpoint(double rate) {
        return new TrainingCheckpoint("train test").setting("lr", rate)
                .setting("model", TrainingCheckpoint.fingerprint(new float[] {1, 2, 3}))
                .part("", TrainingCheckpoint.values(values)).part("optimizer.", optimizer).part("ema.", ema);
    }

    @Test
    void aRunGoesOnFromWhatWasSaved() throws IOException {
        optimizer.step(values, new float[] {1, -1, 2}, 0.1);
        ema.update(values);
        float[] before = values.clone();
        float[] average = ema.values().clone();
        checkpoint(0.1).save(file, 17);
        optimizer.step(values, new float[] {5, -5, 5}, 0.1);
        ema.update(values);
        assertThat(checkpoint(0.1).resume(file)).isEqualTo(17);
        assertThat(values).isEqualTo(before);
        assertThat(ema.values()).isEqualTo(average);
        assertThat(optimizer.steps()).isEqualTo(1);
    }

    @Test
    void aCheckpointOfAnotherRunIsRefusedByName() throws IOException {
        checkpoint(0.1).save(file, 17);
        assertThatThrownBy(() -> checkpoint(0.2).resume(file)).isInstanceOf(InvalidInputException.class)
                .hasMessage(file + ": a checkpoint of another run: lr is \"0.1\", expected \"0.2\"");
        assertThatThrownBy(() -> checkpoint(0.1).setting("seed", 1).resume(file))
                .hasMessageContaining("seed is not said there");
        String same = "the same for long ".repeat(9);
        new TrainingCheckpoint("long").setting("model", same + "once").save(file, 1);
        assertThatThrownBy(() -> new TrainingCheckpoint("long").setting("model", same + "now").resume(file))
                .hasMessage(file + ": a checkpoint of another run: model is "
                        + "\"... long the same for long once\", expected \"... long the same for long now\"");
        checkpoint(0.1).save(file, 17);
        assertThatThrownBy(() -> new TrainingCheckpoint("train test").setting("lr", 0.1).resume(file))
                .hasMessageContaining("it has a setting \"model\"");
        assertThatThrownBy(() -> new TrainingCheckpoint("train other").resume(file))
                .hasMessageContaining("expected a checkpoint of \"train other\", came \"train test\"");
        new SafeTensorsWriter().floats("x", new float[1], 1).write(file);
        assertThatThrownBy(() -> checkpoint(0.1).resume(file)).hasMessageContaining("came none of a run");
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> checkpoint(0.1).resume(missing)).hasMessage(missing + ": no such file");
    }

    @Test
    void aPartOfAnotherLengthIsRefusedByName() throws IOException {
        new TrainingCheckpoint("train test").part("", TrainingCheckpoint.values(new float[2])).save(file, 1);
        assertThatThrownBy(() -> new TrainingCheckpoint("train test")
                .part("", TrainingCheckpoint.values(values)).resume(file))
                .hasMessage(file + ": tensor \"values\": expected shape [3], came [2]");
        assertThatThrownBy(() -> new TrainingCheckpoint("train test").part("o.", optimizer).resume(file))
                .hasMessage(file + ": tensor \"o.adamw.mean\": missing");
    }

    /** Saves a small run and then one that is too large for the file system. */
    static final class FullDisk {

        private FullDisk() {
        }

        public static void main(String[] arguments) throws IOException {
            Path file = Path.of(arguments[0]);
            new TrainingCheckpoint("small").part("", TrainingCheckpoint.values(new float[] {1, 2})).save(file, 3);
            try {
                new TrainingCheckpoint("large").part("", TrainingCheckpoint.values(new float[1 << 20])).save(file, 4);
                System.out.println("saved");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void whereTheDiskIsFullTheOldOneStays() throws IOException, InterruptedException {
        // No file may grow beyond 256 KiB.
        List<String> lines = ChildJvm.plain().with("-XX:-UsePerfData")
                .by("sh", "-c", "ulimit -f 512; exec \"$@\"", "sh").run(FullDisk.class, file.toString());
        assertThat(lines.get(lines.size() - 1)).startsWith(file + ": cannot be written: ")
                .endsWith("; what was there stays");
        float[] read = new float[2];
        assertThat(new TrainingCheckpoint("small").part("", TrainingCheckpoint.values(read)).resume(file)).isEqualTo(3);
        assertThat(read).containsExactly(1, 2);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void fingerprintsTellBitsApart() {
        assertThat(TrainingCheckpoint.fingerprint(new float[] {0f})).hasSize(64)
                .isNotEqualTo(TrainingCheckpoint.fingerprint(new float[] {-0f}));
        assertThat(TrainingCheckpoint.fingerprint(new float[9999]))
                .isNotEqualTo(TrainingCheckpoint.fingerprint(new float[9998]));
    }
}
