package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import leanvit.testdata.TestData;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnClassesTest {

    @TempDir
    private Path directory;

    @Test
    void theReadmesLinesTeachAModelTwoClasses() throws IOException {
        for (int i = 0; i < 20; i++) {
            Path file = directory.resolve("pictures/" + (i % 2 == 0 ? "light" : "dark") + "/" + i + ".png");
            Files.createDirectories(file.getParent());
            RandomStream random = RandomStream.of(2, i);
            byte[] samples = new byte[3 * 48 * 48];
            for (int k = 0; k < samples.length; k++) {
                samples[k] = (byte) (random.below(100) + (i % 2 == 0 ? 150 : 0));
            }
            Pictures.writePng(new RgbImage(48, 48, samples), file);
        }
        double accuracy = OwnClasses.learn(directory.resolve("pictures"), TestData.path("golden/A"),
                directory.resolve("mine"), 2);
        assertThat(accuracy).isEqualTo(1);
    }

    @Test
    void theReadmeShowsTheLinesThatRun() throws IOException {
        Path source = TestData.directory().resolveSibling("vit/model/src/test/java/leanvit/vit/train/OwnClasses.java");
        List<String> lines = Files.readAllLines(source);
        int from = lines.indexOf("            // README: from here") + 1;
        int to = lines.indexOf("            // README: to here");
        String shown = String.join("\n", lines.subList(from, to).stream()
                .map(line -> line.isEmpty() ? line : line.substring(12)).toList());
        assertThat(Files.readString(TestData.directory().resolveSibling("vit/README.md")))
                .contains("```java\n" + shown + "\n```");
    }
}
