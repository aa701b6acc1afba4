package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import leanvit.app.scenes.Scenes;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataGenerateCommandTest {

    @TempDir
    private Path directory;

    @Test
    void writesALabelledFolder() throws IOException {
        Path folder = directory.resolve("pictures");
        Cli.run("data", "generate", "--output", folder, "--images", 18, "--seed", 4, "--size", 32, "--threads", 2)
                .succeeded();
        assertThat(Cli.files(folder)).hasSize(20).contains("labels.csv", "labels.txt", "000017-balloon.png");
        LabelledPictures pictures = LabelledPictures.of(List.of(folder), 16);
        Scenes scenes = new Scenes(32, 32, 4);
        for (int i = 0; i < 18; i++) {
            assertThat(pictures.label(i)).isEqualTo(i % 16);
            assertThat(pictures.read(i).samples()).isEqualTo(scenes.picture(i).samples());
        }
        assertThat(Files.readAllLines(folder.resolve("labels.txt"))).isEqualTo(Scenes.labels());
        Cli.run("data", "generate", "--output", folder, "--images", 1)
                .failed(folder.resolve("labels.csv") + ": is there already; expected a folder without pictures");
    }

    @Test
    void aSheetShowsThemAll() throws IOException {
        Scenes scenes = new Scenes(32, 32, 4);
        for (String name : new String[] {"sheet.png", "sheet.jpg"}) {
            Path sheet = directory.resolve(name);
            Cli.run("data", "generate", "--sheet", sheet, "--images", 11, "--seed", 4, "--size", 32).succeeded();
            RgbImage seen = Pictures.read(sheet);
            assertThat(seen.width()).isEqualTo(128);
            assertThat(seen.height()).isEqualTo(96);
            double difference = 0;
            for (int i = 0; i < 32 * 32; i++) {
                int there = seen.pixel(64 + i % 32, 64 + i / 32) >> 8 & 255;
                difference += Math.abs(there - (scenes.picture(10).pixel(i % 32, i / 32) >> 8 & 255)) / 1024.0;
            }
            assertThat(difference).isLessThan(name.endsWith(".png") ? 1e-9 : 20);
        }
        Path other = directory.resolve("sheet.gif");
        Cli.run("data", "generate", "--sheet", other).failed(other + ": expected a name that ends with .png or .jpg");
        Cli.run("data", "generate", "--sheet", other, "--output", directory)
                .refused("data generate", "--output and --sheet: give one of them");
    }

    @Test
    void aFolderThatCannotBeMadeIsRefused() throws IOException {
        Path nowhere = directory.resolve("no/where");
        Cli.run("data", "generate", "--output", nowhere)
                .failed(nowhere + ": cannot be written: its parent directory does not exist");
        Path file = Files.createFile(directory.resolve("file"));
        Cli.run("data", "generate", "--output", file).failed(file + ": cannot be written: it is no directory");
        Cli.run("data", "generate").refused("data generate", "--output is missing");
        Cli.run("data", "generate", "--output", nowhere, "--size", 8).refused("data generate",
                "--size: expected a whole number from 16 to 4096, came \"8\"");
    }
}
