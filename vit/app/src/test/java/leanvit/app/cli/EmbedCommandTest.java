package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.PictureFiles;
import leanvit.vit.embed.EmbeddingFile;
import leanvit.vit.embed.EmbeddingLog;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.json.Json;
import leanvit.vit.weights.SafeTensors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code embed}, on the demo model and its pictures. */
class EmbedCommandTest {

    private static int width;
    private static int pictures;

    @TempDir
    private Path directory;

    @BeforeAll
    static void count() throws IOException {
        width = VisionTransformer.load(Cli.DEMO).features();
        pictures = PictureFiles.find(List.of(Cli.PICTURES)).size();
    }

    @Test
    void everyFormatHasTheVectorsAndNames() throws IOException {
        Path tensors = directory.resolve("v.safetensors");
        Cli done = Cli.run("embed", Cli.PICTURES, "--output", tensors, "--threads", 2, "--batch", 5).succeeded();
        assertThat(done.out()).isEqualTo(tensors + ": " + pictures + " embeddings of " + width + " values\n");
        float[] expected;
        List<?> names;
        try (SafeTensors file = SafeTensors.open(tensors); Classifier classifier = Classifier.load(Cli.DEMO)) {
            expected = file.floats(EmbeddingFile.TENSOR);
            names = (List<?>) Json.parse(file.metadata().get(EmbeddingFile.NAMES));
            assertThat(names).hasSize(pictures);
            assertThat(file.metadata()).containsEntry("reducer", "none").containsEntry("normalized", "false");
            float[] last = classifier.embed(Picture.of(Path.of((String) names.get(11))));
            assertThat(last).containsExactly(Arrays.copyOfRange(expected, 11 * width, 12 * width));
        }
        List<Map<String, Object>> json = Cli.run("embed", Cli.PICTURES, "--json").succeeded().objects();
        assertThat(json).extracting(each -> each.get("file")).isEqualTo(names);
        assertThat(((List<?>) json.get(11).get("embedding")).stream().map(value -> ((Double) value).floatValue())
                .toList()).hasSize(width).startsWith(expected[11 * width]);
        Path csv = directory.resolve("v.csv");
        Cli.run("embed", Cli.PICTURES, "--output", csv, "--normalize").succeeded();
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines).hasSize(pictures + 1);
        double squares = 0;
        String[] fields = lines.get(5).split(",");
        for (int i = 1; i < fields.length; i++) {
            squares += Math.pow(Double.parseDouble(fields[i]), 2);
        }
        assertThat(squares).isBetween(0.99999, 1.00001);
        assertThat(Cli.files(directory)).containsExactly("v.csv", "v.safetensors");
    }

    @Test
    void aBrokenPictureIsNamedAndLeftOut() throws IOException {
        Path broken = directory.resolve("broken.jpg");
        Files.writeString(broken, "no picture");
        Path output = directory.resolve("v.npy");
        Cli result = Cli.run("embed", Cli.PICTURES.resolve("cup.png"), broken, "--output", output, "--dtype", "F16");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("leanvit: " + broken + ": ")
                .endsWith("leanvit: 1 of 2 pictures could not be read\n");
        assertThat(Json.parse(Files.readString(directory.resolve("v.names.json")).strip()))
                .isEqualTo(List.of(Cli.PICTURES.resolve("cup.png").toString()));
        List<Map<String, Object>> json = new Cli(0, Cli.run("embed", broken, "--json").out(), "").objects();
        assertThat(json.get(0)).containsOnlyKeys("file", "error");
    }

    @Test
    void aStoppedRunGoesOn() throws IOException {
        Path output = directory.resolve("v.csv");
        Path cup = Cli.PICTURES.resolve("cup.png");
        Path partial = directory.resolve("v.csv.partial");
        EmbeddingLog.open(partial, Map.of("model", "another", "fingerprint", "0", "reducer", "none"), width).close();
        Cli refused = Cli.run("embed", cup, "--output", output);
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err()).contains("is of another run: its fingerprint was \"0\"");
        String fingerprint = refused.err().replaceAll("(?s).*, not \"([0-9a-f]+)\".*", "$1");
        Files.delete(partial);
        Map<String, String> run =
                Map.of("model", "vit_demo_patch8_96", "fingerprint", fingerprint, "reducer", "none");
        float[] made = new float[width];
        made[0] = 42;
        try (EmbeddingLog log = EmbeddingLog.open(partial, run, width)) {
            log.add(cup.toString(), Files.getLastModifiedTime(cup).toMillis() * 31 + Files.size(cup), made);
        }
        Cli.run("embed", Cli.PICTURES, "--output", output).succeeded();
        assertThat(Files.readAllLines(output)).hasSize(pictures + 1)
                .anyMatch(line -> line.startsWith(cup + ",42.0,0.0,"));
        assertThat(Cli.files(directory)).containsExactly("v.csv");
    }

    @Test
    void componentsAreDrawnBesideThePicture() throws IOException {
        Cli.run("embed", Cli.PICTURES.resolve("cup.png"), Cli.PICTURES.resolve("sailboat.png"), "--reducer",
                "topk:r=8", "--visualize", directory).succeeded();
        assertThat(Cli.files(directory)).containsExactly("0001-cup.png.png", "0002-sailboat.png.png");
        RgbImage drawn = Pictures.read(directory.resolve("0002-sailboat.png.png"));
        assertThat(drawn.width()).isEqualTo(2 * 96 + 8);
        assertThat(drawn.height()).isEqualTo(96);
        long colours = IntStream.range(0, 144)
                .map(patch -> drawn.pixel(104 + patch % 12 * 8, patch / 12 * 8)).distinct().count();
        assertThat(colours).isGreaterThan(20);
        assertThat(drawn.pixel(104, 0)).isEqualTo(drawn.pixel(111, 7));
    }

    @Test
    void wrongUsageIsSaid() {
        Path cup = Cli.PICTURES.resolve("cup.png");
        Cli.run("embed", cup).refused("embed", "expected --output, --json or --visualize");
        Cli.run("embed", cup, "--output", "v.npy", "--json").refused("embed", "--output and --json: give one of them");
        Cli.run("embed", cup, "--output", directory.resolve("v.csv"), "--dtype", "F16")
                .refused("embed", "--dtype goes with an --output of .safetensors or .npy");
        Cli.run("embed", cup, "--output", directory.resolve("v.npy"), "--dtype", "F64")
                .refused("embed", "--dtype: expected F32 or F16, came \"F64\"");
        Path text = directory.resolve("v.txt");
        Cli.run("embed", cup, "--output", text).failed(text + ": expected a name that ends in .safetensors, .npy or "
                + ".csv");
        Path none = directory.resolve("none");
        Cli.run("embed", cup, "--visualize", none).failed(none + ": cannot receive drawings: no such folder");
    }
}
