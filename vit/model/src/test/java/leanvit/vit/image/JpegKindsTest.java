package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kinds of JPEG that are rare or not quite right, and that libjpeg, with a warning or without, reads. */
class JpegKindsTest {

    private static final Path NAME = Path.of("test.jpg");
    private static final int[][] GRAY = {{1, 1}};
    private static final int[][] FULL = {{1, 1}, {1, 1}, {1, 1}};

    /** Sampling factors of Y, Cb, Cr: pixels follow from the blocks by libjpeg's enlarging and T.871's colours. */
    @ParameterizedTest
    @CsvSource({
        "4:4:4, 11 11 11", "4:2:2, 21 11 11", "4:2:0, 22 11 11", "4:4:0, 12 11 11", "4:1:1, 41 11 11",
        "4:1:0, 42 11 11", "4:4:1, 14 11 11", "all doubled, 21 21 21", "Cb alone, 22 11 22", "Cr wide, 22 21 12",
        "Y smaller, 11 21 21"
    })
    void everySamplingIsEnlargedAsInLibjpeg(String name, String factors) throws IOException {
        int[][] sampling = Arrays.stream(factors.split(" "))
                .map(pair -> new int[] {pair.charAt(0) - '0', pair.charAt(1) - '0'}).toArray(int[][]::new);
        for (int[] size : new int[][] {{64, 64}, {37, 45}, {33, 17}, {8, 8}}) {
            FlatBlocksJpeg jpeg = new FlatBlocksJpeg(size[0], size[1], sampling, 5);
            assertColours(Pictures.decode(NAME, jpeg.write()), jpeg, name);
        }
    }

    private static void assertColours(RgbImage image, FlatBlocksJpeg jpeg, String name) {
        assertThat(image.width()).isEqualTo(jpeg.width);
        assertThat(image.height()).isEqualTo(jpeg.height);
        int[][] luma = jpeg.component(0);
        int[][] blue = jpeg.component(1);
        int[][] red = jpeg.component(2);
        for (int y = 0; y < jpeg.height; y++) {
            for (int x = 0; x < jpeg.width; x++) {
                double cb = blue[y][x] - 128;
                double cr = red[y][x] - 128;
                double[] rgb = {luma[y][x] + 1.402 * cr, luma[y][x] - 0.344136 * cb - 0.714136 * cr,
                    luma[y][x] + 1.772 * cb};
                for (int c = 0; c < 3; c++) {
                    double expected = Math.max(0, Math.min(255, rgb[c]));
                    assertThat((double) (image.pixel(x, y) >> 16 - 8 * c & 0xff))
                            .as("%s, %d x %d: (%d, %d) of %d", name, jpeg.width, jpeg.height, x, y, c)
                            .isBetween(expected - 0.52, expected + 0.52);
                }
            }
        }
    }

    @Test
    void aGrayPictureHasNoUseForSamplingFactors() throws IOException {
        for (int[] factors : new int[][] {{1, 1}, {2, 2}, {4, 1}, {1, 3}}) {
            FlatBlocksJpeg jpeg = new FlatBlocksJpeg(29, 19, new int[][] {factors}, 6);
            assertGray(Pictures.decode(NAME, jpeg.write()), jpeg, 0, 19);
        }
    }

    private static void assertGray(RgbImage image, FlatBlocksJpeg jpeg, int fromRow, int toRow) {
        for (int y = fromRow; y < toRow; y++) {
            for (int x = 0; x < jpeg.width; x++) {
                assertThat(image.pixel(x, y)).as("(%d, %d)", x, y)
                        .isEqualTo(jpeg.blocks[0][y / 8][x / 8] * 0x010101);
            }
        }
    }

