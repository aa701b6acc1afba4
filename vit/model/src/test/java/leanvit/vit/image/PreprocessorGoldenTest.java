package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds pictures, resampling and normalising against what Pillow and torchvision give (testdata/golden/preprocess). */
class PreprocessorGoldenTest {

    private static final Path DIRECTORY = TestData.path("golden/preprocess");
    private static final GoldenFile TENSORS = GoldenFile.open("preprocess/preprocess");

    @ParameterizedTest
    @ValueSource(strings = {"gray_130x97", "rgb_320x241", "rgb_417x333", "rgb_53x151", "rgb_61x47", "rgba_90x131"})
    void inputsAreThoseOfPillowAndTorchvision(String picture) throws IOException {
        RgbImage image = Pictures.read(DIRECTORY.resolve(picture + ".png"));
        for (float fraction : new float[] {0.9f, 0.875f}) {
            String small = picture + ".s48.c" + fraction;
            Preprocessor toSmall = new Preprocessor(shortSide(48, fraction));
            RgbImage smallCrop = toSmall.crop(image);
            int[] expectedSmall = TENSORS.ints(small + ".u8");
            byte[] bytes = new byte[expectedSmall.length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) expectedSmall[i];
            }
            assertThat(smallCrop.samples()).as(small).isEqualTo(bytes);

            String large = picture + ".s224.c" + fraction;
            Preprocessor toLarge = new Preprocessor(shortSide(224, fraction));
            float[] input = new float[toLarge.inputLength() + 5];
            RgbImage largeCrop = toLarge.apply(image, input, 5);
            RgbImage expected = Pictures.read(DIRECTORY.resolve("expected").resolve(large + ".png"));
            assertThat(largeCrop.samples()).as(large).isEqualTo(expected.samples());
            float[] row = TENSORS.floats(large + ".f32_row");
            for (int c = 0; c < 3; c++) {
                for (int x = 0; x < 224; x++) {
                    assertThat(input[5 + (c * 224 + 112) * 224 + x]).as("%s channel %d x %d", large, c, x)
                            .isEqualTo(row[c * 224 + x]);
                }
            }
        }
        Preprocessor toSmall = new Preprocessor(shortSide(48, 0.9f));
        float[] input = new float[toSmall.inputLength()];
        toSmall.apply(image, input, 0);
        float[] expected = TENSORS.floats(picture + ".s48.c0.9.f32");
        for (int i = 0; i < input.length; i++) {
            assertThat(input[i]).as("%s sample %d", picture, i).isEqualTo(expected[i]);
        }
    }

    private static Preprocessing shortSide(int size, float fraction) {
        return new Preprocessing(size, size, fraction, Preprocessing.Resize.SHORT_SIDE,
                Preprocessing.Interpolation.BICUBIC, new float[] {0.485f, 0.456f, 0.406f},
                new float[] {0.229f, 0.224f, 0.225f});
    }
}
