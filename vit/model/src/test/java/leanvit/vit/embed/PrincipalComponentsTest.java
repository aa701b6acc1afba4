package leanvit.vit.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {

    /** Points that vary by 5, 2 and 0.5 along three known directions, far from the origin. */
    @Test
    void theyAreTheDirectionsOfTheLargestVariance() {
        double[][] directions = {{0.6, 0.8, 0, 0}, {-0.8, 0.6, 0, 0}, {0, 0, -1, 0}};
        double[] deviations = {5, 2, 0.5};
        Random random = new Random(4);
        float[] vectors = new float[4000 * 4];
        for (int v = 0; v < 4000; v++) {
            double[] row = {1000, -500, 20, 7};
            for (int k = 0; k < 3; k++) {
                double along = deviations[k] * random.nextGaussian();
                for (int c = 0; c < 4; c++) {
                    row[c] += along * directions[k][c];
                }
            }
            for (int c = 0; c < 4; c++) {
                vectors[v * 4 + c] = (float) row[c];
            }
        }
        PrincipalComponents.Sums sums = new PrincipalComponents.Sums(4);
        sums.add(vectors, 0, 1500);
        sums.add(vectors, 1500 * 4, 2500);
        PrincipalComponents components = sums.components(3);
        assertThat(components.mean()).containsExactly(new double[] {1000, -500, 20, 7}, within(0.4));
        for (int k = 0; k < 3; k++) {
            assertThat(Math.sqrt(components.variances()[k])).isCloseTo(deviations[k], within(0.05 * deviations[k]));
            double dot = 0;
            for (int c = 0; c < 4; c++) {
                dot += components.axes()[k][c] * directions[k][c];
            }
            assertThat(Math.abs(dot)).isGreaterThan(0.999);
        }
        assertThat(components.axes()[2][2]).as("the largest value is positive").isGreaterThan(0.99);
        double squares = 0;
        for (int v = 0; v < 4000; v++) {
            squares += Math.pow(components.score(1, vectors, v * 4), 2);
        }
        assertThat(squares / 4000).isCloseTo(1, within(1e-6));
    }

    @Test
    void whereNothingVariesEveryScoreIsZero() {
        PrincipalComponents.Sums sums = new PrincipalComponents.Sums(3);
        assertThatThrownBy(() -> sums.components(1)).isInstanceOf(IllegalStateException.class);
        float[] vectors = {1, 2, 3, 1, 2, 3};
        sums.add(vectors, 0, 2);
        PrincipalComponents components = sums.components(3);
        assertThat(components.variances()).containsOnly(0);
        assertThat(components.score(0, vectors, 3)).isZero();
        assertThatThrownBy(() -> sums.components(4)).isInstanceOf(IllegalArgumentException.class);
    }
}
