package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import leanvit.reducers.Schedule;
import leanvit.reducers.Stages;
import leanvit.testdata.ChildJvm;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that {@code kill -9} ends in the middle of an epoch, taken up from what they left. */
class KilledRunTest {

    private static final int EPOCHS = 3;
    /** Of three steps an epoch: the last checkpoint is that of step 6. */
    private static final int KILLED_AFTER = 7;

    @TempDir
    private Path directory;

    /** A trainer of any method. */
    private interface Run {

        /** Trains; from a checkpoint where {@code from} is not null; returns what was learnt. */
        float[] train(Path checkpoint, Path from, TrainingListener listener) throws IOException;
    }

    private static Run run(String method) {
        TrainingOptions options = new TrainingOptions().epochs(EPOCHS).batch(8).seed(5)
                .augmentation(Augmentation.NONE);
        VitParameters model = Blobs.model();
        Blobs pictures = new Blobs(22, -1);
        return switch (method) {
            case "vit" -> (checkpoint, from, listener) -> {
                VitTrainer trainer = new VitTrainer(model, pictures, options.copy().ema(0.9));
                if (from != null) {
                    trainer.resume(from);
                }
                trainer.checkpoint(checkpoint, 0).train(listener);
                return model.parameters().values();
            };
            case "ltmp" -> (checkpoint, from, listener) -> {
                LtmpTrainer trainer = new LtmpTrainer(model, pictures, new LtmpPass.Settings(0.5), options)
                        .rates(3e-3, 3e-2);
                if (from != null) {
                    trainer.resume(from);
                }
                trainer.checkpoint(checkpoint, 0).train(listener);
                return trainer.thresholds().merge();
            };
            default -> (checkpoint, from, listener) -> {
                DTpsTrainer trainer = new DTpsTrainer(model, pictures, new Schedule.KeepOfInitial(List.of(0.5),
                        new Stages(List.of(1))), new DTpsTrainer.Method(true, true, 0.1), options.copy().rate(1e-2));
                if (from != null) {
                    trainer.resume(from);
                }
                trainer.checkpoint(checkpoint, 0).train(listener);
                // The model learns beside the predictors, from their gradients.
                return model.parameters().values();
            };
        };
    }

    /** Trains until it kills itself. */
    static final class Killed {

        private Killed() {
        }

        public static void main(String[] arguments) throws IOException {
            run(arguments[0]).train(Path.of(arguments[1]), null, progress -> {
                if (progress.step() == KILLED_AFTER) {
                    kill();
                }
                return true;
            });
            System.out.println("not killed");
        }

        private static void kill() {
            try {
                new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid())).start();
                Thread.sleep(60_000);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "ltmp", "dtps"})
    @EnabledOnOs(OS.LINUX)
    void whatItLeftGoesOnToTheSameBits(String method) throws IOException, InterruptedException {
        Path checkpoint = directory.resolve("run");
        List<String> lines = ChildJvm.likeThis().by("sh", "-c", "\"$@\"; echo status $?", "sh")
                .run(Killed.class, method, checkpoint.toString());
        assertThat(lines).last().isEqualTo("status 137");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(checkpoint);
        }
        long[] first = {0};
        float[] resumed = run(method).train(checkpoint, checkpoint, progress -> {
            first[0] = first[0] == 0 ? progress.step() : first[0];
            return true;
        });
        assertThat(first[0]).as("the first step after the epoch's last").isEqualTo(KILLED_AFTER);
        assertThat(resumed).isEqualTo(run(method).train(directory.resolve("other"), null, progress -> true));
    }
}
