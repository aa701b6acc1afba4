package leanvit.app.cli;

import static leanvit.app.cli.Cli.PICTURES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import leanvit.testdata.TestData;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifyCommandTest {

    private static final Path CUP = PICTURES.resolve("cup.png");

    @TempDir
    private Path directory;

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> classes(Map<String, Object> answer) {
        return (List<Map<String, Object>>) answer.get("classes");
    }

    @Test
    void demoPicturesGetTheAnswersOfTheReference() throws IOException {
        List<String> expected = Files.readAllLines(Cli.TESTDATA.resolve("demo/expected.csv"));
        List<String> labels = Files.readAllLines(Cli.DEMO.resolve("labels.txt"));
        List<Object> arguments = new ArrayList<>(List.of("classify", "--json", "--top", 2));
        expected.stream().skip(1).forEach(line -> arguments.add(PICTURES.resolve(line.split(",")[0])));
        List<Map<String, Object>> answers = Cli.run(arguments.toArray()).succeeded().objects();
        assertThat(answers).hasSize(expected.size() - 1).hasSizeGreaterThan(10);
        for (int i = 0; i < answers.size(); i++) {
            String[] fields = expected.get(i + 1).split(",");
            Map<String, Object> answer = answers.get(i);
            assertThat(answer).containsOnlyKeys("file", "classes", "tokens");
            assertThat(answer.get("file")).isEqualTo(PICTURES.resolve(fields[0]).toString());
            assertThat(classes(answer)).hasSize(2);
            Map<String, Object> best = classes(answer).get(0);
            assertThat(best).containsOnlyKeys("index", "label", "probability");
            long label = Long.parseLong(fields[1]);
            assertThat(best).containsEntry("index", label).containsEntry("label", labels.get((int) label));
            assertThat((double) best.get("probability")).as(fields[0])
                    .isCloseTo(Double.parseDouble(fields[2]), within(1e-3));
            assertThat(answer.get("tokens")).isEqualTo(List.of(145L, 145L, 145L, 145L, 145L, 145L));
        }
    }

    @Test
    void aTableNamesEachPictureWhereThereAreMany() {
        assertThat(Cli.run("classify", CUP, "--top", "1").succeeded().out()).matches(" *9[0-9]\\.[0-9]{2} % +4 +cup\n");
        assertThat(Cli.run("classify", "--top=1", CUP, PICTURES.resolve("car.png")).succeeded().out())
                .matches("\\S*cup.png\n.* cup\n\\S*car.png\n.* car\n");
    }

    @Test
    void aReducerShortensTheSequence() throws IOException {
        Map<String, Object> answer =
                Cli.run("classify", CUP, "--json", "--reducer", "tome:r=16").succeeded().objects().get(0);
        assertThat(answer.get("tokens")).isEqualTo(List.of(129L, 113L, 97L, 81L, 65L, 49L));
        assertThat(classes(answer).get(0)).containsEntry("label", "cup");
    }

    @Test
    void moreClassesThanThereAreAreAllOfThem() throws IOException {
        Map<String, Object> answer = Cli.run("classify", CUP, "--json", "--top", "1000").succeeded().objects().get(0);
        assertThat(classes(answer)).hasSize(16);
        assertThat(classes(answer).stream().mapToDouble(c -> (double) c.get("probability")).sum())
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void threadsDoNotChangeTheAnswer() {
        assertThat(Cli.run("classify", CUP, "--json", "--threads", "3", "--reducer", "pomt:r=40,layer=2").succeeded())
                .isEqualTo(Cli.run("classify", CUP, "--json", "--reducer", "pomt:r=40,layer=2"));
    }

    @Test
    void aBadPictureIsReportedAndTheOthersGoOn() throws IOException {
        Path none = directory.resolve("none.png");
        Cli mixed = Cli.run("classify", "--json", "--top", 1, PICTURES.resolve("car.png"), none, CUP);
        assertThat(mixed.status()).isEqualTo(1);
        assertThat(mixed.err()).isEqualTo("leanvit: " + none + ": no such file\n");
        List<Map<String, Object>> answers = mixed.objects();
        assertThat(answers).hasSize(3);
        assertThat(classes(answers.get(0)).get(0)).containsEntry("label", "car");
        assertThat(answers.get(1)).isEqualTo(Map.of("file", none.toString(), "error", none + ": no such file"));
        assertThat(classes(answers.get(2)).get(0)).containsEntry("label", "cup");
        Cli text = Cli.run("classify", "--top", 1, none, CUP);
        assertThat(text.status()).isEqualTo(1);
        assertThat(text.out()).endsWith(" cup\n");
        assertThat(text.err()).isEqualTo(mixed.err());
    }

    @Test
    void anotherImageSizeIsTaken() throws IOException {
        Map<String, Object> answer =
                Cli.run("classify", CUP, "--json", "--image-size", "128").succeeded().objects().get(0);
        assertThat(answer.get("tokens")).isEqualTo(List.of(257L, 257L, 257L, 257L, 257L, 257L));
        assertThat(classes(answer).get(0)).containsEntry("label", "cup");
        Cli.run("classify", CUP, "--image-size", "100")
                .failed("--image-size 100: expected a multiple of the model's patch, 8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=8", "evit:keep=0.7,layers=1/3", "topk:r=8", "pomt:r=40,layer=2",
        "ltmp:merge=0.9,prune=0.002", "etps:keep=0.7,layers=1/3"})
    void visualizeDrawsThePicture(String reducer) throws IOException {
        Path file = directory.resolve("out.png");
        Cli plain = Cli.run("classify", CUP, "--reducer", reducer).succeeded();
        assertThat(Cli.run("classify", CUP, "--reducer", reducer, "--visualize", file).succeeded()).isEqualTo(plain);
        RgbImage all = Pictures.read(file);
        assertThat(all.width()).isGreaterThan(700);
        Cli.run("classify", CUP, "--reducer", reducer, "--visualize", file, "--visualize-layers", "0,1,2,3,4,5")
                .succeeded();
        assertThat(Pictures.read(file).height()).isGreaterThan(all.height());
        assertThat(Cli.files(directory)).containsExactly("out.png");
    }

    @Test
    void visualizeThatCannotBeIsRefused() throws IOException {
        Path file = directory.resolve("out.png");
        Cli.run("classify", CUP, CUP, "--visualize", file).refused("classify", "--visualize draws one picture, came 2");
        Cli.run("classify", CUP, "--visualize-layers", "1")
                .refused("classify", "--visualize-layers goes with --visualize");
        Cli.run("classify", CUP, "--visualize", file, "--visualize-layers", "6")
                .failed("block 6 cannot be shown: the model has the blocks 0 to 5");
        Cli.run("classify", CUP, "--visualize", directory).failed(directory + ": cannot be written: it is a directory");
        Cli.run("classify", CUP, "--visualize", directory.resolve("out.JPG")).refused("classify",
                "--visualize: expected a name that ends in .png, as it will be a PNG, came \""
                        + directory.resolve("out.JPG") + "\"");
        Path lost = directory.resolve("none/out.png");
        Cli.run("classify", CUP, "--visualize", lost)
                .failed(lost + ": cannot be written: its directory does not exist");
        assertThat(Cli.run("classify", directory.resolve("none.png"), "--visualize", file).status()).isEqualTo(1);
        assertThat(Cli.files(directory)).isEmpty();
    }

    @Test
    void deitNamesPhotographs() throws IOException {
        Path model = TestData.shared("models/deit-tiny");
        Path photos = TestData.shared("images/photos");
        List<Map<String, Object>> answers =
                Cli.run("classify", "--json", "--model", model, photos.resolve("chelsea.png"),
                photos.resolve("coffee.png"), "--reducer", "tome:r=8").succeeded().objects();
        assertThat((long) classes(answers.get(0)).get(0).get("index")).as("a cat").isBetween(281L, 285L);
        assertThat(classes(answers.get(1)).get(0).get("label")).isIn("espresso", "cup", "coffee mug");
        assertThat(answers.get(0).get("tokens")).asList().hasSize(12).startsWith(189L).endsWith(101L);
    }
}
