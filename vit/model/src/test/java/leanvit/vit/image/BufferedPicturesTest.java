package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures in memory give what their files give: samples as they are, alpha dropped. */
class BufferedPicturesTest {

    private static final int WIDTH = 13;
    private static final int HEIGHT = 7;

    /** Types of sRGB: colours are those that the picture itself tells. */
    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_INT_ARGB_PRE,
        BufferedImage.TYPE_INT_BGR, BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_4BYTE_ABGR_PRE, BufferedImage.TYPE_USHORT_565_RGB, BufferedImage.TYPE_USHORT_555_RGB,
        BufferedImage.TYPE_BYTE_INDEXED, BufferedImage.TYPE_BYTE_BINARY})
    void everyTypeOfColoursGivesThem(int type) {
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, type);
        fill(picture, type);
        boolean premultiplied = picture.isAlphaPremultiplied();
        assertSame(picture, (x, y) -> picture.getRGB(x, y) & 0xffffff, premultiplied ? 1 : 0);
    }

    private static void fill(BufferedImage picture, long seed) {
        Random random = new Random(seed);
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                picture.setRGB(x, y, random.nextInt() | 0x40000000);
            }
        }
    }

    private interface Expected {
        int rgb(int x, int y);
    }

    private static void assertSame(BufferedImage picture, Expected expected, int tolerance) {
        RgbImage image = Pictures.of(picture);
        assertThat(image.width()).isEqualTo(picture.getWidth());
        assertThat(image.height()).isEqualTo(picture.getHeight());
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                for (int shift = 0; shift < 24; shift += 8) {
                    assertThat(image.pixel(x, y) >> shift & 0xff).as("(%d, %d)", x, y).isBetween(
                            (expected.rgb(x, y) >> shift & 0xff) - tolerance,
                            (expected.rgb(x, y) >> shift & 0xff) + tolerance);
                }
            }
        }
    }

    /** Gray is replicated, whatever curve the JDK's gray space has; of 16 bits the upper byte counts. */
    @ParameterizedTest
    @CsvSource({"8, false, false", "8, true, false", "8, true, true", "16, false, false", "16, true, false",
        "16, true, true"})
    void grayIsReplicated(int bits, boolean alpha, boolean premultiplied) {
        ColorModel model = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_GRAY), alpha, premultiplied,
                alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
                bits == 8 ? DataBuffer.TYPE_BYTE : DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(WIDTH, HEIGHT);
        int most = (1 << bits) - 1;
        int[][] grays = new int[HEIGHT][WIDTH];
        Random random = new Random(bits);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int gray = random.nextInt(most + 1);
                int opacity = alpha ? most / 2 + random.nextInt(most / 2) : most;
                grays[y][x] = bits == 8 ? gray : gray >> 8;
                raster.setSample(x, y, 0, premultiplied ? (int) Math.round((double) gray * opacity / most) : gray);
                if (alpha) {
                    raster.setSample(x, y, 1, opacity);
                }
            }
        }
        BufferedImage picture = new BufferedImage(model, raster, premultiplied, null);
        assertSame(picture, (x, y) -> grays[y][x] * 0x010101, premultiplied ? 1 : 0);
    }

    @Test
    void theJdksOwnGrayTypesAreReplicated() {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage picture = new BufferedImage(256, 1, type);
            for (int x = 0; x < 256; x++) {
                picture.getRaster().setSample(x, 0, 0, type == BufferedImage.TYPE_BYTE_GRAY ? x : x << 8 | 0x5a);
            }
            assertSame(picture, (x, y) -> x * 0x010101, 0);
        }
    }

    @Test
    void colourUnderATransparentIndexIsKept() {
        byte[] red = {10, (byte) 200, 30};
        byte[] green = {40, 50, (byte) 160};
        byte[] blue = {70, 80, 90};
        byte[] alpha = {0, (byte) 128, (byte) 255};
        for (IndexColorModel model : new IndexColorModel[] {new IndexColorModel(8, 3, red, green, blue, alpha),
            new IndexColorModel(2, 3, red, green, blue, alpha), new IndexColorModel(8, 3, red, green, blue, 1)}) {
            BufferedImage picture = new BufferedImage(3, 1, model.getPixelSize() == 2 ? BufferedImage.TYPE_BYTE_BINARY
                    : BufferedImage.TYPE_BYTE_INDEXED, model);
            for (int x = 0; x < 3; x++) {
                picture.getRaster().setSample(x, 0, 0, x);
            }
            assertSame(picture, (x, y) -> (red[x] & 0xff) << 16 | (green[x] & 0xff) << 8 | blue[x] & 0xff, 0);
        }
    }

    /** As the JDK's PNG reader returns them. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofSixteenBitColoursTheUpperBytesCount(boolean alpha) {
        ColorModel model = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), alpha, false,
                alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(WIDTH, HEIGHT);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                raster.setPixel(x, y, alpha ? new int[] {x << 8 | 255, y << 8, 77 << 8 | 128, x * 999}
                        : new int[] {x << 8 | 255, y << 8, 77 << 8 | 128});
            }
        }
        assertSame(new BufferedImage(model, raster, false, null), (x, y) -> x << 16 | y << 8 | 77, 0);
    }

    @Test
    void bandsMayLieInAnyOrderAndApart() {
        byte[] bytes = new byte[WIDTH * HEIGHT * 3];
        new Random(4).nextBytes(bytes);
        ColorModel model = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false,
                Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        DataBufferByte buffer = new DataBufferByte(bytes, bytes.length);
        WritableRaster planes = Raster.createBandedRaster(buffer, WIDTH, HEIGHT, WIDTH, new int[] {0, 0, 0},
                new int[] {2 * WIDTH * HEIGHT, 0, WIDTH * HEIGHT}, null);
        assertSame(new BufferedImage(model, planes, false, null), (x, y) -> {
            int i = y * WIDTH + x;
            return (bytes[2 * WIDTH * HEIGHT + i] & 0xff) << 16 | (bytes[i] & 0xff) << 8
                    | bytes[WIDTH * HEIGHT + i] & 0xff;
        }, 0);
    }

    @Test
    void aPackedPictureOfOddMasksGivesItsColours() {
        ColorModel model = new DirectColorModel(32, 0x3ff00000, 0x000ffc00, 0x000003ff);
        WritableRaster raster = model.createCompatibleWritableRaster(4, 1);
        for (int x = 0; x < 4; x++) {
            raster.setPixel(x, 0, new int[] {x * 341, 1023 - x * 341, 512});
        }
        assertSame(new BufferedImage(model, raster, false, null),
                (x, y) -> x * 85 << 16 | 255 - x * 85 << 8 | 128, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY, BufferedImage.TYPE_BYTE_INDEXED,
        BufferedImage.TYPE_BYTE_BINARY})
    void aPartOfAPictureIsThatPart(int type) {
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, type);
        fill(picture, type);
        RgbImage whole = Pictures.of(picture);
        BufferedImage part = picture.getSubimage(5, 2, 6, 4);
        assertSame(part, (x, y) -> whole.pixel(x + 5, y + 2), 0);
        assertSame(part.getSubimage(1, 1, 3, 2), (x, y) -> whole.pixel(x + 6, y + 3), 0);
        WritableRaster child = picture.getRaster().createWritableChild(3, 1, 4, 5, 0, 0, null);
        assertSame(new BufferedImage(picture.getColorModel(), child, picture.isAlphaPremultiplied(), null),
                (x, y) -> whole.pixel(x + 3, y + 1), 0);
    }
}
