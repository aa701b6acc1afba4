package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import leanvit.vit.weights.SafeTensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train ltmp} and {@code train dtps} with the demo model and a few drawn pictures. */
class TrainLtmpCommandTest {

    @TempDir
    private Path directory;
    private Path data;

    @BeforeEach
    void drawPictures() throws IOException {
        data = directory.resolve("data");
        Cli.run("data", "generate", "--images", 12, "--size", 96, "--output", data).succeeded();
        Files.delete(data.resolve("labels.txt"));
    }

    private Cli train(String method, Path output, Object... more) {
        Object[] words = {"train", method, "--data", data, "--epochs", 2, "--batch", 4, "--output", output};
        Object[] all = new Object[words.length + more.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return Cli.run(all);
    }

    @Test
    void thresholdsOfAStoppedRunAreThoseOfOneThatWasNot() throws IOException {
        Path whole = directory.resolve("whole.safetensors");
        Cli done = train("ltmp", whole, "--hold-out", 0.34, "--target", 0.6, "--threads", 2, "--calibrate");
        assertThat(done.status()).isZero();
        assertThat(done.out()).contains("8 pictures to learn from, 4 held out, 4 steps", "epoch 2 of 2, step 4: loss ",
                ", r_flops ", "4 held-out pictures at inference: ", ", target 0.6", "tokens after each block: ",
                "saved " + whole);
        Path parts = directory.resolve("parts.safetensors");
        Cli stopped = train("ltmp", parts, "--hold-out", 0.34, "--target", 0.6, "--minutes", "1e-9");
        assertThat(stopped.succeeded().out())
                .contains("stopped after step 1 of 4; --resume goes on");
        train("ltmp", parts, "--target", 0.6).failed(directory.resolve("parts.safetensors.run")
                + ": a run that was stopped; --resume takes it up, or delete it to begin anew");
        assertThat(train("ltmp", parts, "--hold-out", 0.34, "--target", 0.5, "--resume").err())
                .contains("another run: pass is ");
        Cli resumed = train("ltmp", parts, "--hold-out", 0.34, "--target", 0.6, "--resume", "--calibrate");
        assertThat(resumed.status()).isZero();
        assertThat(resumed.out()).contains("of the multiply-accumulates before calibration");
        assertThat(Files.readAllBytes(parts)).isEqualTo(Files.readAllBytes(whole));
        assertThat(Cli.files(directory)).containsExactly("data", "parts.safetensors", "whole.safetensors");
        Path cup = Cli.PICTURES.resolve("cup.png");
        Cli.run("classify", cup, "--reducer", "ltmp:thresholds=" + whole).succeeded();
    }

    @Test
    void oneKindOfThresholdCanBeLearntAloneAndPicturesThatCannotBeReadAreLeftOut() throws IOException {
        Path first;
        try (var files = Files.list(data)) {
            first = files.filter(file -> file.toString().endsWith(".png")).sorted().findFirst().orElseThrow();
        }
        Files.writeString(first, "no picture");
        Path output = directory.resolve("t.safetensors");
        Cli held = train("ltmp", output, "--target", 0.8, "--prune-only", "--hold-out", 0.9, "--seed", 2);
        assertThat(held.out()).contains("1 pictures could not be read and were left out");
        assertThat(held.err()).contains("warning: " + first + ": ", "; left out");
        Cli done = train("ltmp", output, "--target", 0.8, "--prune-only", "--json", "--hold-out", 0);
        assertThat(done.status()).isZero();
        assertThat(done.err()).contains("warning: " + first + ": ", "; left out");
        assertThat(done.object()).containsEntry("skipped", 1L).containsEntry("held_out", 0L)
                .containsKeys("macs_ratio", "tokens", "top1", "top1_dense", "gmacs");
        try (SafeTensors file = SafeTensors.open(output)) {
            assertThat(file.names()).containsExactly("prune");
        }
    }

    @Test
    void predictorsAreLearntAndServe() throws IOException {
        Path output = directory.resolve("p.safetensors");
        Path model = directory.resolve("model");
        Cli done = train("dtps", output, "--keep", 0.5, "--layers", "1,3", "--squeeze", "off", "--finetune", model,
                "--json");
        assertThat(done.succeeded().object()).containsKeys("macs_ratio", "top1");
        Cli.run("classify", Cli.PICTURES.resolve("cup.png"), "--model", model, "--reducer",
                "dtps:keep=0.5,layers=1/3,predictors=" + output).succeeded();
        assertThat(Cli.files(directory)).containsExactly("data", "model", "p.safetensors");
    }

    @Test
    void whatCannotBeIsRefusedByName() throws IOException {
        Path output = directory.resolve("t");
        train("ltmp", output).refused("train ltmp", "--target is missing");
        assertThat(train("ltmp", output, "--target", 0).err()).contains("target=0.0, expected a number above 0");
        assertThat(train("ltmp", output, "--target", 1.5).status()).isEqualTo(2);
        train("ltmp", output, "--target", 0.5, "--merge-only", "--prune-only").refused("train ltmp",
                "--merge-only and --prune-only: give one of them");
        train("dtps", output, "--lr-model", 0.5).refused("train dtps", "--lr-model goes with --finetune");
        train("dtps", output, "--squeeze", "perhaps").refused("train dtps",
                "--squeeze: expected on or off, came perhaps");
        assertThat(train("dtps", output, "--layers", "9").err()).contains("9").contains("6 blocks");
        train("ltmp", directory.resolve("none/t"), "--target", 0.5).failed(directory.resolve("none/t")
                + ": cannot be written: its directory does not exist");
        Files.writeString(data.resolve("labels.csv"), "file,label\n");
        train("ltmp", output, "--target", 0.5).failed(data.resolve("labels.csv") + ": lists no pictures");
    }
}
