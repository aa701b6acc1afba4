package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import leanvit.reducers.Reducers;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;

class PassTimingTest {

    private static final VitConfig CONFIG =
            new VitConfig("test", 32, 32, 8, 32, 3, 2, 64, 5, VitConfig.Pooling.TOKEN, false, 1e-6f);

    private static Inference run() throws Exception {
        return VisionTransformer.of(CONFIG, RandomWeights.of(CONFIG, 1)).inference();
    }

    @Test
    void figuresBelongTogether() throws Exception {
        List<Double> shares = new ArrayList<>();
        Inference tome = run().with(Reducers.parse("tome:r=2"));
        PassTiming timing = PassTiming.measure(tome, 3, 0.01, 0.02, shares::add);
        assertThat(timing.batch()).isEqualTo(3);
        assertThat(timing.passes()).isGreaterThanOrEqualTo(5);
        assertThat(timing.lowerQuartile()).isPositive().isLessThanOrEqualTo(timing.median());
        assertThat(timing.median()).isLessThanOrEqualTo(timing.upperQuartile());
        assertThat(timing.tokens()).isCloseTo(17 - 3 * 2, within(1e-9));
        assertThat(timing.macs()).isCloseTo(tome.macs(0), within(1e-3));
        assertThat(timing.imagesPerSecond()).isCloseTo(1000 / timing.median(), within(1e-6));
        assertThat(timing.gflops()).isCloseTo(2 * timing.macs() / timing.median() / 1e6, within(1e-9));
        assertThat(timing.bytes()).as("at least the logits of three images")
                .isGreaterThanOrEqualTo(3L * 5 * Float.BYTES);
        assertThat(shares).isSorted().allMatch(share -> share >= 0 && share <= 1).endsWith(1.0);
    }

    /** By a clock of the test: warm-up and timing end where they should, times are exact. */
    @Test
    void timesAreTheClocks() throws Exception {
        double[] milliseconds = {300, 40, 40, 40, 40, 10, 30, 20, 50, 40, 99};
        int[] looks = new int[1];
        long[] now = new long[1];
        List<Double> shares = new ArrayList<>();
        // A look before each of the two phases, of 5 and of 5 passes, and two looks per pass.
        PassTiming timing = PassTiming.measure(run(), 2, 0.4, 0.15, shares::add, () -> {
            int look = looks[0]++ % 11;
            int pass = (looks[0] - 1) / 11 * 5 + look / 2 - 1;
            if (look > 0 && look % 2 == 0) {
                now[0] += Math.round(milliseconds[pass] * 1e6);
            }
            return now[0];
        });
        assertThat(looks[0]).isEqualTo(22);
        assertThat(timing.passes()).isEqualTo(5);
        assertThat(timing.lowerQuartile()).isEqualTo(10);
        assertThat(timing.median()).isEqualTo(15);
        assertThat(timing.upperQuartile()).isEqualTo(20);
        assertThat(timing.imagesPerSecond()).isCloseTo(1000 / 15.0, within(1e-9));
        assertThat(timing.gflops()).isCloseTo(2 * timing.macs() / 15e6, within(1e-12));
        assertThat(shares).hasSize(10).isSorted().endsWith(1.0);
        assertThat(shares.get(4)).isCloseTo(0.4 / 0.55, within(1e-9));
    }

    @Test
    void thereAreFivePassesHoweverLongTheyTake() throws Exception {
        long[] now = new long[1];
        PassTiming timing = PassTiming.measure(run(), 1, 0.01, 0.01, share -> { }, () -> now[0] += 1_000_000_000L);
        assertThat(timing.passes()).isEqualTo(5);
        assertThat(timing.median()).isEqualTo(1000);
    }

    @Test
    void numbersOutOfRangeAreRefused() throws Exception {
        Inference run = run();
        assertThatThrownBy(() -> PassTiming.measure(run, 0, 1, 1, share -> { }))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PassTiming.measure(run, 1, 1, 0, share -> { }))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PassTiming.measure(run, 1, Double.NaN, 1, share -> { }))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void costsAreCountedFromWhatRan() throws Exception {
        Inference run = run();
        List<ReductionCost> costs = ReductionCost.of(run, List.of(Reducers.parse("none"), Reducers.parse("topk:r=4"),
                Reducers.parse("ltmp:merge=0.5")));
        assertThat(costs).extracting(ReductionCost::reducer).containsExactly("none", "topk:r=4", "ltmp:merge=0.5");
        assertThat(costs.get(0).tokens()).containsExactly(17, 17, 17);
        assertThat(costs.get(1).tokens()).containsExactly(13, 9, 5);
        assertThat(costs).extracting(ReductionCost::dependsOnImage).containsExactly(false, false, true);
        run.logits(new float[3 * 32 * 32], 1);
        assertThat(costs.get(0).macs()).isEqualTo(run.macs(0)).isGreaterThan(costs.get(1).macs());
    }
}
