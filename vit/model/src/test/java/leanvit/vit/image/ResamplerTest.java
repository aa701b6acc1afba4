package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import leanvit.vit.image.Preprocessing.Interpolation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ResamplerTest {

    private static final int[][] SIZES = {{1, 1, 5, 7}, {5, 7, 1, 1}, {3, 4, 4, 3}, {17, 13, 16, 14}, {40, 9, 7, 40},
        {64, 64, 32, 32}, {2, 100, 100, 2}, {31, 29, 31, 5}, {31, 29, 5, 29}, {200, 3, 3, 3}};

    /**
     * Bit for bit what Pillow's way of computing gives: the filter's formula over all input samples, weights of 22
     * fraction bits, each pass rounded and clamped to 8 bits.
     */
    @ParameterizedTest
    @EnumSource(Interpolation.class)
    void resizedPicturesFollowTheFormula(Interpolation interpolation) {
        for (int[] size : SIZES) {
            RgbImage picture = random(size[0], size[1], 3);
            RgbImage resized = Resampler.resize(picture, size[2], size[3], interpolation);
            assertThat(resized.samples()).as("%d x %d to %d x %d", size[0], size[1], size[2], size[3])
                    .isEqualTo(byFormula(picture, size[2], size[3], interpolation));
        }
    }

    private static byte[] byFormula(RgbImage picture, int width, int height, Interpolation interpolation) {
        int w = picture.width();
        int h = picture.height();
        int[] wide = new int[h * width * 3];
        for (int x = 0; x < width; x++) {
            long[] weights = weights(w, width, x, interpolation);
            for (int y = 0; y < h; y++) {
                for (int c = 0; c < 3; c++) {
                    long sum = 0;
                    for (int t = 0; t < w; t++) {
                        sum += weights[t] * (picture.samples()[3 * (y * w + t) + c] & 0xff);
                    }
                    wide[3 * (y * width + x) + c] = rounded(sum);
                }
            }
        }
        byte[] out = new byte[height * width * 3];
        for (int y = 0; y < height; y++) {
            long[] weights = weights(h, height, y, interpolation);
            for (int i = 0; i < 3 * width; i++) {
                long sum = 0;
                for (int t = 0; t < h; t++) {
                    sum += weights[t] * wide[t * width * 3 + i];
                }
                out[y * width * 3 + i] = (byte) rounded(sum);
            }
        }
        return out;
    }

    private static int rounded(long sum) {
        return (int) Math.max(0, Math.min(255, Math.floorDiv(sum + (1 << 21), 1 << 22)));
    }

    private static long[] weights(int in, int out, int o, Interpolation interpolation) {
        double[] weights = new double[in];
        double centre = (o + 0.5) * in / out;
        if (in == out || interpolation == Interpolation.NEAREST) {
            weights[(int) Math.floor(centre)] = 1;
        } else {
            double widening = Math.max(1, (double) in / out);
            for (int t = 0; t < in; t++) {
                weights[t] = filter(interpolation, (t + 0.5 - centre) / widening);
            }
        }
        double sum = Arrays.stream(weights).sum();
        // Halves away from zero.
        return Arrays.stream(weights).map(weight -> weight / sum * (1 << 22))
                .mapToLong(weight -> Math.round(Math.abs(weight)) * (weight < 0 ? -1 : 1)).toArray();
    }

    private static double filter(Interpolation interpolation, double x) {
        double d = Math.abs(x);
        return switch (interpolation) {
            case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
            case BILINEAR -> d < 1 ? 1 - d : 0;
            case HAMMING -> d < 1 ? sinc(d) * (0.54f + 0.46f * Math.cos(Math.PI * d)) : 0;
            case BICUBIC -> d < 1 ? 1.5 * d * d * d - 2.5 * d * d + 1
                    : d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0;
            case LANCZOS -> d < 3 ? sinc(d) * sinc(d / 3) : 0;
            case NEAREST -> throw new AssertionError();
        };
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }

    @ParameterizedTest
    @EnumSource(Interpolation.class)
    void aPartIsThatPartOfTheWhole(Interpolation interpolation) {
        Random random = new Random(11);
        for (int trial = 0; trial < 200; trial++) {
            RgbImage picture = random(1 + random.nextInt(60), 1 + random.nextInt(60), trial);
            int width = random.nextInt(8) == 0 ? picture.width() : 1 + random.nextInt(60);
            int height = random.nextInt(8) == 0 ? picture.height() : 1 + random.nextInt(60);
            RgbImage whole = Resampler.resize(picture, width, height, interpolation);
            int left = random.nextInt(width);
            int top = random.nextInt(height);
            int partWidth = 1 + random.nextInt(width - left);
            int partHeight = 1 + random.nextInt(height - top);
            RgbImage part = Resampler.resizeAndCrop(picture, width, height, left, top, partWidth, partHeight,
                    interpolation);
            for (int y = 0; y < partHeight; y++) {
                for (int x = 0; x < partWidth; x++) {
                    assertThat(part.pixel(x, y)).as("trial %d (%d, %d)", trial, x, y)
                            .isEqualTo(whole.pixel(left + x, top + y));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Interpolation.class)
    void aFlatPictureStaysFlatAndTheSameSizeStaysTheSame(Interpolation interpolation) {
        RgbImage flat = RgbImage.black(37, 23);
        Arrays.fill(flat.samples(), (byte) 201);
        for (int[] size : SIZES) {
            assertThat(Resampler.resize(flat, size[2], size[3], interpolation).samples()).containsOnly((byte) 201);
        }
        assertThat(Resampler.resize(flat, 37, 23, interpolation)).isSameAs(flat);
    }

    @Test
    void aPartBeyondThePictureIsRefused() {
        RgbImage picture = random(4, 4, 1);
        for (int[] part : new int[][] {{-1, 0, 2, 2}, {0, -1, 2, 2}, {0, 0, 0, 2}, {0, 0, 2, 0}, {7, 0, 2, 2},
                {0, 7, 2, 2}}) {
            assertThatThrownBy(() -> Resampler.resizeAndCrop(picture, 8, 8, part[0], part[1], part[2], part[3],
                    Interpolation.BICUBIC)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("8 x 8");
        }
        assertThatThrownBy(() -> Resampler.resize(picture, 0, 3, Interpolation.BICUBIC))
                .isInstanceOf(IllegalArgumentException.class);
    }

    static RgbImage random(int width, int height, long seed) {
        RgbImage picture = RgbImage.black(width, height);
        new Random(seed).nextBytes(picture.samples());
        return picture;
    }
}