    @Test
    void whatTheColoursAreIsDecidedByLibjpegsRule() throws IOException {
        byte[] jfif = segment(0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0");
        byte[] rgbIds = {'R', 'G', 'B'};
        assertRgb(new byte[0], rgbIds, true);
        assertRgb(segment(0xee, "Adobe\0d\0\0\0\0\0"), new byte[] {1, 2, 3}, true);
        assertRgb(segment(0xee, "Adobe\0d\0\0\0\0\1"), rgbIds, false);
        assertRgb(segment(0xee, "Adobe\0d\0\0\0\0\2"), rgbIds, false);
        assertRgb(jfif, rgbIds, false);
        assertRgb(join(jfif, segment(0xee, "Adobe\0d\0\0\0\0\0")), new byte[] {1, 2, 3}, false);
        assertRgb(new byte[0], new byte[] {0, 1, 2}, false);
        assertRgb(new byte[0], new byte[] {34, 35, 36}, false);
        assertRgb(new byte[0], new byte[] {'r', 'g', 'b'}, false);
        // Too short to be one.
        assertRgb(segment(0xee, "Adobe\0d\0\0\0\0"), new byte[] {1, 2, 3}, false);
    }

    private static void assertRgb(byte[] segments, byte[] ids, boolean rgb) throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(16, 8, FULL, 7);
        jpeg.segments = segments;
        jpeg.ids = new int[] {ids[0], ids[1], ids[2]};
        RgbImage image = Pictures.decode(NAME, jpeg.write());
        if (rgb) {
            assertThat(image.pixel(0, 0)).isEqualTo(
                    jpeg.blocks[0][0][0] << 16 | jpeg.blocks[1][0][0] << 8 | jpeg.blocks[2][0][0]);
        } else {
            assertColours(image, jpeg, "YCbCr");
        }
    }

