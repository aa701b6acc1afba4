package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PicturesTest {

    private static final Path NAME = Path.of("test.jpg");

    @TempDir
    Path directory;

    /** The PNG beside each JPEG is what Pillow 12 makes of it, turned upright and converted to RGB. */
    @ParameterizedTest
    @ValueSource(strings = {"ycc420", "ycc422_progressive", "ycc444_exif6", "rgb", "gray", "cmyk_adobe", "ycck_adobe",
        "cmyk_plain", "ycc420_without_jfif"})
    void jpegsLookAsInPillow(String name) throws IOException {
        Path golden = TestData.path("golden/jpeg");
        RgbImage image = Pictures.read(golden.resolve(name + ".jpg"));
        RgbImage expected = Pictures.read(golden.resolve(name + ".png"));
        assertThat(image.width()).isEqualTo(expected.width());
        assertThat(image.height()).isEqualTo(expected.height());
        int differ = 0;
        for (int i = 0; i < 3 * image.width() * image.height(); i++) {
            int difference = Math.abs((image.samples()[i] & 0xff) - (expected.samples()[i] & 0xff));
            assertThat(difference).as("sample %d", i).isLessThanOrEqualTo(1);
            differ += difference;
        }
        assertThat(differ).isLessThanOrEqualTo(3 * image.width() * image.height() / 100);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8"})
    void theExifSegmentTurnsThePicture(int orientation) throws IOException {
        byte[] plain = TestJpeg.write(TestJpeg.smooth(31, 18, 1), false);
        RgbImage stored = Pictures.decode(NAME, plain);
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            byte[] exif = TestJpeg.exif(TestJpeg.tiff(orientation, order));
            RgbImage turned = Pictures.decode(NAME, TestJpeg.insert(plain, 0xe1, exif));
            RgbImage expected = Orientation.apply(stored, orientation);
            assertThat(turned.width()).isEqualTo(orientation > 4 ? 18 : 31);
            assertThat(turned.samples()).isEqualTo(expected.samples());
        }
    }

    @Test
    void adobesInksAreInverted() throws IOException {
        byte[] inks = {(byte) 255, (byte) 255, (byte) 255, (byte) 255, 0, (byte) 255, (byte) 255, (byte) 255,
            (byte) 255, (byte) 255, (byte) 255, 0};
        JpegColours.cmykToRgb(inks, 3, false);
        assertThat(Arrays.copyOf(inks, 9)).containsExactly(255, 255, 255, 0, 255, 255, 0, 0, 0);
        byte[] ycck = {76, 85, (byte) 255, (byte) 255};
        JpegColours.yccToRgb(ycck, 1, 4);
        assertThat(ycck).containsExactly(254, 0, 0, 255);
        JpegColours.cmykToRgb(ycck, 1, true);
        assertThat(Arrays.copyOf(ycck, 3)).containsExactly(1, 255, 255);
    }

    @Test
    void bytesAfterTheEndAndOddSegmentsAreIgnored() throws IOException {
        for (boolean progressive : new boolean[] {false, true}) {
            byte[] plain = TestJpeg.write(TestJpeg.smooth(40, 30, 2), progressive);
            byte[] expected = Pictures.decode(NAME, plain).samples();
            assertThat(Pictures.decode(NAME, Arrays.copyOf(plain, plain.length + 5000)).samples()).isEqualTo(expected);
            byte[] profile = "ICC_PROFILE\0\1\1 no profile at all".getBytes(StandardCharsets.ISO_8859_1);
            assertThat(Pictures.decode(NAME, TestJpeg.insert(plain, 0xe2, profile)).samples()).isEqualTo(expected);
            assertThat(Pictures.decode(NAME, TestJpeg.insert(plain, 0xe0, new byte[2])).samples()).isEqualTo(expected);
            assertThat(Pictures.decode(NAME, TestJpeg.insert(plain, 0xe1, TestJpeg.exif(new byte[3]))).samples())
                    .isEqualTo(expected);
            byte[] thumbnail = TestJpeg.exif(plain); // a whole JPEG, with an end marker, within a segment
            assertThat(Pictures.decode(NAME, TestJpeg.insert(plain, 0xe1, thumbnail)).samples()).isEqualTo(expected);
        }
    }

    @Test
    void decodingLeavesTheCallersBytesAlone() throws IOException {
        byte[] plain = TestJpeg.insert(TestJpeg.write(TestJpeg.smooth(16, 16, 2), false), 0xed, new byte[50]);
        byte[] copy = plain.clone();
        Pictures.decode(NAME, plain);
        assertThat(plain).isEqualTo(copy);
    }

    @Test
    void whatIsNoPictureIsRefusedByName() throws IOException {
        assertRefused(directory.resolve("nothing.jpg"), "no such file");
        assertRefused(directory, "is a directory");
        assertRefused(file("empty.jpg", new byte[0]), "is empty");
        assertRefused(file("text.jpg", "Dear Sir or Madam".getBytes(StandardCharsets.UTF_8)),
                "is not a JPEG or PNG picture");
        assertRefused(file("a.png", "GIF89a........".getBytes(StandardCharsets.UTF_8)), "it is a GIF");
        assertRefused(file("b.png", "BM.............".getBytes(StandardCharsets.UTF_8)), "BMP");
        assertRefused(file("c.png", "RIFF....WEBPVP8 ".getBytes(StandardCharsets.UTF_8)), "WebP");
        assertRefused(file("d.png", "II*\0........".getBytes(StandardCharsets.UTF_8)), "TIFF");
        assertRefused(file("e.png", "\0\0\0 ftypheic".getBytes(StandardCharsets.UTF_8)), "HEIC");
        assertRefused(file("f.png", new byte[] {(byte) 0x89, 'P', 'N', 'G'}), "is not a JPEG or PNG picture");
    }

    @Test
    void brokenJpegsAreRefusedWithTheReason() throws IOException {
        byte[] jpeg = TestJpeg.write(TestJpeg.smooth(64, 48, 3), false);
        int frame = indexOf(jpeg, 0xc0);
        assertRefused(file("half.jpg", Arrays.copyOf(jpeg, jpeg.length / 2)), "is truncated");
        assertRefused(file("noend.jpg", Arrays.copyOf(jpeg, jpeg.length - 6)), "is truncated");
        assertRefused(file("huge.jpg", with(jpeg, frame + 5, 50_000 >> 8, 50_000 & 255, 50_000 >> 8, 50_000 & 255)),
                "claims a size of 50000 x 50000");
        assertRefused(file("flat.jpg", with(jpeg, frame + 5, 0, 0)), "claims a size of 64 x 0");
        assertRefused(file("deep.jpg", with(jpeg, frame + 4, 12)), "12 bits a sample");
        assertRefused(file("arithmetic.jpg", with(jpeg, frame + 1, 0xc9)), "arithmetic");
        assertRefused(file("lossless.jpg", with(jpeg, frame + 1, 0xc3)), "lossless");
        assertRefused(file("soi.jpg", with(jpeg, 2, 0xff, 0xd8)), "begins within");
        assertRefused(file("short.jpg", TestJpeg.insert(jpeg, 0xda, new byte[0])), "before the frame header");
        assertRefused(file("short.jpg", new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xd9}),
                "no frame header");
        assertRefused(file("length.jpg", with(jpeg, frame + 2, 0, 1)), "claims a length of 1");
        byte[] fewTables = jpeg.clone();
        for (int at = indexOf(jpeg, 0xdb); at > 0; at = indexOf(fewTables, 0xdb)) {
            fewTables[at + 1] = (byte) 0xec;
        }
        assertRefused(file("tables.jpg", fewTables), "corrupt");
    }

    @Test
    void aGrayJpegIsReplicatedWithoutGamma() throws IOException {
        BufferedImage gray = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            gray.getRaster().setSample(i % 16, i / 16, 0, 60);
        }
        RgbImage read = Pictures.decode(NAME, TestJpeg.write(gray, false));
        assertThat(read.pixel(3, 9)).isEqualTo(60 * 0x010101);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void damagedFilesAreReadOrRefusedAndNothingElse(int kind) throws IOException {
        byte[] sound = kind == 2
                ? Files.readAllBytes(TestData.path("golden/jpeg/ycc420.png"))
                : TestJpeg.write(TestJpeg.smooth(45, 37, 4), kind == 1);
        int refused = 0;
        for (int trial = 0; trial < 3000; trial++) {
            Random random = new Random(31L * trial + kind);
            byte[] damaged = random.nextInt(4) == 0 ? Arrays.copyOf(sound, random.nextInt(sound.length))
                    : sound.clone();
            for (int k = random.nextInt(6); k > 0 && damaged.length > 0; k--) {
                // Half of the hits go to the headers, which are a small part of the file.
                int at = random.nextBoolean() ? random.nextInt(damaged.length)
                        : random.nextInt(Math.min(damaged.length, 700));
                damaged[at] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(3) - 1);
            }
            try {
                RgbImage image = Pictures.decode(NAME, damaged);
                assertThat(image.width()).isPositive();
            } catch (InvalidInputException e) {
                refused++;
                assertThat(e.getMessage().lines()).as("kind %d trial %d", kind, trial).hasSize(1);
                assertThat(e.getMessage()).startsWith("test.jpg: ");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("kind " + kind + " trial " + trial, e);
            }
        }
        assertThat(refused).isBetween(1000, 2999);
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(directory.resolve(name), bytes);
    }

    private static byte[] with(byte[] bytes, int at, int... values) {
        byte[] changed = bytes.clone();
        for (int i = 0; i < values.length; i++) {
            changed[at + i] = (byte) values[i];
        }
        return changed;
    }

    /** Returns where a marker stands, or -1. */
    private static int indexOf(byte[] jpeg, int marker) {
        for (int i = 0; i + 1 < jpeg.length; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == marker) {
                return i;
            }
        }
        return -1;
    }

    private static void assertRefused(Path file, String reason) {
        assertThatThrownBy(() -> Pictures.read(file)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file + ": ").hasMessageContaining(reason)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }
}
