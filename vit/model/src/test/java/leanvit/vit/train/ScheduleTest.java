package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import org.junit.jupiter.api.Test;

/** The learning rate over the steps, clipping and the moving average. */
class ScheduleTest {

    @Test
    void theRateClimbsAndFalls() {
        CosineSchedule schedule = new CosineSchedule(1, 4, 104, 0.2, 0.1);
        assertThat(schedule.rate(0)).isCloseTo(0.4, within(1e-15));
        assertThat(schedule.rate(3)).isCloseTo(1, within(1e-15));
        assertThat(schedule.rate(4)).isCloseTo(1, within(1e-15));
        assertThat(schedule.rate(54)).isCloseTo(0.55, within(1e-15));
        assertThat(schedule.rate(29)).isCloseTo(0.1 + 0.45 * (1 + Math.sqrt(0.5)), within(1e-15));
        for (int step = 5; step < 104; step++) {
            assertThat(schedule.rate(step)).isLessThan(schedule.rate(step - 1)).isGreaterThan(0.1);
        }
        assertThat(schedule.rate(104)).isEqualTo(0.1);
        assertThat(new CosineSchedule(2, 0, 1).rate(0)).isEqualTo(2);
        assertThatThrownBy(() -> new CosineSchedule(1, 5, 4)).hasMessageContaining("5 steps of warm-up of 4");
        assertThatThrownBy(() -> new CosineSchedule(Double.NaN, 0, 4)).hasMessageContaining("NaN");
    }

    @Test
    void gradientsAreClippedByTheNormOfAllOfThem() {
        SplittableRandom random = new SplittableRandom(4);
        for (int length : Awkward.sizes(577)) {
            float[] gradients = Awkward.values(random, length, 5);
            double sum = 0;
            for (float g : gradients) {
                sum += (double) g * g;
            }
            double norm = Math.sqrt(sum);
            assertThat(GradientNorm.of(gradients)).isCloseTo(norm, within(1e-13 * norm));
            float[] clipped = gradients.clone();
            assertThat(GradientNorm.clip(clipped, 1)).isEqualTo(GradientNorm.of(gradients));
            for (int i = 0; i < length; i++) {
                assertThat((double) clipped[i]).isCloseTo(norm > 1 ? gradients[i] / norm : gradients[i], within(1e-5));
            }
        }
        float[] bad = {3, Float.NaN};
        assertThat(GradientNorm.clip(bad, 1)).isNaN();
        assertThat(bad).containsExactly(3, Float.NaN);
    }

    @Test
    void theAverageForgetsTheBeginning() {
        Ema ema = new Ema(new float[] {100}, 0.9);
        double expected = 100;
        for (int t = 1; t <= 200; t++) {
            float value = t % 2;
            ema.update(new float[] {value});
            double d = Math.min(0.9, (1.0 + t) / (10 + t));
            expected = d * expected + (1 - d) * value;
        }
        assertThat((double) ema.values()[0]).isCloseTo(expected, within(1e-6)).isBetween(0.4, 0.6);
    }
}
