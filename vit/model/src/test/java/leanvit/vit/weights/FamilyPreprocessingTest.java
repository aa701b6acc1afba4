package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Rounding;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The pixels that transformers' own image processors and timm's transforms make of two photographs, for every family
 * whose settings lie in the shared folder: within one of a byte, and floats where the processor rounds to none.
 */
class FamilyPreprocessingTest {

    static Stream<String> families() throws IOException {
        Path folder = TestData.shared("families");
        try (Stream<Path> all = Files.list(folder)) {
            List<String> names = all.filter(path -> Files.exists(path.resolve("processed.safetensors")))
                    .map(path -> path.getFileName().toString()).sorted().toList();
            return names.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void pixelsAreThoseOfItsImageProcessor(String family) throws IOException {
        Path folder = TestData.shared("families").resolve(family);
        try (SafeTensors tensors = SafeTensors.open(folder.resolve("processed.safetensors"))) {
            int[] shape = tensors.shape("chelsea");
            Preprocessing preprocessing = preprocessing(folder, shape);
            for (String name : List.of("chelsea", "coffee")) {
                RgbImage picture = Pictures.read(TestData.shared("images/photos").resolve(name + ".png"));
                float[] pixels = new float[3 * shape[1] * shape[2]];
                new Preprocessor(preprocessing).apply(picture, pixels, 0);
                float[] expected = tensors.floats(name);
                assertThat(pixels).hasSameSizeAs(expected);
                double worst = 0;
                for (int i = 0; i < pixels.length; i++) {
                    double step = preprocessing.rescale() / preprocessing.std()[i / (shape[1] * shape[2])];
                    worst = Math.max(worst, Math.abs(pixels[i] - expected[i]) / step);
                }
                assertThat(worst).as("%s of %s, in steps of a byte", name, family)
                        .isLessThan(preprocessing.rounding() == Rounding.NONE ? 1e-3 : 1.001);
            }
        }
    }

    private static Preprocessing preprocessing(Path folder, int[] shape) throws IOException {
        Fields root = read(folder.resolve("config.json"));
        if (root.has("architecture")) {
            return TimmConfig.read(root).preprocessing();
        }
        Fields vision = root.has("vision_config") ? root.object("vision_config") : root;
        return TransformersPreprocessing.read(read(folder.resolve("preprocessor_config.json")), shape[1], shape[2],
                vision.integer("patch_size", 1, 64, 16), root.string("model_type", ""));
    }

    private static Fields read(Path file) throws IOException {
        return Fields.parse(file, Files.readAllBytes(file));
    }
}
