package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kinds of PNG that are rare or not quite right, and that Pillow reads. */
class PngKindsTest {

    private static final Path NAME = Path.of("test.png");
    /** Gray, 3 x 2: 10 20 30 / 40 50 60. */
    private static final byte[] ROWS = {0, 10, 20, 30, 0, 40, 50, 60};
    /** The same as Adam7 has it: pixel (0, 0); (2, 0); (1, 0); row 1. The other passes are empty. */
    private static final byte[] INTERLACED = {0, 10, 0, 30, 0, 20, 0, 40, 50, 60};

    private static TestPng gray(boolean interlaced) {
        return new TestPng().header(3, 2, 8, 0, interlaced ? 1 : 0);
    }

    private static byte[] rows(boolean interlaced) {
        return interlaced ? INTERLACED : ROWS;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsMissedBehindTheLastPixel(boolean interlaced) throws IOException {
        byte[] whole = gray(interlaced).data(rows(interlaced)).end();
        int end = whole.length - 12; // where IEND begins
        for (int lost = 0; lost <= 12 + 4; lost++) {
            OrientationTest.assertTurned(Pictures.decode(NAME, Arrays.copyOf(whole, whole.length - lost)), 1);
        }
        for (byte[] garbage : new byte[][] {new byte[40], "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8),
            {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 'J', 'U', 'N', 'K', 0, 0, 0, 0}}) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.write(whole, 0, end);
            all.writeBytes(garbage);
            OrientationTest.assertTurned(Pictures.decode(NAME, all.toByteArray()), 1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileThatEndsWithinItsPixelsIsRefused(boolean interlaced) {
        byte[] rows = new byte[400 * 401];
        new Random(3).nextBytes(rows);
        for (int y = 0; y < 400; y++) {
            rows[y * 401] = 0;
        }
        byte[] file = new TestPng().header(400, 400, 8, 0, interlaced ? 1 : 0).chunk("IDAT", TestPng.deflate(rows))
                .end();
        for (int percent = 5; percent < 100; percent += 10) {
            byte[] cut = Arrays.copyOf(file, file.length * percent / 100);
            assertThatThrownBy(() -> Pictures.decode(NAME, cut)).as("%d %%", percent)
                    .isInstanceOf(InvalidInputException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "tRNS", "tEXt", "zTXt", "iTXt", "eXIf", "pHYs",
        "tIME", "bKGD", "hIST", "acTL", "fcTL", "fdAT", "prVt"})
    void ancillaryChunksChangeNoPixel(String type) throws IOException {
        for (byte[] data : new byte[][] {{}, {0, 1, (byte) 0x86, (byte) 0xa0}, {0, 10}, new byte[32]}) {
            OrientationTest.assertTurned(Pictures.decode(NAME, gray(false).chunk(type, data).data(ROWS).end()), 1);
            // with a checksum that does not match
            OrientationTest.assertTurned(Pictures.decode(NAME, gray(false).chunk(data.length, type, data, 77)
                    .data(ROWS).end()), 1);
            OrientationTest.assertTurned(Pictures.decode(NAME, gray(false).data(ROWS).chunk(type, data).end()), 1);
        }
    }

    @Test
    void transparencyIsDroppedAndNotBlended() throws IOException {
        byte[] colours = {9, 8, 7, 100, 110, 120, (byte) 200, (byte) 210, (byte) 220};
        byte[] palette = new TestPng().header(3, 1, 8, 3, 0).chunk("PLTE", colours)
                .chunk("tRNS", new byte[] {0, (byte) 128}).data(new byte[] {0, 0, 1, 2}).end();
        assertThat(Pictures.decode(NAME, palette).samples()).isEqualTo(colours);
        byte[] rgb = new TestPng().header(3, 1, 8, 2, 0).chunk("tRNS", new byte[] {0, 9, 0, 8, 0, 7})
                .data(new byte[] {0, 9, 8, 7, 100, 110, 120, (byte) 200, (byte) 210, (byte) 220}).end();
        assertThat(Pictures.decode(NAME, rgb).samples()).isEqualTo(colours);
        byte[] gray16 = new TestPng().header(2, 1, 16, 0, 0).chunk("tRNS", new byte[] {10, 11})
                .data(new byte[] {0, 10, 11, 20, (byte) 255}).end();
        assertThat(Pictures.decode(NAME, gray16).samples()).containsExactly(10, 10, 10, 20, 20, 20);
        byte[] alpha = new TestPng().header(2, 1, 8, 6, 0).data(new byte[] {0, 1, 2, 3, 0, 4, 5, 6, (byte) 255}).end();
        assertThat(Pictures.decode(NAME, alpha).samples()).containsExactly(1, 2, 3, 4, 5, 6);
    }

    /** Where a camera's data may stand: an iTXt, zTXt or tEXt chunk, before the pixels or behind them. */
    @ParameterizedTest
    @CsvSource({"tEXt, false", "zTXt, false", "iTXt, false", "iTXt, true"})
    void textChunksTurnThePicture(String type, boolean compressed) throws IOException {
        for (int orientation = 1; orientation <= 8; orientation++) {
            String xmp = "<x:xmpmeta><tiff:Orientation>" + orientation + "</tiff:Orientation></x:xmpmeta>";
            byte[] exif = TestJpeg.exif(TestJpeg.tiff(4, 1, new byte[] {0, 0, 0, (byte) orientation},
                    ByteOrder.BIG_ENDIAN));
            String hex = "\nexif\n      " + exif.length + "\n" + HexFormat.of().formatHex(exif)
                    .replaceAll("(.{72})", "$1\n") + "\n";
            for (byte[] data : new byte[][] {text(type, "XML:com.adobe.xmp", xmp, compressed),
                text(type, "Raw profile type exif", hex, compressed)}) {
                OrientationTest.assertTurned(Pictures.decode(NAME, gray(false).chunk(type, data).data(ROWS).end()),
                        orientation);
                OrientationTest.assertTurned(Pictures.decode(NAME, gray(true).data(INTERLACED).chunk(type, data)
                        .end()), orientation);
            }
            byte[] other = text(type, "Comment", xmp, compressed);
            OrientationTest.assertTurned(Pictures.decode(NAME, gray(false).chunk(type, other).data(ROWS).end()), 1);
        }
    }

    private static byte[] text(String type, String keyword, String text, boolean compressed) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(keyword.getBytes(StandardCharsets.ISO_8859_1));
        out.write(0);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (type.equals("zTXt")) {
            out.write(0);
            bytes = TestPng.deflate(bytes);
        } else if (type.equals("iTXt")) {
            out.writeBytes(new byte[] {(byte) (compressed ? 1 : 0), 0, 'd', 'e', 0, 'x', 0});
            bytes = compressed ? TestPng.deflate(bytes) : bytes;
        }
        out.writeBytes(bytes);
        return out.toByteArray();
    }
}
