package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.Preprocessing.Rounding;
import leanvit.vit.image.Preprocessing.Target;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreprocessorTest {

    private static final float[] HALF = {0.5f, 0.5f, 0.5f};

    /** Sizes and offsets as timm's and torchvision's rules give them by hand. */
    @ParameterizedTest
    @CsvSource({
        // input height, width, fraction, resize, picture width, height: resized width, height, left, top
        "224, 224, 0.875, SHORT_SIDE, 500, 375, 341, 256, 58, 16",
        "224, 224, 0.875, SHORT_SIDE, 375, 500, 256, 341, 16, 58",
        "224, 224, 0.9, SHORT_SIDE, 417, 333, 310, 248, 43, 12",
        "224, 224, 0.8, SHORT_SIDE, 100, 100, 280, 280, 28, 28",
        "384, 384, 1.0, SHORT_SIDE, 640, 480, 512, 384, 64, 0",
        "224, 224, 1.0, SHORT_SIDE, 224, 225, 224, 225, 0, 0",
        "224, 224, 1.0, SHORT_SIDE, 224, 227, 224, 227, 0, 2",
        "224, 224, 0.875, SHORT_SIDE, 1, 1, 256, 256, 16, 16",
        "224, 224, 0.875, SHORT_SIDE, 1, 65535, 256, 16776960, 16, 8388368",
        "224, 224, 1.0, SQUASH, 640, 480, 224, 224, 0, 0",
        "128, 224, 0.875, SQUASH, 640, 480, 256, 146, 16, 9",
        "192, 256, 0.75, SHORT_SIDE, 640, 480, 341, 256, 42, 32",
        "192, 256, 1.0, SHORT_SIDE, 1000, 300, 640, 192, 192, 0",
        "192, 256, 1.0, SHORT_SIDE, 300, 1000, 256, 853, 0, 330",
        "224, 224, 2.0, SHORT_SIDE, 30, 60, 112, 224, -56, 0"
    })
    void sizesFollowTheRules(int height, int width, float fraction, Resize resize, int pictureWidth, int pictureHeight,
                             long resizedWidth, long resizedHeight, long left, long top) {
        Preprocessor preprocessor = preprocessor(height, width, fraction, resize);
        CropGeometry geometry = preprocessor.geometry(pictureWidth, pictureHeight);
        assertThat(geometry.resizedWidth()).isEqualTo(resizedWidth);
        assertThat(geometry.resizedHeight()).isEqualTo(resizedHeight);
        assertThat(geometry.left()).isEqualTo(left);
        assertThat(geometry.top()).isEqualTo(top);
        assertThat(geometry.pictureX(width / 2.0)).isCloseTo(pictureWidth / 2.0, within(geometry.scaleX()));
        assertThat(geometry.pictureY(height / 2.0)).isCloseTo(pictureHeight / 2.0, within(geometry.scaleY()));
        assertThat(geometry.pictureX(resizedWidth - left)).isCloseTo(pictureWidth, within(1e-6));

        RgbImage crop = preprocessor.crop(ResamplerTest.random(pictureWidth, pictureHeight, 5));
        assertThat(crop.width()).isEqualTo(width);
        assertThat(crop.height()).isEqualTo(height);
    }

    /** By the rules of transformers' functions for sizes, worked out by hand. */
    @ParameterizedTest
    @CsvSource({
        // resize, target height, width, picture width, height: resized width, height
        "SHORT_SIDE, 256, 256, 640, 480, 341, 256",
        "SHORT_SIDE, 256, 256, 300, 1001, 256, 854",
        "SQUASH, 256, 300, 300, 1001, 300, 256",
        "SHORT_SIDE_WITHIN, 256, 300, 640, 480, 300, 225",
        // 300 * 300 / 1001 = 89.91: the short side is rounded, the long one comes from the fraction
        "SHORT_SIDE_WITHIN, 256, 300, 300, 1001, 90, 300",
        "SHORT_SIDE_WITHIN, 256, 300, 100, 110, 256, 281",
        "WITHIN, 500, 400, 640, 480, 400, 300",
        "WITHIN, 500, 400, 300, 1001, 149, 500",
        "WITHIN, 10, 10, 1, 1000, 1, 10"
    })
    void targetsFollowTheRules(Resize resize, int height, int width, int pictureWidth, int pictureHeight,
                               long resizedWidth, long resizedHeight) {
        Preprocessing preprocessing = new Preprocessing(224, 448, 1, resize, new Target(height, width),
                Interpolation.BICUBIC, Preprocessing.Crop.DOWN, Rounding.BYTES, 1, HALF, HALF);
        CropGeometry geometry = new Preprocessor(preprocessing).geometry(pictureWidth, pictureHeight);
        assertThat(geometry.resizedWidth()).isEqualTo(resizedWidth);
        assertThat(geometry.resizedHeight()).isEqualTo(resizedHeight);
        CropGeometry twice = new Preprocessor(preprocessing.at(448, 896)).geometry(pictureWidth, pictureHeight);
        assertThat(twice.resizedHeight()).isBetween(2 * resizedHeight - 1, 2 * resizedHeight + 10);
    }

    @Test
    void floatsAreTheBytesBeforeTheyAreRounded() {
        float[] zero = {0, 0, 0};
        float[] one = {1, 1, 1};
        for (Interpolation filter : new Interpolation[] {Interpolation.BILINEAR, Interpolation.BICUBIC}) {
            // The last one is smaller than the crop, which leaves a border.
            for (int[] size : new int[][] {{64, 48}, {20, 50}, {32, 24}, {9, 7}}) {
                RgbImage picture = ResamplerTest.random(size[0], size[1], 3);
                for (int i = 0; i < picture.samples().length; i++) { // so that nothing overshoots and is clamped
                    picture.samples()[i] = (byte) (64 + (picture.samples()[i] & 0x7f));
                }
                Preprocessing bytes = new Preprocessing(24, 32, 1, Resize.SQUASH, new Target(28, 30), filter,
                        Preprocessing.Crop.DOWN, Rounding.BYTES, 1, zero, one);
                Preprocessing floats = new Preprocessing(24, 32, 1, Resize.SQUASH, new Target(28, 30), filter,
                        Preprocessing.Crop.DOWN, Rounding.NONE, 1, zero, one);
                float[] rounded = new float[3 * 24 * 32];
                float[] exact = new float[3 * 24 * 32];
                new Preprocessor(bytes).apply(picture, rounded, 0);
                RgbImage seen = new Preprocessor(floats).apply(picture, exact, 0);
                int odd = 0;
                for (int i = 0; i < exact.length; i++) {
                    // Two roundings, each by half; the first is multiplied by bicubic weights of sum 1.3 at most.
                    assertThat(Math.max(0, Math.min(255, exact[i]))).isCloseTo(rounded[i], within(1.3f));
                    odd += exact[i] == Math.rint(exact[i]) ? 0 : 1;
                    int at = 3 * (i % (24 * 32)) + i / (24 * 32);
                    assertThat(seen.samples()[at] & 0xff).isEqualTo(Math.max(0, Math.min(255, Math.round(exact[i]))));
                }
                assertThat(odd).isGreaterThan(exact.length / 2);
            }
        }
    }

    @Test
    void aPictureThatIsNotBroughtToSizeIsNamedWithBothSizes() throws IOException {
        Preprocessor none = new Preprocessor(new Preprocessing(24, 32, 1, Resize.NONE, Interpolation.BICUBIC,
                Preprocessing.Crop.NONE, 1, HALF, HALF));
        none.check("a.png", RgbImage.black(32, 24));
        assertThatThrownBy(() -> none.check("a.png", RgbImage.black(24, 32))).isInstanceOf(InvalidInputException.class)
                .hasMessage("a.png: the model takes pictures of 32 x 24 and neither resizes nor crops them; this one "
                        + "has 24 x 32");
        assertThatThrownBy(() -> none.crop(RgbImage.black(24, 32))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void thePartOfAPictureOfTheRightSizeIsItsOwnPixels() {
        RgbImage picture = ResamplerTest.random(32, 40, 2);
        assertThat(preprocessor(32, 32, 1, Resize.SHORT_SIDE).crop(picture).samples())
                .isEqualTo(Arrays.copyOfRange(picture.samples(), 3 * 32 * 4, 3 * 32 * 36));
        RgbImage square = ResamplerTest.random(32, 32, 2);
        assertThat(preprocessor(32, 32, 1, Resize.SQUASH).crop(square)).isSameAs(square);
    }

    @Test
    void extremeSidesGiveAnInput() {
        for (Resize resize : new Resize[] {Resize.SHORT_SIDE, Resize.SQUASH}) {
            for (int[] size : new int[][] {{1, 1}, {1, 2}, {2, 1}, {1, 65_535}, {65_535, 1}, {3, 9_999}}) {
                for (int[] input : new int[][] {{16, 16}, {16, 48}, {48, 16}}) {
                    RgbImage flat = RgbImage.black(size[0], size[1]);
                    Arrays.fill(flat.samples(), (byte) 9);
                    RgbImage crop = preprocessor(input[0], input[1], 1, resize).crop(flat);
                    assertThat(crop.samples()).as("%s of %s to %s", resize, Arrays.toString(size),
                            Arrays.toString(input))
                            .hasSize(3 * input[0] * input[1]).containsOnly((byte) 9);
                }
            }
        }
    }

    @Test
    void aPictureThatStaysSmallerThanTheInputIsPaddedWithBlack() {
        RgbImage flat = RgbImage.black(6, 9);
        Arrays.fill(flat.samples(), (byte) 50);
        RgbImage crop = preprocessor(9, 9, 2, Resize.SHORT_SIDE).crop(flat); // resized to 4 x 6
        for (int y = 0; y < 9; y++) {
            for (int x = 0; x < 9; x++) {
                boolean inside = x >= 2 && x < 6 && y >= 1 && y < 7;
                assertThat(crop.pixel(x, y)).as("(%d, %d)", x, y).isEqualTo(inside ? 50 * 0x010101 : 0);
            }
        }
    }

    @Test
    void samplesAreNormalisedChannelByChannel() {
        float[] mean = {0.1f, 0.2f, 0.3f};
        float[] std = {0.5f, 0.25f, 2f};
        Preprocessor preprocessor = new Preprocessor(new Preprocessing(2, 3, 1, Resize.SQUASH, Interpolation.BICUBIC,
                mean, std));
        RgbImage picture = ResamplerTest.random(3, 2, 8);
        float[] out = new float[4 + 18 + 4];
        Arrays.fill(out, Float.NaN);
        assertThat(preprocessor.inputLength()).isEqualTo(18);
        assertThat(preprocessor.apply(picture, out, 4)).isSameAs(picture);
        for (int i = 0; i < 6; i++) {
            for (int c = 0; c < 3; c++) {
                int sample = picture.samples()[3 * i + c] & 0xff;
                assertThat(out[4 + 6 * c + i]).isEqualTo((sample / 255f - mean[c]) / std[c]);
            }
        }
        assertThat(Arrays.copyOf(out, 4)).containsOnly(Float.NaN);
        assertThat(Arrays.copyOfRange(out, 22, 26)).containsOnly(Float.NaN);
        assertThatThrownBy(() -> preprocessor.apply(picture, out, 9)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> preprocessor.normalize(RgbImage.black(2, 3), out, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a picture of 3 x 2, not 2 x 3");
    }

    @Test
    void valuesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> preprocessor(0, 4, 1, Resize.SQUASH)).hasMessageContaining("0 x 4");
        for (float fraction : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> preprocessor(4, 4, fraction, Resize.SQUASH))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("crop fraction");
        }
        for (float[] bad : new float[][] {{1, 1}, {1, 1, Float.NaN}, {1, 1, 1, 1}}) {
            assertThatThrownBy(() -> new Preprocessor(new Preprocessing(4, 4, 1, Resize.SQUASH, Interpolation.BICUBIC,
                    bad, HALF))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new Preprocessor(new Preprocessing(4, 4, 1, Resize.SQUASH, Interpolation.BICUBIC, HALF,
                new float[] {1, 0, 1}))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("std 0.0");
        assertThatThrownBy(() -> new RgbImage(0, 1, new byte[3])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RgbImage(40_000, 40_000, new byte[3])).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4800000000");
    }

    private static Preprocessor preprocessor(int height, int width, float fraction, Resize resize) {
        return new Preprocessor(new Preprocessing(height, width, fraction, resize, Interpolation.BICUBIC, HALF, HALF));
    }
}
