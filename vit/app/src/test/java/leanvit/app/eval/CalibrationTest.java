package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import leanvit.reducers.ModelShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of n*, and whether a measurement can make it, on curves made for the purpose. */
class CalibrationTest {

    private static final ModelShape DEIT = new ModelShape(12, 192, 3, 1, 196);
    private static final List<Integer> COUNTS = Calibration.counts(DEIT, 197, 2, 5);
    private static final int PICTURES = 1000;

    /** A step of 3 ms every 48 tokens. */
    private static double staircase(int n) {
        return 3 * ((n + 47) / 48);
    }

    private static double saturating(int n) {
        return 0.9 * (1 - Math.pow(1 - n / 197.0, 3));
    }

    @Test
    void theGridDescends() {
        assertThat(Calibration.counts(DEIT, 10, 3, 3)).containsExactly(10, 7, 4);
        assertThat(Calibration.counts(DEIT, 5, 5, 9)).containsExactly(5);
        assertThat(COUNTS).hasSize(40).startsWith(197, 192).endsWith(7, 2);
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.counts(DEIT, 198, 2, 1))
                .withMessage("start 198: the model has 197 tokens");
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.counts(DEIT, 197, 1, 1))
                .withMessage("end 1: expected from 2 to start, 197");
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.counts(DEIT, 9, 10, 1))
                .withMessageContaining("end 10");
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.counts(DEIT, 9, 2, 0))
                .withMessageContaining("stride 0");
    }

    @Test
    void aStaircaseIsCutJustBelowAStep() {
        List<Integer> every = Calibration.counts(DEIT, 197, 2, 1);
        Calibration found = Calibration.of(DEIT, every, samples(every, CalibrationTest::staircase, 0.001, 1),
                right(every, CalibrationTest::saturating), 0.5);
        assertThat(found.best().tokens()).isEqualTo(96);
        assertThat(found.r()).isEqualTo(101);
        assertThat(found.pomt().spec()).isEqualTo("pomt:r=101,layer=3");
        assertThat(found.best().latency()).isCloseTo(6, within(0.01));
        assertThat(found.best().accuracy().getAsDouble()).isCloseTo(saturating(96), within(0.001));
        assertThat(found.pictures()).isEqualTo(PICTURES);
        assertThat(found.latencyRivals()).isEmpty();
    }

    @Test
    void straightLinesPeakAtAnEnd() {
        for (double alpha : new double[] {0.3, 0.7}) {
            Calibration found = Calibration.of(DEIT, COUNTS, samples(COUNTS, n -> n / 10.0, 0.001, 2),
                    right(COUNTS, n -> n / 197.0),
                    alpha);
            assertThat(found.best().tokens()).isEqualTo(alpha < 0.5 ? 197 : 2);
            assertThat(found.warnings()).as("alpha %s", alpha).isEmpty();
        }
    }

    @Test
    void oneModelIsNotPrunedWhereAccuracyAloneCounts() {
        Calibration found =
                Calibration.of(DEIT, COUNTS, samples(COUNTS, n -> n, 0.2, 3), right(COUNTS, n -> n / 197.0), 0);
        assertThat(found.best().tokens()).isEqualTo(197);
        assertThat(found.r()).isZero();
        assertThat(found.latencyRivals()).as("latency has no weight").isEmpty();
    }

    @Test
    void latencyAloneNeedsNoPictures() {
        Calibration found = Calibration.of(DEIT, COUNTS, samples(COUNTS, n -> n / 10.0, 0.001, 4), null, 1);
        assertThat(found.best().tokens()).isEqualTo(2);
        assertThat(found.pictures()).isZero();
        assertThat(found.points()).allSatisfy(point -> assertThat(point.accuracy()).isEmpty());
        assertThat(found.warnings()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, COUNTS, samples(COUNTS, n -> n, 0, 1), null, 0.9))
                .withMessageContaining("accuracy, which was not measured");
    }

    /** U is flat but for noise: whichever count comes out best, others might as well have. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void saysWhereLatenciesScatterTooMuch(long seed) {
        IntToDoubleFunction line = n -> n / 10.0;
        boolean[][] right = right(COUNTS, n -> n / 197.0);
        Calibration noisy = Calibration.of(DEIT, COUNTS, samples(COUNTS, line, 0.2, seed), right, 0.5);
        assertThat(noisy.latencyRivals()).doesNotContain(noisy.best().tokens()).isNotEmpty();
        assertThat(noisy.warnings().get(0))
                .startsWith("the latencies scatter too much to tell " + noisy.best().tokens() + " tokens from ");
        Calibration decided = Calibration.of(DEIT, COUNTS,
                samples(COUNTS, n -> n == 97 ? 5 : line.applyAsDouble(n), 0.2, seed), right,
                0.5);
        assertThat(decided.best().tokens()).as("a step that noise does not hide").isEqualTo(97);
        assertThat(decided.latencyRivals()).isEmpty();
    }

    @Test
    void saysWhereThePicturesAreTooFew() {
        // Two peaks of utility, at 152 and 52 tokens; one picture makes the difference between them.
        List<Integer> counts = List.of(197, 152, 102, 52, 2);
        double[][] latency = samples(counts, n -> n, 0, 1);
        boolean[][] few = rightOf(20, 20, 20, 10, 14, 0);
        Calibration found = Calibration.of(new ModelShape(12, 192, 3, 1, 196), counts, latency, few, 0.35);
        assertThat(found.best().tokens()).isEqualTo(152);
        assertThat(found.pictureRivals()).containsExactly(52);
        assertThat(found.warnings()).containsExactly("20 pictures are too few to tell 152 tokens from 52: take more");
        boolean[][] many = rightOf(2000, 2000, 2000, 1000, 1400, 0);
        assertThat(Calibration.of(DEIT, counts, latency, many, 0.35).warnings()).isEmpty();
    }

    @Test
    void outliersDoNotCount() {
        double[][] samples = samples(COUNTS, n -> n, 0.01, 5);
        for (double[] row : samples) {
            row[3] *= 50;
            row[7] = 1e-3;
        }
        Calibration found = Calibration.of(DEIT, COUNTS, samples, right(COUNTS, CalibrationTest::saturating), 0.5);
        for (Calibration.Point point : found.points()) {
            assertThat(point.latency()).isCloseTo(point.tokens(), within(0.01 * point.tokens()));
            assertThat(point.latencyIqr()).isLessThan(0.03 * point.tokens());
        }
    }

    @Test
    void theSameMeasurementGivesTheSameAnswer() {
        double[][] samples = samples(COUNTS, n -> n, 0.3, 6);
        boolean[][] right = right(COUNTS, n -> n / 197.0);
        assertThat(Calibration.of(DEIT, COUNTS, samples, right, 0.5))
                .isEqualTo(Calibration.of(DEIT, COUNTS, samples, right, 0.5));
    }

    @Test
    void refusesWhatDoesNotFit() {
        double[][] latency = samples(COUNTS, n -> n, 0, 1);
        boolean[][] right = right(COUNTS, n -> n / 197.0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, List.of(1), new double[1][1], null, 1))
                .withMessage("token count 1, expected from 2 to the model's 197");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, COUNTS, new double[3][1], right, 0.5))
                .withMessage("40 token counts, 3 latencies, 40 accuracies: expected as many");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, COUNTS, latency, new boolean[2][1], 0.5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, COUNTS, latency, new boolean[40][0], 0.5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calibration.of(DEIT, COUNTS, latency, new boolean[40][9], 0.5))
                .withMessageContaining("accuracy is 0 at every token count");
        right[5] = new boolean[3];
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.of(DEIT, COUNTS, latency, right, 0.5))
                .withMessageContaining("3 pictures at 172 tokens, 1000 at 197");
        assertThatIllegalArgumentException().isThrownBy(() -> Calibration.of(DEIT, COUNTS, latency, null, 1.5));
    }

    /** Quantiles around a curve, 31 a count; {@code noise} is their standard deviation as a share. */
    private static double[][] samples(List<Integer> counts, IntToDoubleFunction curve, double noise, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return counts.stream().map(n -> IntStream.range(0, 31)
                .mapToDouble(i -> curve.applyAsDouble(n) * (1 + noise * Math.sqrt(12) * (random.nextDouble() - 0.5)))
                .toArray())
                .toArray(double[][]::new);
    }

    /** The first pictures are right, as many as the curve says. */
    private static boolean[][] right(List<Integer> counts, IntToDoubleFunction share) {
        return rightOf(PICTURES,
                counts.stream().mapToInt(n -> (int) Math.round(share.applyAsDouble(n) * PICTURES)).toArray());
    }

    private static boolean[][] rightOf(int pictures, int... right) {
        List<boolean[]> rows = new ArrayList<>();
        for (int count : right) {
            boolean[] row = new boolean[pictures];
            Arrays.fill(row, 0, count, true);
            rows.add(row);
        }
        return rows.toArray(boolean[][]::new);
    }
}
