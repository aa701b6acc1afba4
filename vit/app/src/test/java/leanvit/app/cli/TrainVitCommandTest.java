package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainVitCommandTest {

    @TempDir
    private Path directory;

    private Cli small(Path output, Object... more) {
        Object[] words = {"train", "vit", "--generated", 32, "--epochs", 2, "--batch", 16, "--size", 32, "--width", 24,
            "--depth", 2, "--patch-loss", 1, "--output", output};
        Object[] all = new Object[words.length + more.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return Cli.run(all);
    }

    @Test
    void aRunThatIsStoppedAndResumedGivesTheBytesOfOneThatIsNot() throws IOException {
        Path whole = directory.resolve("whole");
        String out = small(whole, "--threads", 2).succeeded().out();
        assertThat(out).contains("32 pictures, 16 classes", "epoch 2 of 2, step 4: loss ", "of 2000 held-out pictures",
                "saved " + whole);
        Path parts = directory.resolve("parts");
        assertThat(small(parts, "--minutes", "1e-9").succeeded().out()).contains("stopped after step 1 of 4");
        small(parts).failed(directory.resolve("parts.run.safetensors")
                + ": a run that was stopped; --resume takes it up, or delete it to begin anew");
        assertThat(small(parts, "--resume", "--lr", 0.5).err()).contains(
                "learning rate is \"0.001\", expected \"0.5\"");
        small(parts, "--resume").succeeded();
        assertThat(Files.readAllBytes(parts.resolve("model.safetensors")))
                .isEqualTo(Files.readAllBytes(whole.resolve("model.safetensors")));
        assertThat(Cli.files(directory)).containsExactly("parts", "whole");
        assertThat(Cli.run("info", "--model", whole).succeeded().out()).contains("vit_custom_patch8_32");
    }

    @Test
    void aFoldersClassesBecomeTheClassifierOfAModel() throws IOException {
        Path pictures = directory.resolve("pictures");
        Cli.run("data", "generate", "--images", 48, "--size", 96, "--output", pictures).succeeded();
        Files.writeString(pictures.resolve("000007-heart.png"), "no picture");
        Path output = directory.resolve("model");
        Cli done = Cli.run("train", "vit", pictures, "--from", Cli.DEMO, "--head-only", "--hold-out", 0, "--output",
                output, "--json");
        assertThat(done.status()).isZero();
        assertThat(done.err()).contains("warning: " + pictures.resolve("000007-heart.png") + ": ", "; left out");
        assertThat(done.object()).containsEntry("skipped", 1L).doesNotContainKey("held_out");
        Path cup = pictures.resolve("000004-cup.png");
        assertThat(Cli.run("classify", "--model", output, cup, "--top", 1).succeeded().out()).contains("cup");
    }

    @Test
    void optionsThatDoNotGoTogetherAreRefused() throws IOException {
        Path output = directory.resolve("model");
        Cli.run("train", "vit", "--output", output).refused("train vit", "expected one FOLDER, or --generated");
        Cli.run("train", "vit", directory, "--output", output, "--head-only")
                .refused("train vit", "--head-only goes with --from");
        Cli.run("train", "vit", directory, "--output", output, "--patch-loss", 1)
                .refused("train vit", "--patch-loss goes with --generated: other pictures have no masks");
        small(output, "--mixup", 1).refused("train vit", "the loss by patches does not go with mixup or cutmix");
        small(output, "--heads", 5).refused("train vit", "--width: expected a multiple of --heads 5, came 24");
        small(output, "--from", Cli.DEMO).refused("train vit",
                "--width does not go with --from: the model has its own");
        Cli.run("train", "vit", directory, "--output", output).failed(directory
                + ": no pictures; expected labels.csv, or a folder for each class with JPEGs or PNGs in it");
        Path nowhere = directory.resolve("no/where");
        small(nowhere).failed(nowhere + ": cannot be written: its parent directory does not exist");
    }
}
