package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

    private static final int SAMPLES = 20_000;

    private static void check(DoubleSupplier samples, double mean, double variance) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < SAMPLES; i++) {
            double x = samples.getAsDouble();
            sum += x;
            squares += x * x;
        }
        double found = sum / SAMPLES;
        // Five standard errors of the mean; the variance of these distributions is within a tenth.
        assertThat(found).isCloseTo(mean, within(5 * Math.sqrt(variance / SAMPLES)));
        assertThat(squares / SAMPLES - found * found).isCloseTo(variance, within(0.1 * variance));
    }

    @Test
    void samplesHaveTheMomentsOfTheirDistribution() {
        RandomStream random = RandomStream.of(1);
        check(random::nextDouble, 0.5, 1 / 12.0);
        check(() -> random.between(-1, 3), 1, 16 / 12.0);
        check(() -> random.below(6), 2.5, 35 / 12.0);
        check(() -> random.whole(2, 4), 3, 2 / 3.0);
        check(() -> random.chance(0.3) ? 1 : 0, 0.3, 0.21);
        check(random::normal, 0, 1);
        check(() -> random.gamma(0.4), 0.4, 0.4);
        check(() -> random.gamma(3), 3, 3);
        check(() -> random.beta(0.8, 0.8), 0.5, 0.25 / 2.6);
    }

    @Test
    void streamsOfOneSeedDifferAndComeAgain() {
        assertThat(RandomStream.of(1, 2, 3).nextLong()).isEqualTo(RandomStream.of(1, 2, 3).nextLong())
                .isNotEqualTo(RandomStream.of(1, 3, 2).nextLong()).isNotEqualTo(RandomStream.of(2, 2, 3).nextLong())
                .isNotEqualTo(RandomStream.of(1, 2).nextLong());
    }

    @Test
    void shufflesKeepEveryValue() {
        int[] values = IntStream.range(0, 1000).toArray();
        RandomStream.of(7).shuffle(values);
        assertThat(values).isNotEqualTo(IntStream.range(0, 1000).toArray());
        Arrays.sort(values);
        assertThat(values).isEqualTo(IntStream.range(0, 1000).toArray());
    }
}
