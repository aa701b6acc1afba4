package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ThresholdMaskTest {

    @Test
    void isHardForwards() {
        assertThat(ThresholdMask.of(.9f, .9f)).as("strict").isZero();
        assertThat(ThresholdMask.of(.85f, .9f)).isZero();
        assertThat(ThresholdMask.of(.95f, .9f)).isEqualTo(1);
        assertThat(ThresholdMask.of(Float.POSITIVE_INFINITY, 1f)).isEqualTo(1);
        assertThat(ThresholdMask.of(Float.NaN, 0f)).isZero();
    }

    @Test
    void isASigmoidBackwards() {
        assertThat(ThresholdMask.slope(.95f, .9f, 0.1)).isCloseTo(2.350037, Offset.offset(2e-6));
        assertThat(ThresholdMask.slope(Float.POSITIVE_INFINITY, .9f, 0.1)).isZero();
        assertThat(ThresholdMask.slope(Float.NEGATIVE_INFINITY, .9f, 0.1)).isZero();
        double step = 1e-3;
        double soft = 1 / (1 + Math.exp(-(0.31 - 0.5 + step) / 0.5)) - 1 / (1 + Math.exp(-(0.31 - 0.5 - step) / 0.5));
        assertThat(ThresholdMask.slope(.31f, .5f, 0.5)).isCloseTo(soft / (2 * step), Offset.offset(1e-6));
    }
}
