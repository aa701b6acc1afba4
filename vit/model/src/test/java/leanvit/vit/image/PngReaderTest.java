package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PngReaderTest {

    private static final Path NAME = Path.of("test.png");

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 2", "0, 4", "0, 8", "0, 16", "2, 8", "2, 16", "3, 1", "3, 2", "3, 4", "3, 8", "4, 8",
        "4, 16", "6, 8", "6, 16"})
    void everyColourTypeDepthAndInterlacingGivesTheRgbOfItsSamples(int colourType, int depth) throws IOException {
        Random random = new Random(100L * colourType + depth);
        for (int[] size : new int[][] {{1, 1}, {2, 1}, {1, 3}, {5, 4}, {8, 8}, {9, 9}, {13, 7}, {3, 17}, {33, 11}}) {
            int width = size[0];
            int height = size[1];
            int channels = colourType == 2 ? 3 : colourType == 6 ? 4 : colourType == 4 ? 2 : 1;
            int colours = Math.min(1 << depth, 200);
            byte[] palette = new byte[3 * colours];
            random.nextBytes(palette);
            int[] samples = new int[width * height * channels];
            byte[] expected = new byte[3 * width * height];
            for (int i = 0; i < width * height; i++) {
                for (int c = 0; c < channels; c++) {
                    samples[i * channels + c] = random.nextInt(colourType == 3 ? colours : 1 << depth);
                }
                for (int c = 0; c < 3; c++) {
                    int sample = samples[i * channels + (channels < 3 ? 0 : c)];
                    expected[3 * i + c] = colourType == 3 ? palette[3 * sample + c]
                            : (byte) (depth == 16 ? sample >> 8 : sample * 255 / ((1 << depth) - 1));
                }
            }
            for (int interlace = 0; interlace < 2; interlace++) {
                TestPng png = new TestPng().header(width, height, depth, colourType, interlace);
                if (colourType == 3) {
                    png.chunk("PLTE", palette).chunk("tRNS", new byte[] {0, 1});
                }
                byte[] rows = rows(samples, width, height, channels, depth, interlace == 1, random);
                byte[] compressed = TestPng.deflate(rows);
                int cut = random.nextInt(compressed.length + 1);
                png.chunk("IDAT", Arrays.copyOf(compressed, cut)).chunk("IDAT", new byte[0])
                        .chunk("IDAT", Arrays.copyOfRange(compressed, cut, compressed.length));
                RgbImage image = Pictures.decode(NAME, png.end());
                String label = "colour type %d depth %d size %dx%d interlace %d".formatted(colourType, depth, width,
                        height, interlace);
                assertThat(image.width()).as(label).isEqualTo(width);
                assertThat(image.height()).as(label).isEqualTo(height);
                assertThat(image.samples()).as(label).isEqualTo(expected);
            }
        }
    }

    /**
     * Packs samples to rows, each with a random filter; an encoder from the specification's text, for this test alone.
     */
    private static byte[] rows(int[] samples, int width, int height, int channels, int depth, boolean interlaced,
                               Random random) {
        int[][] adam7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2},
            {0, 1, 1, 2}};
        int[][] passes = interlaced ? adam7 : new int[][] {{0, 0, 1, 1}};
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int step = Math.max(1, channels * depth / 8);
        for (int[] pass : passes) {
            byte[] above = null;
            for (int y = pass[1]; y < height && pass[0] < width; y += pass[3]) {
                int columns = (width - pass[0] + pass[2] - 1) / pass[2];
                byte[] raw = new byte[(columns * channels * depth + 7) / 8];
                int bit = 0;
                for (int x = pass[0]; x < width; x += pass[2]) {
                    for (int c = 0; c < channels; c++, bit += depth) {
                        int sample = samples[(y * width + x) * channels + c];
                        if (depth == 16) {
                            raw[bit / 8] = (byte) (sample >> 8);
                            raw[bit / 8 + 1] = (byte) sample;
                        } else {
                            raw[bit / 8] |= (byte) (sample << 8 - depth - bit % 8);
                        }
                    }
                }
                int filter = random.nextInt(5);
                all.write(filter);
                for (int i = 0; i < raw.length; i++) {
                    int left = i < step ? 0 : raw[i - step] & 0xff;
                    int up = above == null ? 0 : above[i] & 0xff;
                    int corner = above == null || i < step ? 0 : above[i - step] & 0xff;
                    int p = left + up - corner;
                    boolean leftIsNearest = Math.abs(p - left) <= Math.abs(p - up)
                            && Math.abs(p - left) <= Math.abs(p - corner);
                    int nearest = leftIsNearest ? left
                            : Math.abs(p - up) <= Math.abs(p - corner) ? up : corner;
                    int[] predictions = {0, left, up, (left + up) / 2, nearest};
                    all.write(raw[i] - predictions[filter]);
                }
                above = raw;
            }
        }
        return all.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_BYTE_INDEXED,
        BufferedImage.TYPE_BYTE_BINARY})
    void filesOfTheJdksWriterGiveItsPixelsWithoutAlpha(int type) throws IOException {
        BufferedImage image = new BufferedImage(37, 23, type);
        Random random = new Random(type);
        for (int y = 0; y < 23; y++) {
            for (int x = 0; x < 37; x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        for (boolean interlaced : new boolean[] {false, true}) {
            RgbImage read = Pictures.decode(NAME, write(image, interlaced));
            for (int y = 0; y < 23; y++) {
                for (int x = 0; x < 37; x++) {
                    assertThat(read.pixel(x, y)).as("type %d interlaced %s (%d, %d)", type, interlaced, x, y)
                            .isEqualTo(image.getRGB(x, y) & 0xffffff);
                }
            }
        }
    }

    @Test
    void grayKeepsItsSamplesWithoutGamma() throws IOException {
        BufferedImage gray = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage deep = new BufferedImage(256, 1, BufferedImage.TYPE_USHORT_GRAY);
        for (int x = 0; x < 256; x++) {
            gray.getRaster().setSample(x, 0, 0, x);
            deep.getRaster().setSample(x, 0, 0, x << 8 | 255 - x);
        }
        for (BufferedImage image : new BufferedImage[] {gray, deep}) {
            RgbImage read = Pictures.decode(NAME, write(image, false));
            for (int x = 0; x < 256; x++) {
                assertThat(read.pixel(x, 0)).isEqualTo(x * 0x010101);
            }
        }
    }

    private static byte[] write(BufferedImage image, boolean interlaced) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ImageWriteParam parameters = writer.getDefaultWriteParam();
        parameters.setProgressiveMode(interlaced ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), parameters);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void theExifChunkTurnsThePicture(int orientation) throws IOException {
        byte[] rows = {0, 10, 20, 30, 0, 40, 50, 60};
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            byte[] tiff = TestJpeg.tiff(orientation, order);
            byte[] png = new TestPng().header(3, 2, 8, 0, 0).chunk("eXIf", tiff).data(rows).end();
            OrientationTest.assertTurned(Pictures.decode(NAME, png), orientation);
        }
        byte[] badChecksum = new TestPng().header(3, 2, 8, 0, 0)
                .chunk(34, "eXIf", Arrays.copyOf(TestJpeg.tiff(orientation, ByteOrder.BIG_ENDIAN), 34), 1).data(rows)
                .end();
        OrientationTest.assertTurned(Pictures.decode(NAME, badChecksum), 1);
    }

    @Test
    void anythingAfterTheEndAndUnknownAncillaryChunksAreIgnored() throws IOException {
        byte[] png = new TestPng().header(1, 1, 8, 0, 0).chunk("teXt", new byte[100]).data(new byte[] {0, 77}).end();
        assertThat(Pictures.decode(NAME, Arrays.copyOf(png, png.length + 1000)).pixel(0, 0)).isEqualTo(77 * 0x010101);
    }

    @Test
    void brokenFilesAreRefusedWithTheReason() {
        byte[] rows = {0, 1, 2, 0, 3, 4};
        assertRefused(new TestPng().header(50_000, 50_000, 8, 2, 0).data(rows).end(), "claims a size of 50000 x 50000");
        assertRefused(new TestPng().header(-1, -1, 8, 2, 0).data(rows).end(),
                "claims a size of 4294967295 x 4294967295");
        assertRefused(new TestPng().header(70_000, 1, 8, 2, 0).data(rows).end(), "claims a size of 70000 x 1");
        assertRefused(new TestPng().header(0, 5, 8, 2, 0).data(rows).end(), "claims a size of 0 x 5");
        assertRefused(new TestPng().header(2, 2, 3, 0, 0).data(rows).end(), "colour type 0 at 3 bits");
        assertRefused(new TestPng().header(2, 2, 16, 3, 0).data(rows).end(), "colour type 3 at 16 bits");
        assertRefused(new TestPng().header(2, 2, 8, 7, 0).data(rows).end(), "colour type 7");
        assertRefused(new TestPng().header(2, 2, 8, 0, 1, 0, 0).data(rows).end(), "unknown compression");
        assertRefused(new TestPng().header(2, 2, 8, 0, 2).data(rows).end(), "interlace method");
        assertRefused(new TestPng().chunk("IHDR", new byte[12]).end(), "IHDR has 12 bytes");
        assertRefused(new TestPng().data(rows).end(), "begins with chunk IDAT");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).header(2, 2, 8, 0, 0).end(), "two IHDR");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).end(), "no picture data");
        assertRefused(new TestPng().header(2, 2, 8, 3, 0).data(rows).end(), "without a palette");
        assertRefused(new TestPng().header(2, 2, 8, 3, 0).chunk("PLTE", new byte[2]).end(), "palette of 2 bytes");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk("CRIT", new byte[0]).data(rows).end(),
                "critical chunk CRIT");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk("IDAT", new byte[] {1, 2, 3}).end(), "corrupt");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).data(new byte[] {0, 1, 2}).end(), "ends too early");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk("IDAT", Arrays.copyOf(TestPng.deflate(rows), 8)).end(),
                "ends too early");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).data(new byte[] {5, 1, 2, 0, 3, 4}).end(),
                "unknown filter 5");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk(6, "IDAT", TestPng.deflate(rows), 12345).end(), "IDAT");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk(-5, "teXt", new byte[0], 0).end(),
                "claims 4294967291 bytes");
        assertRefused(new TestPng().header(2, 2, 8, 0, 0).chunk(Integer.MAX_VALUE, "teXt", new byte[0], 0).end(),
                "truncated: chunk teXt claims 2147483647 bytes");
    }

    private static void assertRefused(byte[] png, String reason) {
        assertThatThrownBy(() -> Pictures.decode(NAME, png)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("test.png: ").hasMessageContaining(reason)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }
}
