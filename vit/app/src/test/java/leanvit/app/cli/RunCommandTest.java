package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.reducers.Reducers;
import leanvit.vit.DenseFeatures;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunCommandTest {

    private static final Path GOLDEN = Cli.TESTDATA.resolve("golden/A");
    private static final int WIDTH = 60;
    private static final int DEPTH = 4;
    private static final int TOKENS = 37;

    @TempDir
    private Path directory;

    private SafeTensors run(Path input, Object... more) throws IOException {
        Path output = directory.resolve("out.safetensors");
        Object[] arguments = {"run", "--input", input, "--output", output};
        Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        assertThat(Cli.run(all).succeeded().out()).isEmpty();
        return SafeTensors.open(output);
    }

    @Test
    void denseFeaturesAreThoseOfTheLibrary() throws IOException {
        Path input = directory.resolve("in.safetensors");
        VisionTransformer model = VisionTransformer.load(Cli.DEMO);
        float[] pixels = new float[2 * 3 * 96 * 96];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(i * 0.013 + i / 27648);
        }
        new SafeTensorsWriter().floats("pixels", pixels, 2, 3, 96, 96).write(input);
        for (String spec : new String[] {"none", "topk:r=8"}) {
            try (SafeTensors out = run(input, "--dense", "--features", "--model", Cli.DEMO, "--reducer", spec)) {
                assertThat(out.shape("dense")).containsExactly(2, 12, 12, model.config().width());
                assertThat(out.shape("dense.dropped")).containsExactly(2, 12, 12);
                Inference inference = model.inference().with(Reducers.parse(spec));
                DenseFeatures expected = inference.dense(pixels, 2);
                assertThat(out.floats("dense")).containsExactly(expected.values());
                assertThat(out.floats("features")).containsExactly(inference.features(pixels, 2));
                byte[] dropped = out.bytes("dense.dropped");
                for (int i = 0; i < dropped.length; i++) {
                    assertThat(dropped[i] == 1).isEqualTo(expected.dropped()[i]);
                }
            }
        }
        Cli.run("run", "--input", input, "--output", directory.resolve("o"), "--dense", "--backward").refused("run",
                "--backward goes with none of --trace, --features and --dense");
    }

    private static void assertClose(float[] actual, float[] expected, String what) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("%s at %d", what, i).isCloseTo(expected[i], within(1e-4f * largest));
        }
    }

    /** CLIP's, projected: of another width than the tokens. */
    @Test
    void featuresAreTheEmbedding() throws IOException {
        Path family = Cli.TESTDATA.resolve("families/clip_vision_proj");
        try (SafeTensors out = run(family.resolve("golden.safetensors"), "--model", family, "--features");
                SafeTensors golden = SafeTensors.open(family.resolve("golden.safetensors"))) {
            assertThat(out.shape("features")).containsExactly(3, 16);
            assertClose(out.floats("features"), golden.floats("features"), "features");
        }
    }

    @ParameterizedTest
    @CsvSource({"none, dense, false", "tome:r=4, tome_const, true", "tome:r=4/3/2/1, , true",
        "tome:r=4;inflect=-1, tome_decreasing, true", "pomt:r=9;layer=1, , false"})
    void traceHasWhatEachBlockDid(String spec, String golden, boolean sized) throws IOException {
        try (SafeTensors out = run(GOLDEN.resolve("inputs.safetensors"), "--model", GOLDEN, "--trace",
                "--reducer", spec.replace(';', ','))) {
            assertThat(out.shape("logits")).containsExactly(3, 10);
            assertThat(out.shape("assignment")).containsExactly(3, TOKENS);
            assertThat(out.dtype("assignment")).isEqualTo(DType.I64);
            long[] offsets = {};
            for (int block = 0; block < DEPTH; block++) {
                String name = "block." + block + ".";
                offsets = out.longs(name + "offsets");
                assertThat(out.dtype(name + "offsets")).isEqualTo(DType.I64);
                assertThat(offsets).as(name).hasSize(4).startsWith(0).isSorted();
                int total = (int) offsets[3];
                assertThat(out.shape(name + "tokens")).containsExactly(total, WIDTH);
                assertThat(out.has(name + "sizes")).isEqualTo(sized);
                if (sized) {
                    assertThat(out.shape(name + "sizes")).containsExactly(total);
                    double sum = 0;
                    for (float size : out.floats(name + "sizes")) {
                        sum += size;
                    }
                    assertThat(sum).as("each token of each image is somewhere").isEqualTo(3 * TOKENS);
                }
            }
            assertThat(out.names()).hasSize(2 + DEPTH * (sized ? 3 : 2));
            long[] assignment = out.longs("assignment");
            for (int i = 0; i < assignment.length; i++) {
                int image = i / TOKENS;
                assertThat(assignment[i]).isBetween(0L, offsets[image + 1] - offsets[image] - 1);
                if (i % TOKENS == 0) {
                    assertThat(assignment[i]).as("the class token stays first").isZero();
                }
            }
            if (golden != null) {
                try (SafeTensors expected = SafeTensors.open(GOLDEN.resolve(golden + ".safetensors"))) {
                    assertClose(out.floats("logits"), expected.floats("logits"), "logits");
                    for (int block = 0; block < DEPTH; block++) {
                        assertClose(out.floats("block." + block + ".tokens"), expected.floats("block" + block + ".x"),
                                "block " + block);
                    }
                }
            }
        }
    }

    @Test
    void withoutTraceThereAreTheSameLogitsAlone() throws IOException {
        float[] traced;
        try (SafeTensors out =
                run(GOLDEN.resolve("inputs.safetensors"), "--model", GOLDEN, "--trace", "--reducer", "tome:r=4")) {
            traced = out.floats("logits");
        }
        try (SafeTensors out = run(GOLDEN.resolve("inputs.safetensors"), "--model", GOLDEN, "--reducer", "tome:r=4",
                "--threads", "2")) {
            assertThat(out.names()).containsExactly("logits");
            assertThat(out.floats("logits")).isEqualTo(traced);
        }
        assertThat(Cli.files(directory)).containsExactly("out.safetensors");
    }

    @Test
    void droppedTokensAreAssignedNowhere() throws IOException {
        try (SafeTensors out =
                run(GOLDEN.resolve("inputs.safetensors"), "--model", GOLDEN, "--trace", "--reducer", "topk:r=5")) {
            assertThat(Arrays.stream(out.longs("assignment")).filter(token -> token == -1).count())
                    .isEqualTo(3 * 4 * 5);
            assertThat(out.longs("block.3.offsets")).containsExactly(0, 17, 34, 51);
        }
    }

    @Test
    void imagesMayHaveAnotherSize() throws IOException {
        Path input = directory.resolve("in.safetensors");
        new SafeTensorsWriter().floats("pixels", new float[2 * 3 * 64 * 40], 2, 3, 64, 40).write(input);
        try (SafeTensors out = run(input, "--model", GOLDEN, "--trace")) {
            assertThat(out.shape("logits")).containsExactly(2, 10);
            assertThat(out.longs("block.0.offsets")).containsExactly(0, 1 + 8 * 5, 2 * (1 + 8 * 5));
        }
    }

    @Test
    void noImagesGiveNoLogits() throws IOException {
        Path input = directory.resolve("in.safetensors");
        new SafeTensorsWriter().floats("pixels", new float[0], 0, 3, 48, 48).write(input);
        try (SafeTensors out = run(input, "--model", GOLDEN, "--trace", "--reducer", "tome:r=4")) {
            assertThat(out.shape("logits")).containsExactly(0, 10);
            assertThat(out.shape("assignment")).containsExactly(0, TOKENS);
            assertThat(out.longs("block.2.offsets")).containsExactly(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"A-distilled", "B"})
    void backwardHasLossAndGradients(String preset) throws IOException {
        Path model = Cli.TESTDATA.resolve("golden/" + preset);
        int images = 2;
        Path input = directory.resolve("in.safetensors");
        float[] pixels;
        int[] labels;
        int side;
        try (SafeTensors inputs = SafeTensors.open(model.resolve("inputs.safetensors"))) {
            side = inputs.shape("pixels")[3];
            pixels = Arrays.copyOf(inputs.floats("pixels"), images * 3 * side * side);
            labels = Arrays.copyOf(inputs.ints("labels"), images);
        }
        new SafeTensorsWriter().floats("pixels", pixels, images, 3, side, side)
                .longs("labels", Arrays.stream(labels).asLongStream().toArray(), images).write(input);
        float[] loss;
        try (SafeTensors out = run(input, "--model", model, "--backward", "--threads", "2");
                SafeTensors expected = SafeTensors.open(model.resolve("backward.safetensors"));
                SafeTensors weights = SafeTensors.open(model.resolve("model.safetensors"))) {
            loss = out.floats("loss");
            assertClose(loss, expected.floats("loss"), "loss");
            for (String name : weights.names()) {
                assertThat(out.shape("grad." + name)).as(name).isEqualTo(weights.shape(name));
                if (expected.has("grad." + name)) {
                    assertClose(out.floats("grad." + name), expected.floats("grad." + name), name);
                }
            }
            assertThat(out.names()).hasSize(2 + weights.names().size());
        }
        float[] targets = new float[images * 10];
        for (int image = 0; image < images; image++) {
            targets[image * 10 + labels[image]] = 1f;
        }
        new SafeTensorsWriter().floats("pixels", pixels, images, 3, side, side)
                .floats("targets", targets, images, 10).write(input);
        try (SafeTensors out = run(input, "--model", model, "--backward")) {
            assertThat(out.floats("loss")[0]).isCloseTo(loss[0], within(1e-6f));
        }
    }

    @Test
    void backwardNamesWhatIsWrongWithTheLabels() throws IOException {
        Path input = directory.resolve("in.safetensors");
        Object[] arguments = {"run", "--input", input, "--output", directory.resolve("out.safetensors"), "--model",
            GOLDEN, "--backward"};
        float[] pixels = new float[2 * 3 * 48 * 48];
        new SafeTensorsWriter().floats("pixels", pixels, 2, 3, 48, 48).write(input);
        Cli.run(arguments).failed(input + ": --backward: expected tensor \"labels\" [B] or \"targets\" [B, classes], "
                + "came neither");
        new SafeTensorsWriter().floats("pixels", pixels, 2, 3, 48, 48).longs("labels", new long[] {3, 10}, 2)
                .write(input);
        Cli.run(arguments).failed(input + ": tensor \"labels\": image 1 has the class 10, expected 0 to 9");
        new SafeTensorsWriter().floats("pixels", pixels, 2, 3, 48, 48).floats("targets", new float[20], 20)
                .write(input);
        Cli.run(arguments).failed(input + ": tensor \"targets\": expected shape [2, 10], came [20]");
        new SafeTensorsWriter().floats("pixels", new float[3 * 56 * 56], 1, 3, 56, 56).longs("labels", new long[1], 1)
                .write(input);
        Cli.run(arguments).failed(input + ": tensor \"pixels\": --backward expects shape [B, 3, 48, 48] with B of 1 "
                + "or more, came [1, 3, 56, 56]");
    }
}
