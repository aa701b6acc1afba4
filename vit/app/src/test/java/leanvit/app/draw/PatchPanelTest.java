package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Resampler;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchPanelTest {

    private static final int PATCH = 14;

    @Test
    void mergedPatchesShowTheirMeanColourWithinAnOutlineAtTheBorder() {
        PatchGrid grid = grid(3, 4, 0);
        // Token 7 is an L of three patches and one far away; all others are alone.
        int[] tokens = {7, 7, 1, 2, 7, 3, 4, 5, 6, 8, 9, 7};
        PatchPanel panel = new PatchPanel(grid, 2, tokens);
        int mean = grid.meanColour(tokens, 7);
        RgbImage drawn = panel.draw();
        int outline = panel.outline();
        int colour = drawn.pixel(0, 0);
        int side = 2 * PATCH;
        assertThat(outline).isEqualTo(2);
        assertThat(colour).isNotEqualTo(mean);
        for (int p : new int[] {0, 1, 4, 11}) {
            int left = p % 4 * side;
            int top = p / 4 * side;
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    boolean nearLeft = x < outline;
                    boolean nearRight = x >= side - outline;
                    boolean nearTop = y < outline;
                    boolean nearBottom = y >= side - outline;
                    boolean atBorder = switch (p) {
                        case 0 -> nearLeft || nearTop || nearRight && nearBottom; // the inner corner of the L
                        case 1 -> nearTop || nearRight || nearBottom;
                        case 4 -> nearLeft || nearBottom || nearRight;
                        default -> nearLeft || nearTop || nearRight || nearBottom;
                    };
                    assertThat(drawn.pixel(left + x, top + y)).as("patch %d (%d, %d)", p, x, y)
                            .isEqualTo(atBorder ? colour : mean);
                }
            }
        }
        assertThat(panel.tokens(PatchFate.MERGED)).isEqualTo(1);
        assertThat(panel.tokens(PatchFate.KEPT)).isEqualTo(8);
    }

    @Test
    void theMeanIsThatOfAllPixelsOfTheGroup() {
        PatchGrid grid = grid(2, 2, 0);
        double[] sums = new double[3];
        for (int y = 0; y < PATCH; y++) {
            for (int x = 0; x < 2 * PATCH; x++) {
                for (int c = 0; c < 3; c++) {
                    sums[c] += grid.picture().pixel(x, y) >> 16 - 8 * c & 0xff;
                }
            }
        }
        int mean = grid.meanColour(new int[] {5, 5, 6, -1}, 5);
        for (int c = 0; c < 3; c++) {
            assertThat(mean >> 16 - 8 * c & 0xff).isEqualTo((int) Math.round(sums[c] / (2 * PATCH * PATCH)));
        }
        assertThat(grid.meanColour(new int[] {5, 5, 6, -1}, 99)).isZero();
    }

    @Test
    void patchesAloneAndPixelsBeyondThePatchesStayAsTheyAre() {
        PatchGrid grid = grid(3, 2, 5);
        RgbImage drawn = new PatchPanel(grid, 3, new int[] {0, 9, 9, -1, 4, 8}, 8).draw();
        RgbImage large = Resampler.resize(grid.picture(), 3 * grid.picture().width(), 3 * grid.picture().height(),
                Interpolation.BICUBIC);
        assertThat(drawn.width()).isEqualTo(large.width());
        assertThat(drawn.height()).isEqualTo(large.height());
        int side = 3 * PATCH;
        for (int y = 0; y < drawn.height(); y++) {
            for (int x = 0; x < drawn.width(); x++) {
                int p = x < 2 * side && y < 3 * side ? y / side * 2 + x / side : -1;
                if (p < 0 || p == 0 || p == 4) {
                    assertThat(drawn.pixel(x, y)).as("(%d, %d)", x, y).isEqualTo(large.pixel(x, y));
                }
            }
        }
    }

    @Test
    void droppedPatchesAreDarkerThanGatheredOnesAndThoseThanThePicture() {
        PatchGrid grid = grid(1, 3, 0);
        RgbImage drawn = new PatchPanel(grid, 2, new int[] {0, 3, -1}, 3).draw();
        RgbImage plain = new PatchPanel(grid, 2, new int[] {0, 1, 2}).draw();
        double gathered = light(drawn, 1) / light(plain, 1);
        double dropped = light(drawn, 2) / light(plain, 2);
        assertThat(light(drawn, 0)).isEqualTo(light(plain, 0));
        assertThat(gathered).isBetween(0.5, 0.9);
        assertThat(dropped).isBetween(0.15, 0.45);
    }

    private static double light(RgbImage panel, int patch) {
        double sum = 0;
        for (int y = 0; y < 2 * PATCH; y++) {
            for (int x = 2 * PATCH * patch; x < 2 * PATCH * (patch + 1); x++) {
                int colour = panel.pixel(x, y);
                sum += (colour >> 16) + (colour >> 8 & 0xff) + (colour & 0xff);
            }
        }
        return sum;
    }

    @Test
    void groupsSideBySideHaveOutlinesOfDifferentColours() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            PatchGrid grid = new PatchGrid(noise(70, 70, seed), 10, 7, 7);
            int[] tokens = random.ints(49, 0, 12).toArray();
            PatchPanel panel = new PatchPanel(grid, 1, tokens);
            RgbImage drawn = panel.draw();
            for (int p = 0; p < 49; p++) {
                boolean both =
                        p % 7 < 6 && panel.fates()[p] == PatchFate.MERGED && panel.fates()[p + 1] == PatchFate.MERGED;
                if (both && tokens[p] != tokens[p + 1]) {
                    int y = p / 7 * 10 + 5;
                    assertThat(drawn.pixel(p % 7 * 10 + 9, y)).as("seed %d patch %d", seed, p)
                            .isNotEqualTo(drawn.pixel(p % 7 * 10 + 10, y));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 9, 2", "5, 1, 16", "3, 7, 14", "2, 2, 33"})
    void anyGridAndAnyTokensCanBeDrawn(int rows, int columns, int patch) {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            RgbImage picture = noise(columns * patch + random.nextInt(3), rows * patch + random.nextInt(3), seed);
            PatchGrid grid = new PatchGrid(picture, patch, rows, columns);
            int[] tokens = random.ints(rows * columns, -1, 4).toArray();
            if (seed == 0) {
                Arrays.fill(tokens, -1);
            } else if (seed == 1) {
                Arrays.fill(tokens, Integer.MAX_VALUE);
            }
            RgbImage drawn = new PatchPanel(grid, 1 + random.nextInt(3), tokens, 2).draw();
            assertThat(drawn.width() % grid.picture().width()).isZero();
        }
    }

    @Test
    void patchesThatDoNotFitAreRefused() {
        for (int[] bad : new int[][] {{0, 1, 1}, {4, 0, 1}, {4, 1, 0}, {4, 4, 3}, {4, 3, 4},
                {Integer.MAX_VALUE, 3, 3}}) {
            assertThatThrownBy(() -> new PatchGrid(noise(13, 13, 1), bad[0], bad[1], bad[2]))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("do not fit");
        }
    }

    private static PatchGrid grid(int rows, int columns, int remainder) {
        return new PatchGrid(noise(columns * PATCH + remainder, rows * PATCH + remainder, rows), PATCH, rows, columns);
    }

    static RgbImage noise(int width, int height, long seed) {
        RgbImage picture = RgbImage.black(width, height);
        new Random(seed).nextBytes(picture.samples());
        return picture;
    }
}
