package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import leanvit.vit.Classifier;
import leanvit.vit.Prediction;
import leanvit.vit.json.Json;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small inputs as real people have them, each with the answer that timm, transformers and Pillow give: every folder of
 * testdata/cases with a case.json. Its README.md tells what the members of that file mean.
 */
class PublicCasesTest {

    private static final Path CASES = Cli.TESTDATA.resolve("cases");
    private static final double TOLERANCE = 2e-3;

    @TempDir
    Path scratch;

    static List<String> names() throws IOException {
        try (Stream<Path> folders = Files.list(CASES)) {
            return folders.filter(folder -> Files.exists(folder.resolve("case.json")))
                    .map(folder -> folder.getFileName().toString()).sorted().toList();
        }
    }

    /** What one case gave: the classes as {@code classify --json} writes them, likeliest first. */
    private record Answer(int status, String err, List<?> classes) {
    }

    @ParameterizedTest
    @MethodSource("names")
    void theAnswerIsTheReferences(String name) throws IOException {
        Path folder = CASES.resolve(name);
        Map<?, ?> made = (Map<?, ?>) Json.parse(Files.readAllBytes(folder.resolve("case.json")));
        if (made.get("weights") instanceof Map<?, ?> weights) {
            folder = CaseWeights.copyAndMake(folder, weights, scratch.resolve(name));
        }
        Answer answer = made.get("api") instanceof List<?> api ? library(folder, api)
                : commandLine(folder, (List<?>) made.get("args"));

        Map<?, ?> expect = (Map<?, ?>) made.get("expect");
        assertThat(answer.status).as("exit status; stderr: %s", answer.err)
                .isEqualTo(number(expect.get("exit")).intValue());
        for (Object text : list(expect.get("stderr_contains"))) {
            assertThat(answer.err).contains((String) text);
        }
        if (expect.get("classes") != null) {
            assertThat(answer.classes).hasSize(number(expect.get("classes")).intValue());
        }
        double tolerance = made.get("tolerance") == null ? TOLERANCE : number(made.get("tolerance")).doubleValue();
        for (Object entry : list(expect.get("top"))) {
            Object key = list(entry).get(0);
            List<Double> hits = probabilities(answer.classes, key);
            assertThat(hits).as("class %s of %s", key, answer.classes).hasSize(1);
            assertThat(hits.get(0)).as("probability of %s of %s", key, answer.classes)
                    .isCloseTo(number(list(entry).get(1)).doubleValue(), within(tolerance));
        }
        assertThat(probabilities(answer.classes, null)).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    }

    private static Answer commandLine(Path folder, List<?> args) throws IOException {
        Cli cli = Cli.run(args.stream().map(argument -> inFolder((String) argument, folder)).toArray());
        return new Answer(cli.status(), cli.err(),
                cli.status() == 0 ? list(((Map<?, ?>) list(cli.json()).get(0)).get("classes")) : List.of());
    }

    /** An argument, or the part of it after '=', that names something in the folder, as a path from here. */
    private static String inFolder(String argument, Path folder) {
        int value = argument.lastIndexOf('=') + 1;
        String name = argument.substring(value);
        boolean file = !name.isEmpty() && Files.exists(folder.resolve(name));
        return file ? argument.substring(0, value) + folder.resolve(name).normalize() : argument;
    }

    /** Classifies a picture that ImageIO read: model, picture, how many classes. */
    private static Answer library(Path folder, List<?> api) throws IOException {
        Classifier classifier = Classifier.load(folder.resolve((String) api.get(0)).normalize());
        List<Object> classes = new ArrayList<>();
        for (Prediction prediction : classifier.classify(ImageIO.read(folder.resolve((String) api.get(1)).toFile()),
                number(api.get(2)).intValue())) {
            classes.add(Map.of("index", (long) prediction.index(), "label", prediction.label(), "probability",
                    prediction.probability()));
        }
        return new Answer(0, "", classes);
    }

    /** Returns the probabilities of the class of that label, or index; of all where {@code key} is null. */
    private static List<Double> probabilities(List<?> classes, Object key) {
        return classes.stream().map(element -> (Map<?, ?>) element)
                .filter(element -> key == null || key.equals(element.get(key instanceof Long ? "index" : "label")))
                .map(element -> number(element.get("probability")).doubleValue()).toList();
    }

    private static List<?> list(Object value) {
        return value == null ? List.of() : (List<?>) value;
    }

    private static Number number(Object value) {
        return (Number) value;
    }
}
