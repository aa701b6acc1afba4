package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.pass.PackedVit;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tiny checkpoints of model families, as timm and transformers save them, against what these libraries answer. */
class GoldenFamiliesTest {

    private static final double TOLERANCE = 1e-4;

    /** The families in the repository. */
    static List<Path> directories() throws IOException {
        try (Stream<Path> files = Files.list(TestData.path("families"))) {
            return files.filter(file -> Files.isDirectory(file)).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("directories")
    void answersAsItsLibrary(Path directory) throws IOException {
        assertThat(failures(directory)).isEmpty();
    }

    /** All families, of which the repository has those that differ most. */
    @Test
    void allFamiliesAnswerAsTheirLibraries() throws IOException {
        List<String> failures = new ArrayList<>();
        int families = 0;
        try (Stream<Path> files = Files.list(TestData.shared("families"))) {
            for (Path directory : files.filter(Files::isDirectory).sorted().toList()) {
                failures.addAll(failures(directory));
                families++;
            }
        }
        assertThat(failures).as("of %d families", families).isEmpty();
    }

    /** Returns a line for each answer that is off. */
    private static List<String> failures(Path directory) throws IOException {
        GoldenFile golden = GoldenFile.open(directory.resolve("golden.safetensors"));
        double tolerance = Double.parseDouble(golden.metadata().getOrDefault("tolerance", "" + TOLERANCE));
        List<String> failures = new ArrayList<>();
        for (String prefix : List.of("", "resized.")) {
            if (!golden.has(prefix + "pixels")) {
                continue;
            }
            int[] shape = golden.shape(prefix + "pixels");
            float[] pixels = golden.floats(prefix + "pixels");
            Inference inference = model(directory, shape[2], shape[3]).inference();
            List<BlockTrace> trace = new ArrayList<>();
            String name = directory.getFileName() + " " + prefix;
            compare(golden, prefix + "features", inference.features(pixels, shape[0]), tolerance, name, failures);
            if (golden.has(prefix + "logits")) {
                compare(golden, prefix + "logits", inference.logits(pixels, shape[0]), tolerance, name, failures);
            }
            inference.trace(pixels, shape[0], trace, true);
            for (BlockTrace block : trace) {
                String hidden = prefix + "hidden_states." + block.layer();
                if (golden.has(hidden)) {
                    compare(golden, hidden, block.rows(), TOLERANCE, name, failures);
                }
            }
        }
        return failures;
    }

    private static VisionTransformer model(Path directory, int height, int width) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            return VisionTransformer.of(checkpoint.config(), checkpoint, height, width);
        }
    }

    private static void compare(GoldenFile golden, String tensor, float[] got, double tolerance, String family,
                                List<String> failures) {
        float[] want = golden.floats(tensor);
        double largest = 0;
        double off = want.length == got.length ? 0 : Double.POSITIVE_INFINITY;
        for (int i = 0; i < want.length && i < got.length; i++) {
            largest = Math.max(largest, Math.abs(want[i]));
            off = Math.max(off, Math.abs(want[i] - got[i]));
        }
        if (!(off <= tolerance * largest)) {
            failures.add(family + tensor + ": off by " + off / largest + " of the largest value");
        }
    }

    /** From the stored table to any size at once: by way of the config's size is not the same. */
    @Test
    void positionsAreResampledOnce() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("families/dinov2reg_model"))) {
            float[] stored = checkpoint.positions(checkpoint.config(), checkpoint.config(), 5, 4);
            float[] there = checkpoint.positions(checkpoint.config(), checkpoint.config().withImageSize(40, 48), 5, 4);
            assertThat(stored).hasSize(17 * 32);
            assertThat(there).hasSize((1 + 5 * 6) * 32);
            assertThat(Arrays.copyOf(there, 32)).containsExactly(Arrays.copyOf(stored, 32));
        }
    }

    /** The libraries take a stored table for a square one, whatever it is. */
    @Test
    void aRelativeBiasOfAGridThatIsNotSquareIsOfThatGridAlone() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("families/beit_cls"))) {
            VitConfig other = checkpoint.config().withImageSize(16, 32);
            assertThatThrownBy(() -> PackedVit.read(other, other.withImageSize(40, 48), checkpoint))
                    .isInstanceOf(IOException.class)
                    .hasMessage("images of 40 x 48 pixels, expected 16 x 32: the relative position bias, tensor "
                            + "blocks.0.attn.relative_position_bias_table, is of a grid of 2 x 4 patches; only one of "
                            + "a square grid is fitted to others");
        }
    }
}
