package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Random;
import leanvit.vit.image.Preprocessing.Crop;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.Preprocessing.Rounding;
import leanvit.vit.image.Preprocessing.Target;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A PNG whose rows are shortened as they are decoded gives a model the input that it gives as a whole. */
class ShortenedRowsTest {

    private static final float[] HALF = {0.5f, 0.5f, 0.5f};

    private static Preprocessor preprocessor(Resize resize, Target target, Crop crop, Rounding rounding,
            Interpolation interpolation) {
        return new Preprocessor(new Preprocessing(24, 24, target == null && resize != Resize.NONE ? 0.8f : 1, resize,
                target, interpolation, crop, rounding, 1 / 255.0, HALF, HALF));
    }

    /** A picture of a palette, some of whose pixels are beyond it, or of RGB. */
    private static byte[] png(int width, int height, boolean palette) {
        Random random = new Random(width * 31L + height);
        int row = 1 + (palette ? width : 3 * width);
        byte[] rows = new byte[row * height];
        random.nextBytes(rows);
        for (int i = 0; i < rows.length; i++) {
            if (i % row == 0) {
                rows[i] = (byte) (palette ? 0 : i / row % 5);
            } else if (palette) {
                rows[i] &= 7;
            }
        }
        TestPng png = new TestPng().header(width, height, 8, palette ? 3 : 2, 0);
        if (palette) {
            byte[] colours = new byte[15];
            random.nextBytes(colours);
            png.chunk("PLTE", colours);
        }
        return png.data(rows).end();
    }

    private static void assertSame(Preprocessor model, byte[] png, boolean shortened) throws IOException {
        RgbImage whole = Pictures.decode("a.png", png, PictureLimits.DEFAULT);
        float[] expected = new float[model.inputLength()];
        RgbImage seen = model.apply(whole, expected, 0);
        float[] input = new float[model.inputLength()];
        try (HeldPicture held = Pictures.hold("a.png", png, PictureLimits.DEFAULT, model)) {
            assertThat(held.image().width()).isEqualTo(shortened ? Math.min(24, held.image().width()) : whole.width());
            assertThat(held.image().height()).isEqualTo(whole.height());
            model.check("a.png", held);
            RgbImage other = model.apply(held, input, 0);
            assertThat(other.samples()).startsWith(seen.samples());
        }
        assertThat(input).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(Interpolation.class)
    void everyFilterGivesTheSameInput(Interpolation interpolation) throws IOException {
        Preprocessor model = preprocessor(Resize.SHORT_SIDE, null, Crop.HALF_TO_EVEN, Rounding.BYTES, interpolation);
        for (int[] size : new int[][] {{97, 61}, {48, 200}, {200, 48}, {49, 31}, {400, 3}}) {
            assertSame(model, png(size[0], size[1], false), true);
            assertSame(model, png(size[0], size[1], true), true);
        }
    }

    @ParameterizedTest
    @CsvSource({"SQUASH, 0, 0", "SQUASH, 30, 27", "SHORT_SIDE, 26, 26", "SHORT_SIDE_WITHIN, 26, 40", "WITHIN, 30, 20",
        "WITHIN, 90, 90", "LONG_SIDE, 0, 0", "NONE, 0, 0"})
    void everyResizeGivesTheSameInput(Resize resize, int height, int width) throws IOException {
        Preprocessor model = preprocessor(resize, height == 0 ? null : new Target(height, width), Crop.DOWN,
                Rounding.BYTES, Interpolation.BICUBIC);
        for (int[] size : new int[][] {{97, 61}, {60, 200}, {200, 30}, {50, 20}}) {
            assertSame(model, png(size[0], size[1], false), true);
        }
    }

    @Test
    void othersStayWhole() throws IOException {
        Preprocessor model =
                preprocessor(Resize.SQUASH, null, Crop.DOWN, Rounding.BYTES, Interpolation.BILINEAR);
        assertSame(model, png(47, 61, false), false);
        assertSame(model, png(3, 200, true), false);
        byte[] turned = new TestPng().header(100, 2, 8, 0, 0).chunk("eXIf", TestJpeg.tiff(6, ByteOrder.BIG_ENDIAN))
                .data(new byte[202]).end();
        try (HeldPicture held = Pictures.hold("a.png", turned, PictureLimits.DEFAULT, model)) {
            assertThat(held.image().width()).isEqualTo(2);
        }
        byte[] interlaced = new TestPng().header(100, 1, 8, 0, 1).data(new byte[104]).end();
        try (HeldPicture held = Pictures.hold("a.png", interlaced, PictureLimits.DEFAULT, model)) {
            assertThat(held.image().width()).isEqualTo(100);
        }
        Preprocessor floats = preprocessor(Resize.SQUASH, null, Crop.DOWN, Rounding.NONE, Interpolation.BILINEAR);
        assertSame(floats, png(97, 61, false), false);
    }

    @Test
    void aPictureThatIsNotBroughtToSizeIsNamedWithItsOwnSize() throws IOException {
        Preprocessor none = preprocessor(Resize.NONE, null, Crop.NONE, Rounding.BYTES, Interpolation.BILINEAR);
        try (HeldPicture held = Pictures.hold("a.png", png(97, 61, false), PictureLimits.DEFAULT, none)) {
            assertThatThrownBy(() -> none.check("a.png", held)).isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("this one has 97 x 61");
        }
    }

    @Test
    void fiftyMegapixelsTakeFourMebibytes() throws IOException {
        Preprocessor model = new Preprocessor(new Preprocessing(224, 224, 1, Resize.SQUASH, Interpolation.BILINEAR,
                HALF, HALF));
        byte[] png = new TestPng().header(8192, 6100, 1, 0, 0).data(new byte[1025 * 6100]).end();
        try (HeldPicture held = Pictures.hold("a.png", png, PictureLimits.DEFAULT, model)) {
            assertThat(held.image().samples()).hasSize(3 * 224 * 6100);
            float[] input = new float[model.inputLength()];
            model.apply(held, input, 0);
            assertThat(input).containsOnly(-1);
        }
    }
}
