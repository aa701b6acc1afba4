package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
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
}
