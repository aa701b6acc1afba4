package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;

class AugmenterTest {

    private static final int SIDE = 32;
    private static final int LENGTH = 3 * SIDE * SIDE;
    private static final Preprocessing INPUT = new Preprocessing(SIDE, SIDE, 1f, Resize.SHORT_SIDE,
            Interpolation.BICUBIC, new float[] {0.5f, 0.5f, 0.5f}, new float[] {0.25f, 0.25f, 0.25f});

    /** Red grows to the right, green downwards, blue is random; the mask covers the right half. */
    private static TrainingSample sample(int width, int height) {
        RandomStream random = RandomStream.of(3);
        byte[] samples = new byte[3 * width * height];
        byte[] mask = new byte[width * height];
        for (int i = 0; i < mask.length; i++) {
            samples[3 * i] = (byte) (255 * (i % width) / (width - 1));
            samples[3 * i + 1] = (byte) (255 * (i / width) / (height - 1));
            samples[3 * i + 2] = (byte) random.below(256);
            mask[i] = (byte) (i % width >= width / 2 ? 255 : 0);
        }
        return new TrainingSample(new RgbImage(width, height, samples), 1, mask);
    }

    private static float[] apply(Augmentation settings, TrainingSample sample, long seed, float[] shares) {
        float[] out = new float[LENGTH + 2];
        new Augmenter(settings, INPUT).apply(sample, RandomStream.of(seed), out, 1, 8, shares, 0);
        assertThat(out[0]).isZero();
        assertThat(out[LENGTH + 1]).isZero();
        return Arrays.copyOfRange(out, 1, LENGTH + 1);
    }

    @Test
    void withoutSettingsItIsWhatInferenceSees() {
        TrainingSample sample = sample(50, 40);
        float[] plain = new float[LENGTH];
        new Preprocessor(INPUT).apply(sample.picture(), plain, 0);
        float[] shares = new float[16];
        assertThat(apply(Augmentation.NONE, sample, 1, shares)).isEqualTo(plain);
        for (int i = 0; i < 16; i++) {
            assertThat(shares[i]).isCloseTo(i % 4 < 2 ? 0 : 1, within(0.11f));
        }
    }

    @Test
    void whatIsDrawnDependsOnTheStreamAlone() {
        Augmentation all = new Augmentation(0.2, 4 / 3.0, 0.5, 0.4, 1, 0, 0, 0.5, 0);
        TrainingSample sample = sample(50, 40);
        assertThat(apply(all, sample, 1, null)).isEqualTo(apply(all, sample, 1, null))
                .isNotEqualTo(apply(all, sample, 2, null));
    }

    @Test
    void cropsLieInThePictureAndMasksGoWithThem() {
        Augmentation crop = new Augmentation(0.2, 4 / 3.0, 0, 0, 0, 0, 0, 0.5, 0);
        TrainingSample sample = sample(64, 64);
        double widest = 0;
        for (int seed = 0; seed < 40; seed++) {
            float[] shares = new float[16];
            float[] out = apply(crop, sample, seed, shares);
            // Red tells the column of the picture: value = (column / 63 - 0.5) / 0.25.
            double left = (out[SIDE * 16] * 0.25 + 0.5) * 63;
            double right = (out[SIDE * 16 + SIDE - 1] * 0.25 + 0.5) * 63;
            assertThat(left).isBetween(-1.0, 40.0);
            assertThat(right).isBetween(left + 20, 64.0);
            widest = Math.max(widest, right - left);
            double boundary = (31.5 - left) / (right - left) * 4;
            for (int column = 0; column < 4; column++) {
                double covered = Math.min(1, Math.max(0, column + 1 - boundary));
                assertThat((double) shares[4 + column]).as("seed " + seed).isCloseTo(covered, within(0.2));
            }
        }
        assertThat(widest).isGreaterThan(50);
    }

    @Test
    void aMirrorImageIsTheRowsBackwards() {
        TrainingSample sample = sample(SIDE, SIDE);
        float[] plain = apply(Augmentation.NONE, sample, 1, null);
        float[] shares = new float[16];
        float[] mirrored = apply(new Augmentation(1, 1, 1, 0, 0, 0, 0, 0.5, 0), sample, 1, shares);
        for (int i = 0; i < LENGTH; i++) {
            assertThat(mirrored[i]).isEqualTo(plain[i / SIDE * SIDE + SIDE - 1 - i % SIDE]);
        }
        assertThat(shares).startsWith(1, 1, 0, 0);
    }

    @Test
    void colourJitterKeepsGrayGrayAndErasingReplacesOneRectangle() {
        byte[] gray = new byte[LENGTH];
        Arrays.fill(gray, (byte) 100);
        TrainingSample sample = new TrainingSample(new RgbImage(SIDE, SIDE, gray), 0);
        float[] jittered = apply(new Augmentation(1, 1, 0, 0.4, 0, 0, 0, 0.5, 0), sample, 4, null);
        for (float value : jittered) {
            assertThat(value).isEqualTo(jittered[0]);
        }
        assertThat(jittered[0]).isNotEqualTo(apply(Augmentation.NONE, sample, 4, null)[0]);
        for (int seed = 0; seed < 20; seed++) {
            float[] erased = apply(new Augmentation(1, 1, 0, 0, 1, 0, 0, 0.5, 0), sample, seed, null);
            float before = apply(Augmentation.NONE, sample, seed, null)[0];
            int top = SIDE;
            int bottom = -1;
            int left = SIDE;
            int right = -1;
            int count = 0;
            for (int i = 0; i < SIDE * SIDE; i++) {
                if (erased[i] != before) {
                    top = Math.min(top, i / SIDE);
                    bottom = Math.max(bottom, i / SIDE);
                    left = Math.min(left, i % SIDE);
                    right = Math.max(right, i % SIDE);
                    count++;
                }
            }
            assertThat(count).isEqualTo((bottom - top + 1) * (right - left + 1));
            assertThat((double) count / (SIDE * SIDE)).isBetween(0.015, 0.36);
        }
    }

    @Test
    void mixedPicturesHaveTheSharesOfTheirTargets() {
        int images = 5;
        for (boolean cut : new boolean[] {false, true}) {
            Augmentation settings = new Augmentation(1, 1, 0, 0, 0, cut ? 0 : 0.8, cut ? 1 : 0, 0.5, 0.1);
            for (int seed = 0; seed < 20; seed++) {
                float[] pixels = new float[images * LENGTH];
                float[] targets = new float[images * images];
                for (int image = 0; image < images; image++) {
                    Arrays.fill(pixels, image * LENGTH, (image + 1) * LENGTH, image);
                    Mixing.target(image, images, 0.1, targets, image * images);
                }
                Mixing.apply(settings, RandomStream.of(seed), pixels, images, SIDE, SIDE, targets, images);
                for (int image = 0; image < images; image++) {
                    double sum = 0;
                    for (int i = 0; i < LENGTH; i++) {
                        sum += pixels[image * LENGTH + i];
                    }
                    double expected = 0;
                    double mass = 0;
                    for (int c = 0; c < images; c++) {
                        // A label's share, from its smoothed target.
                        expected += c * (targets[image * images + c] - 0.02) / 0.9;
                        mass += targets[image * images + c];
                    }
                    assertThat(sum / LENGTH).as("cut " + cut + ", seed " + seed).isCloseTo(expected, within(1e-3));
                    assertThat(mass).isCloseTo(1, within(1e-6));
                }
                assertThat(targets[2 * images + 2]).isCloseTo(0.92f, within(1e-6f));
            }
        }
    }
}
