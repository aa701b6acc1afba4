package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
