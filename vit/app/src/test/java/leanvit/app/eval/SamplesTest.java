package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class SamplesTest {

    @Test
    void quantilesAreLinearBetweenNeighbours() {
        double[] four = {1, 2, 4, 8};
        assertThat(Samples.quantile(four, 0)).isEqualTo(1);
        assertThat(Samples.quantile(four, 0.5)).isEqualTo(3);
        assertThat(Samples.quantile(four, 0.25)).isEqualTo(1.75);
        assertThat(Samples.quantile(four, 1)).isEqualTo(8);
        assertThat(Samples.quantile(new double[] {5}, 0.75)).isEqualTo(5);
        assertThat(Samples.median(new double[] {9, 1, 5})).isEqualTo(5);
        assertThatIllegalArgumentException().isThrownBy(() -> Samples.median(new double[0]));
    }

    @Test
    void refusesOutliersOnBothSides() {
        double[] samples = {11, 30, 10, 12, 11, 10.5, 1, 11.5};
        assertThat(Samples.withoutOutliers(samples)).containsExactly(10, 10.5, 11, 11, 11.5, 12);
        assertThat(samples).as("not changed").startsWith(11, 30, 10);
    }

    @Test
    void keepsEqualAndSingleSamples() {
        assertThat(Samples.withoutOutliers(new double[] {3, 3, 3, 3, 4})).containsExactly(3, 3, 3, 3);
        assertThat(Samples.withoutOutliers(new double[] {3})).containsExactly(3);
        assertThat(Samples.withoutOutliers(new double[] {3, 1000})).containsExactly(3, 1000);
    }
}