    /** 255 is no ink, as Adobe stores it: R = C * K / 255. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 2})
    void fourComponentsAreInksAsAdobeStoresThem(int transform) throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(24, 16, new int[][] {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, 8);
        if (transform >= 0) {
            jpeg.segments = segment(0xee, "Adobe\0d\0\0\0\0" + (char) transform);
        }
        RgbImage image = Pictures.decode(NAME, jpeg.write());
        for (int y = 0; y < 16; y += 8) {
            for (int x = 0; x < 24; x += 8) {
                double a = jpeg.blocks[0][y / 8][x / 8];
                double b = jpeg.blocks[1][y / 8][x / 8];
                double c = jpeg.blocks[2][y / 8][x / 8];
                double light = jpeg.blocks[3][y / 8][x / 8] / 255.0;
                double[] inks = {a, b, c};
                if (transform == 2) { // as YCCK stores them, R, G and B of the complement
                    inks = new double[] {255 - clamp(a + 1.402 * (c - 128)),
                        255 - clamp(a - 0.344136 * (b - 128) - 0.714136 * (c - 128)),
                        255 - clamp(a + 1.772 * (b - 128))};
                }
                for (int i = 0; i < 3; i++) {
                    assertThat((double) (image.pixel(x, y) >> 16 - 8 * i & 0xff)).as("(%d, %d) of %d", x, y, i)
                            .isBetween(inks[i] * light - 1.1, inks[i] * light + 1.1);
                }
            }
        }
    }

    private static double clamp(double x) {
        return Math.max(0, Math.min(255, x));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void huffmanTablesMayHaveAnyNumber(int table) throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(40, 24, FULL, 9);
        jpeg.table = table;
        assertColours(Pictures.decode(NAME, jpeg.write()), jpeg, "table " + table);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void restartMarkersMayBeNumberedWrong(int shift) throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 96, GRAY, 10);
        jpeg.restartInterval = 10;
        jpeg.restartShift = shift;
        assertGray(Pictures.decode(NAME, jpeg.write()), jpeg, 0, 96);
    }

    @Test
    void aLostRestartMarkerCostsItsIntervalAlone() throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 96, GRAY, 11);
        jpeg.restartInterval = 10;
        jpeg.lostRestart = 4;
        RgbImage image = Pictures.decode(NAME, jpeg.write());
        assertGray(image, jpeg, 0, 40);
        assertGray(image, jpeg, 48, 96);
    }

    @Test
    void restartMarkersThatNobodyAnnouncedEndThePictureThere() throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 32, GRAY, 12);
        jpeg.restartInterval = 10;
        jpeg.tellRestarts = false;
        RgbImage image = Pictures.decode(NAME, jpeg.write());
        assertGray(image, jpeg, 0, 8);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "0, 1, 0", "1, 63, 0", "63, 0, 0", "0, 63, 16", "255, 255, 255", "0, 63, 17"})
    void theScanHeadersLastBytesMeanNothingInASequentialJpeg(int start, int end, int approximation)
            throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(40, 24, FULL, 13);
        byte[] bytes = jpeg.write();
        int at = indexOf(bytes, 0xda) + 2 + 3 + 2 * 3;
        bytes[at] = (byte) start;
        bytes[at + 1] = (byte) end;
        bytes[at + 2] = (byte) approximation;
        assertColours(Pictures.decode(NAME, bytes), jpeg, "scan header");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void strayAndFillBytesBeforeMarkersAreReadOver(boolean progressive) throws IOException {
        byte[] plain = TestJpeg.write(TestJpeg.smooth(50, 34, 3), progressive);
        byte[] expected = Pictures.decode(NAME, plain).samples();
        for (int marker : new int[] {0xdb, 0xc4, progressive ? 0xc2 : 0xc0, 0xda, 0xd9}) {
            int at = marker == 0xd9 ? plain.length - 2 : indexOf(plain, marker);
            for (byte[] stray : new byte[][] {{0}, {1, 2, 3, 4, 5, 6, 7}, {(byte) 0xff}, {(byte) 0xff, (byte) 0xff},
                {7, (byte) 0xff, 0, 9}}) {
                if (at == 2) {
                    continue; // the first marker is what tells a JPEG
                }
                byte[] with = join(join(Arrays.copyOf(plain, at), stray),
                        Arrays.copyOfRange(plain, at, plain.length));
                if (marker == 0xd9 && !progressive && stray[0] == 7) {
                    continue; // within the data of the scan, where it is data
                }
                assertThat(Pictures.decode(NAME, with).samples()).as("%02x %s", marker, Arrays.toString(stray))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void whatFollowsThePictureInPlaceOfItsEndIsNotMissed() throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(40, 24, GRAY, 14);
        byte[] whole = jpeg.write();
        for (int zeros : new int[] {2, 3, 100, 5000}) {
            byte[] padded = Arrays.copyOf(Arrays.copyOf(whole, whole.length - 2), whole.length - 2 + zeros);
            assertGray(Pictures.decode(NAME, padded), jpeg, 0, 24);
        }
    }

    /** PIL reads most of these: its decoder wants to see some bytes behind the last block, whatever they are. */
    @ParameterizedTest
    @CsvSource({"0, ''", "0, ff", "0, ffda", "0, ffc4", "0, ffe1ffff", "10, ''", "10, 0000", "10, ffd5", "10, ffda00"})
    void onlyTheEndMarkerMayMiss(int restartInterval, String tail) throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 96, GRAY, 16);
        jpeg.restartInterval = restartInterval;
        byte[] whole = jpeg.write();
        assertGray(Pictures.decode(NAME, join(Arrays.copyOf(whole, whole.length - 2), HexFormat.of().parseHex(tail))),
                jpeg, 0, 96);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 30})
    void aFileThatEndsBetweenRestartMarkersIsRefused(int restartInterval) {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 96, GRAY, 16);
        jpeg.restartInterval = restartInterval;
        byte[] whole = jpeg.write();
        for (int end = jpeg.dataStart + 1; end < whole.length - 4; end += 3) {
            byte[] cut = Arrays.copyOf(whole, end);
            assertThatThrownBy(() -> Pictures.decode(NAME, cut)).as("%d of %d", end, whole.length)
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining("truncated");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileThatEndsWithinItsDataIsRefused(boolean progressive) throws IOException {
        byte[] jpeg = TestJpeg.write(TestJpeg.smooth(120, 90, 3), progressive);
        int data = indexOf(jpeg, 0xda);
        for (int percent = 0; percent < 98; percent += 7) {
            byte[] cut = Arrays.copyOf(jpeg, data + (jpeg.length - data) * percent / 100);
            assertThatThrownBy(() -> Pictures.decode(NAME, cut)).as("%d %%", percent)
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining("truncated");
        }
    }

    @ParameterizedTest
    @CsvSource({"4:4:4, 11 11 11", "4:2:2, 21 11 11", "4:2:0, 22 11 11", "4:4:0, 12 11 11", "Cr wide, 22 21 12"})
    void eachComponentMayHaveAScanOfItsOwn(String name, String factors) throws IOException {
        int[][] sampling = Arrays.stream(factors.split(" "))
                .map(pair -> new int[] {pair.charAt(0) - '0', pair.charAt(1) - '0'}).toArray(int[][]::new);
        for (int[] size : new int[][] {{64, 64}, {37, 45}, {33, 17}, {8, 8}}) {
            FlatBlocksJpeg jpeg = new FlatBlocksJpeg(size[0], size[1], sampling, 17);
            jpeg.interleaved = false;
            assertColours(Pictures.decode(NAME, jpeg.write()), jpeg, name);
        }
    }

    /** What a scan lacks that is cut but for its end marker is gray. */
    @Test
    void aCutScanWithItsEndMarkerIsGrayFromThere() throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 96, GRAY, 18);
        byte[] whole = jpeg.write();
        for (int percent = 0; percent < 100; percent += 9) {
            int end = jpeg.dataStart + (whole.length - 2 - jpeg.dataStart) * percent / 100;
            byte[] cut = join(Arrays.copyOf(whole, end), new byte[] {(byte) 0xff, (byte) 0xd9});
            RgbImage image = Pictures.decode(NAME, cut);
            int same = 0;
            while (same < 120 && block(image, same) == jpeg.blocks[0][same / 10][same % 10]) {
                same++;
            }
            assertThat(same).as("%d %%", percent).isBetween(120 * percent / 100 - 12, 120 * percent / 100 + 12);
            for (int i = same + 1; i < 120; i++) { // one block may be half there
                assertThat(block(image, i)).as("%d %%: block %d", percent, i).isEqualTo(128);
            }
        }
    }

    private static int block(RgbImage image, int i) {
        return image.pixel(i % 10 * 8 + 3, i / 10 * 8 + 3) & 0xff;
    }

    /** Damage within the data, at a share of it: the sum is that of the pixels that Pillow 12.3 gives. */
    @ParameterizedTest
    @CsvSource({
        "0, 30, 000000000000, true, 784134875",
        "0, 50, ff00ff00ff00ff00ff00, true, 1602647980",
        "0, 70, 55aa55, false, 1664852156",
        "0, 20, ffd3, false, 3547628377",
        "10, 35, 00000000, true, 1940684597",
        "10, 50, ff3c, false, 534567822",
        "10, 15, ff10ffbf, true, 776356701",
        "10, 60, ff00ff00ff00ff00ff00, true, 3066152565",
        "10, 40, ffd5, false, 2352968199",
        "10, 80, ffe1ffff, false, 1136230818",
        "0, 50, fffe0010, false, 3193404482",
        "0, 97, ffee7000, false, 3346481788"
    })
    void damageIsReadOverAsPillowDoes(int restartInterval, int percent, String bytes, boolean replace, long sum)
            throws IOException {
        CRC32 crc = new CRC32();
        crc.update(Pictures.decode(NAME, damaged(restartInterval, percent, bytes, replace)).samples());
        assertThat(crc.getValue()).isEqualTo(sum);
    }

    @ParameterizedTest
    @CsvSource({"0, 40, ff3c", "0, 40, ff01ff02", "10, 40, ffc0", "0, 60, ffdf", "0, 60, fff3", "0, 30, ffc400ff"})
    void damageThatLooksLikeAnotherMarkerIsRefused(int restartInterval, int percent, String bytes) {
        byte[] jpeg = damaged(restartInterval, percent, bytes, false);
        assertThatThrownBy(() -> Pictures.decode(NAME, jpeg)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("test.jpg: ");
    }

    private static byte[] damaged(int restartInterval, int percent, String bytes, boolean replace) {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(80, 64, FULL, 19);
        jpeg.restartInterval = restartInterval;
        byte[] whole = jpeg.write();
        int at = jpeg.dataStart + (whole.length - 2 - jpeg.dataStart) * percent / 100;
        byte[] damage = HexFormat.of().parseHex(bytes);
        return join(join(Arrays.copyOf(whole, at), damage),
                Arrays.copyOfRange(whole, replace ? at + damage.length : at, whole.length));
    }

    @Test
    void whatHasNoDecoderIsRefusedByName() {
        byte[] jpeg = new FlatBlocksJpeg(16, 16, GRAY, 15).write();
        int frame = indexOf(jpeg, 0xc0);
        Object[][] kinds = {{0xc9, "arithmetic"}, {0xca, "arithmetic"}, {0xcb, "arithmetic"}, {0xc3, "lossless"},
            {0xc5, "hierarchical"}, {0xc6, "hierarchical"}, {0xf7, "JPEG-LS"}};
        for (Object[] kind : kinds) {
            byte[] other = jpeg.clone();
            other[frame + 1] = (byte) (int) kind[0];
            assertThatThrownBy(() -> Pictures.decode(NAME, other)).as("%x", kind[0])
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining((String) kind[1]);
        }
        byte[] deep = jpeg.clone();
        deep[frame + 4] = 12;
        assertThatThrownBy(() -> Pictures.decode(NAME, deep)).hasMessageContaining("12 bits a sample");
        byte[] two = new FlatBlocksJpeg(16, 16, new int[][] {{1, 1}, {1, 1}}, 15).write();
        assertThatThrownBy(() -> Pictures.decode(NAME, two)).hasMessageContaining("2 colour components");
    }

    @Test
    void anXmpPacketTurnsThePicture() throws IOException {
        FlatBlocksJpeg jpeg = new FlatBlocksJpeg(24, 8, GRAY, 16);
        int[] row = jpeg.blocks[0][0];
        String xmp = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
        jpeg.segments = segment(0xe1, xmp);
        RgbImage turned = Pictures.decode(NAME, jpeg.write());
        assertThat(turned.width()).isEqualTo(8);
        assertThat(turned.height()).isEqualTo(24);
        for (int i = 0; i < 3; i++) {
            assertThat(turned.pixel(4, 8 * i + 4)).isEqualTo(row[i] * 0x010101);
        }
        // An extension's packet is not the packet.
        FlatBlocksJpeg plain = new FlatBlocksJpeg(24, 8, GRAY, 16);
        plain.segments = segment(0xe1, xmp.replace("xap/1.0/", "xmp/extension/"));
        assertThat(Pictures.decode(NAME, plain.write()).width()).isEqualTo(24);
    }

    private static byte[] segment(int marker, String text) {
        byte[] data = text.getBytes(StandardCharsets.ISO_8859_1);
        return join(new byte[] {(byte) 0xff, (byte) marker, (byte) (data.length + 2 >> 8), (byte) (data.length + 2)},
                data);
    }

    private static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }

    private static int indexOf(byte[] jpeg, int marker) {
        for (int i = 0; i + 1 < jpeg.length; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == marker) {
                return i;
            }
        }
        throw new AssertionError();
    }
}
