package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OrientationTest {

    /** What gray 10 20 30 / 40 50 60 looks like upright, by orientation (Exif's figure of the letter F, in numbers). */
    private static final int[][][] UPRIGHT = {
        {{10, 20, 30}, {40, 50, 60}},
        {{30, 20, 10}, {60, 50, 40}},
        {{60, 50, 40}, {30, 20, 10}},
        {{40, 50, 60}, {10, 20, 30}},
        {{10, 40}, {20, 50}, {30, 60}},
        {{40, 10}, {50, 20}, {60, 30}},
        {{60, 30}, {50, 20}, {40, 10}},
        {{30, 60}, {20, 50}, {10, 40}}
    };

    static void assertTurned(RgbImage image, int orientation) {
        int[][] expected = UPRIGHT[orientation - 1];
        assertThat(image.height()).as("orientation %d", orientation).isEqualTo(expected.length);
        assertThat(image.width()).as("orientation %d", orientation).isEqualTo(expected[0].length);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                assertThat(image.pixel(x, y)).as("orientation %d (%d, %d)", orientation, x, y)
                        .isEqualTo(expected[y][x] * 0x010101);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void picturesAreTurnedUpright(int orientation) {
        byte[] samples = new byte[18];
        for (int i = 0; i < 6; i++) {
            Arrays.fill(samples, 3 * i, 3 * i + 3, (byte) (10 * (i + 1)));
        }
        assertTurned(Orientation.apply(new RgbImage(3, 2, samples), orientation), orientation);
    }

    @Test
    void theTagIsFoundInBothByteOrdersAndBehindPadding() {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            for (int orientation = 0; orientation < 12; orientation++) {
                byte[] tiff = TestJpeg.tiff(orientation, order);
                int expected = orientation >= 1 && orientation <= 8 ? orientation : 1;
                assertThat(Orientation.of(tiff, null)).isEqualTo(expected);
                byte[] exif = TestJpeg.exif(tiff);
                assertThat(Orientation.of(exif, null)).isEqualTo(expected);
            }
        }
    }

    /** What Pillow makes of the tag's type: a number of any type counts, bytes and text do not. */
    @ParameterizedTest
    @CsvSource({
        // type, count, the value field or what it points to as hex in big-endian order: orientation
        "3, 1, 0006, 6",
        "4, 1, 00000006, 6",
        "8, 1, 0006, 6",
        "9, 1, 00000008, 8",
        "13, 1, 00000003, 3",
        "6, 1, 05, 5",
        "5, 1, 0000000c00000002, 6",
        "10, 1, 0000000600000001, 6",
        "11, 1, 40c00000, 6",
        "12, 1, 4018000000000000, 6",
        // the first of several
        "3, 2, 00060001, 6",
        "4, 2, 0000000600000001, 6",
        // no number
        "1, 1, 06, 1",
        "2, 2, 3600, 1",
        "7, 1, 06, 1",
        // no orientation
        "3, 1, 0000, 1",
        "3, 1, 0009, 1",
        "4, 1, 00010006, 1",
        "5, 1, 0000000d00000002, 1",
        "5, 1, 0000000600000000, 1",
        // nothing there, or an unknown type
        "3, 0, 0006, 1",
        "99, 1, 0006, 1",
        "3, 2147483647, 0006, 1"
    })
    void theTagMayBeOfAnyTypeOfNumbers(int type, int count, String value, int expected) {
        byte[] bytes = HexFormat.of().parseHex(value);
        int unit = switch (type) {
            case 3, 8 -> 2;
            case 4, 5, 9, 10, 11, 13 -> 4;
            case 12 -> 8;
            default -> 1;
        };
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            byte[] ordered = bytes.clone();
            for (int i = 0; order == ByteOrder.LITTLE_ENDIAN && i + unit <= bytes.length; i += unit) {
                for (int k = 0; k < unit; k++) {
                    ordered[i + k] = bytes[i + unit - 1 - k];
                }
            }
            assertThat(Orientation.of(TestJpeg.tiff(type, count, ordered, order), null)).as("%s", order)
                    .isEqualTo(expected);
        }
    }

    @Test
    void anXmpPacketCountsWhereTheExifDataHaveNoTag() {
        String six = "<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation=\"6\"/>";
        byte[] other = TestJpeg.tiff(3, ByteOrder.BIG_ENDIAN);
        other[8 + 2 + 12 + 1]++; // another tag than the orientation
        assertThat(Orientation.of(null, six)).isEqualTo(6);
        assertThat(Orientation.of(null, "<tiff:Orientation>8</tiff:Orientation>")).isEqualTo(8);
        assertThat(Orientation.of(null, "<tiff:Orientation> 8 </tiff:Orientation>")).isEqualTo(1);
        assertThat(Orientation.of(null, "tiff:Orientation='6'")).isEqualTo(1);
        assertThat(Orientation.of(null, "tiff:Orientation=\"9\"")).isEqualTo(1);
        assertThat(Orientation.of(null, "")).isEqualTo(1);
        assertThat(Orientation.of(other, six)).isEqualTo(6);
        assertThat(Orientation.of(new byte[3], six)).isEqualTo(6);
        assertThat(Orientation.of(TestJpeg.tiff(3, ByteOrder.BIG_ENDIAN), six)).isEqualTo(3);
        // The tag is there, and says nothing: the packet is not asked.
        assertThat(Orientation.of(TestJpeg.tiff(0, ByteOrder.BIG_ENDIAN), six)).isEqualTo(1);
    }

    @Test
    void damagedDirectoriesMeanUpright() {
        Random random = new Random(7);
        byte[] tiff = TestJpeg.tiff(6, ByteOrder.LITTLE_ENDIAN);
        for (int length = 0; length < tiff.length - 6; length++) {
            assertThat(Orientation.of(Arrays.copyOf(tiff, length), null)).as("length %d", length).isEqualTo(1);
        }
        for (int trial = 0; trial < 20_000; trial++) {
            byte[] damaged = tiff.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            assertThat(Orientation.of(Arrays.copyOf(damaged, random.nextInt(damaged.length + 1)), null))
                    .as("trial %d", trial)
                    .isBetween(1, 8);
        }
        byte[] pointsFarAway = tiff.clone();
        Arrays.fill(pointsFarAway, 4, 8, (byte) 0xff);
        assertThat(Orientation.of(pointsFarAway, null)).isEqualTo(1);
    }
}
