package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds pictures, resampling and normalising against what Pillow and torchvision give (testdata/golden/preprocess). */
class PreprocessorGoldenTest {

    private static final Path DIRECTORY = Path.of(System.getProperty("leanvit.testdata"), "golden", "preprocess");
    private static ByteBuffer tensors;
    private static String header;

    @BeforeAll
    static void readTensors() throws IOException {
        tensors = ByteBuffer.wrap(Files.readAllBytes(DIRECTORY.resolve("preprocess.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        byte[] json = new byte[(int) tensors.getLong(0)];
        tensors.get(8, json);
        header = new String(json, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gray_130x97", "rgb_320x241", "rgb_417x333", "rgb_53x151", "rgb_61x47", "rgba_90x131"})
    void inputsAreThoseOfPillowAndTorchvision(String picture) throws IOException {
        RgbImage image = Pictures.read(DIRECTORY.resolve(picture + ".png"));
        for (float fraction : new float[] {0.9f, 0.875f}) {
            String small = picture + ".s48.c" + fraction;
            Preprocessor toSmall = new Preprocessor(shortSide(48, fraction));
            RgbImage smallCrop = toSmall.crop(image);
            ByteBuffer expectedSmall = tensor(small + ".u8");
            byte[] bytes = new byte[expectedSmall.remaining()];
            expectedSmall.get(bytes);
            assertThat(smallCrop.samples()).as(small).isEqualTo(bytes);

            String large = picture + ".s224.c" + fraction;
            Preprocessor toLarge = new Preprocessor(shortSide(224, fraction));
            float[] input = new float[toLarge.inputLength() + 5];
            RgbImage largeCrop = toLarge.apply(image, input, 5);
            RgbImage expected = Pictures.read(DIRECTORY.resolve("expected").resolve(large + ".png"));
            assertThat(largeCrop.samples()).as(large).isEqualTo(expected.samples());
            ByteBuffer row = tensor(large + ".f32_row");
            for (int c = 0; c < 3; c++) {
                for (int x = 0; x < 224; x++) {
                    assertThat(input[5 + (c * 224 + 112) * 224 + x]).as("%s channel %d x %d", large, c, x)
                            .isEqualTo(row.getFloat());
                }
            }
        }
        Preprocessor toSmall = new Preprocessor(shortSide(48, 0.9f));
        float[] input = new float[toSmall.inputLength()];
        toSmall.apply(image, input, 0);
        ByteBuffer expected = tensor(picture + ".s48.c0.9.f32");
        for (int i = 0; i < input.length; i++) {
            assertThat(input[i]).as("%s sample %d", picture, i).isEqualTo(expected.getFloat());
        }
    }

    private static Preprocessing shortSide(int size, float fraction) {
        return new Preprocessing(size, size, fraction, Preprocessing.Resize.SHORT_SIDE,
                Preprocessing.Interpolation.BICUBIC, new float[] {0.485f, 0.456f, 0.406f},
                new float[] {0.229f, 0.224f, 0.225f});
    }

    private static ByteBuffer tensor(String name) {
        Matcher entry = Pattern.compile("\"" + Pattern.quote(name)
                + "\":\\{[^}]*\"data_offsets\":\\s*\\[(\\d+),\\s*(\\d+)]").matcher(header);
        assertThat(entry.find()).as(name).isTrue();
        int start = 8 + header.getBytes(StandardCharsets.UTF_8).length;
        int from = Integer.parseInt(entry.group(1));
        return tensors.slice(start + from, Integer.parseInt(entry.group(2)) - from).order(ByteOrder.LITTLE_ENDIAN);
    }
}
