package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PositionEmbeddingTest {

    private static float[] random(long seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    /** Keys' kernel with a = -0.5, as polynomials of its own: 1.5|x|^3 - 2.5x^2 + 1; -0.5|x|^3 + 2.5x^2 - 4|x| + 2. */
    private static double kernel(double x) {
        double t = Math.abs(x);
        if (t <= 1) {
            return 1.5 * t * t * t - 2.5 * t * t + 1;
        }
        return t < 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0;
    }

    /** The weight of every old place for every new one, over the whole axis: [to][from]. */
    private static double[][] weights(int from, int to) {
        double scale = (double) from / to;
        double stretch = Math.max(1, scale);
        double[][] weights = new double[to][from];
        for (int i = 0; i < to; i++) {
            double sum = 0;
            for (int j = 0; j < from; j++) {
                weights[i][j] = kernel((j + 0.5 - (i + 0.5) * scale) / stretch);
                sum += weights[i][j];
            }
            for (int j = 0; j < from; j++) {
                weights[i][j] /= sum;
            }
        }
        return weights;
    }

    @ParameterizedTest
    @CsvSource({"14,14,24,24", "24,24,14,14", "37,37,16,16", "16,16,37,37", "7,5,5,7", "1,1,3,4", "3,4,1,1",
        "14,14,14,20", "14,14,9,14", "2,2,3,3", "6,6,60,60", "60,31,7,2", "13,13,14,14"})
    void isTheWeightedSumOverTheWholeGrid(int fromRows, int fromColumns, int toRows, int toColumns) {
        int channels = 3;
        int prefix = 2;
        float[] embedding = random(fromRows * 31 + toRows, (prefix + fromRows * fromColumns) * channels);
        float[] resized =
                PositionEmbedding.resize(embedding, prefix, channels, fromRows, fromColumns, toRows, toColumns);
        assertThat(resized).hasSize((prefix + toRows * toColumns) * channels);
        assertThat(Arrays.copyOf(resized, prefix * channels)).isEqualTo(Arrays.copyOf(embedding, prefix * channels));
        double[][] down = weights(fromRows, toRows);
        double[][] across = weights(fromColumns, toColumns);
        for (int y = 0; y < toRows; y++) {
            for (int x = 0; x < toColumns; x++) {
                for (int c = 0; c < channels; c++) {
                    double sum = 0;
                    for (int v = 0; v < fromRows; v++) {
                        for (int u = 0; u < fromColumns; u++) {
                            sum += down[y][v] * across[x][u] * embedding[(prefix + v * fromColumns + u) * channels + c];
                        }
                    }
                    float got = resized[(prefix + y * toColumns + x) * channels + c];
                    assertThat((double) got).as("row %d, column %d, channel %d", y, x, c)
                            .isCloseTo(sum, offset(6e-8 * Math.max(1, Math.abs(sum))));
                }
            }
        }
    }

    @Test
    void halvesALineAsComputedByHand() {
        // s = 2, so the kernel is stretched to +-4; new place 0 is centred at 1, between old places 0 and 1 (at 0.5 and
        // 1.5). k(0.25) = 0.8671875, k(0.75) = 0.2265625, k(1.25) = -0.0703125, k(1.75) = -0.0234375; left of old place
        // 0 there is nothing.
        double sum = 2 * 0.8671875 + 0.2265625 - 0.0703125 - 0.0234375;
        double[] first = {0.8671875, 0.8671875, 0.2265625, -0.0703125, -0.0234375};
        for (int j = 0; j < 5; j++) {
            float[] line = new float[10];
            line[j] = 1;
            float[] half = PositionEmbedding.resize(line, 0, 1, 1, 10, 1, 5);
            assertThat((double) half[0]).as("old place %d", j).isCloseTo(first[j] / sum, offset(1e-7));
        }
    }

    @Test
    void anUnchangedGridIsCopiedBitForBit() {
        float[] embedding = random(1, (1 + 5 * 7) * 4);
        embedding[9] = Float.NaN;
        embedding[10] = -0.0f;
        float[] copy = PositionEmbedding.resize(embedding, 1, 4, 5, 7, 5, 7);
        assertThat(copy).isNotSameAs(embedding);
        for (int i = 0; i < copy.length; i++) {
            assertThat(Float.floatToRawIntBits(copy[i])).isEqualTo(Float.floatToRawIntBits(embedding[i]));
        }
    }

    @ParameterizedTest
    @CsvSource({"14,14,16,16", "16,16,7,9", "3,3,30,30", "30,30,3,3", "1,1,5,5"})
    void aConstantStaysTheConstant(int fromRows, int fromColumns, int toRows, int toColumns) {
        float[] embedding = new float[fromRows * fromColumns * 2];
        Arrays.fill(embedding, 0.7f);
        for (float value : PositionEmbedding.resize(embedding, 0, 2, fromRows, fromColumns, toRows, toColumns)) {
            assertThat(value).isEqualTo(0.7f, offset(Math.ulp(0.7f)));
        }
    }

    @Test
    void treatsBothAxesAndDirectionsAlike() {
        float[] embedding = random(5, 6 * 9);
        float[] transposed = new float[6 * 9];
        float[] mirrored = new float[6 * 9];
        for (int y = 0; y < 6; y++) {
            for (int x = 0; x < 9; x++) {
                transposed[x * 6 + y] = embedding[y * 9 + x];
                mirrored[y * 9 + 8 - x] = embedding[y * 9 + x];
            }
        }
        float[] resized = PositionEmbedding.resize(embedding, 0, 1, 6, 9, 11, 4);
        float[] fromTransposed = PositionEmbedding.resize(transposed, 0, 1, 9, 6, 4, 11);
        float[] fromMirrored = PositionEmbedding.resize(mirrored, 0, 1, 6, 9, 11, 4);
        for (int y = 0; y < 11; y++) {
            for (int x = 0; x < 4; x++) {
                float value = resized[y * 4 + x];
                assertThat(fromTransposed[x * 11 + y]).isEqualTo(value, offset(1e-6f));
                assertThat(fromMirrored[y * 4 + 3 - x]).isEqualTo(value, offset(1e-6f));
            }
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> PositionEmbedding.resize(new float[11], 1, 2, 2, 2, 3, 3))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("expected (1 + 2 * 2) * 2 values, came 11");
        assertThatThrownBy(() -> PositionEmbedding.resize(new float[10], 1, 2, 2, 2, 0, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PositionEmbedding.resize(new float[10], -1, 2, 2, 3, 2, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
