package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** POMT's choice of R: known answers, ties, ends of the grid, and a staircase. */
class PomtScheduleTest {

    private static final List<Integer> N = List.of(196, 160, 128, 96, 64);
    private static final List<Double> L = List.of(10.0, 10.0, 6.0, 6.0, 4.0);
    private static final List<Double> A = List.of(80.0, 79.0, 76.0, 68.0, 50.0);

    private static List<Double> boxed(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    @ParameterizedTest
    @CsvSource({"0.5, 128, 67, 69", "0.75, 64, 131, 133", "0, 196, -1, 1", "1, 64, 131, 133"})
    void choosesAsTheExample(double alpha, int best, int upstream, int exact) {
        PomtSchedule schedule = PomtSchedule.of(N, L, A, alpha);
        assertThat(schedule.bestCount()).isEqualTo(best);
        assertThat(schedule.upstreamR(196, 1)).isEqualTo(upstream);
        assertThat(schedule.exactR(197)).isEqualTo(exact);
    }

    @Test
    void weighsAsTheExample() {
        double[] expected = {.5, .49375, .675, .625, .6125};
        assertThat(PomtSchedule.of(N, L, A, 0.5).utility())
                .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : Double.compare(a, b))
                .containsExactlyElementsOf(boxed(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stair", "linear", "noisy", "doc"})
    void matchesTheOriginal(String curve) {
        GoldenFile golden = GoldenFile.open("standalone/pomt_schedule");
        List<Integer> n = IntStream.of(golden.ints(curve + ".n")).boxed().toList();
        double[] utility = golden.doubles(curve + ".U");
        double[] alphas = {0, .25, .5, .75, 1};
        for (int i = 0; i < alphas.length; i++) {
            PomtSchedule schedule = PomtSchedule.of(n, boxed(golden.doubles(curve + ".L")),
                    boxed(golden.doubles(curve + ".A")), alphas[i]);
            for (int j = 0; j < n.size(); j++) {
                assertThat(schedule.utility().get(j)).isCloseTo(utility[i * n.size() + j], Offset.offset(1e-12));
            }
            assertThat(schedule.bestCount()).as("alpha %f", alphas[i]).isEqualTo(golden.ints(curve + ".n_star")[i]);
            assertThat(schedule.upstreamR(196, 1)).isEqualTo(golden.ints(curve + ".R_upstream")[i]);
            assertThat(schedule.exactR(197)).isEqualTo(golden.ints(curve + ".R_exact")[i]);
        }
    }

    @Test
    void straightCurvesPutTheBestAtAnEndAndAStepMovesItJustBelow() {
        List<Integer> n = IntStream.iterate(196, i -> i >= 2, i -> i - 1).boxed().toList();
        List<Double> straight = n.stream().map(i -> 5 + 0.01 * i).toList();
        List<Double> accuracy = n.stream().map(i -> 60 + 0.1 * i).toList();
        assertThat(PomtSchedule.of(n, straight, accuracy, 0.5).bestCount()).isIn(196, 2);
        List<Double> step = n.stream().map(i -> i > 144 ? 9.0 : 5.0).toList();
        assertThat(PomtSchedule.of(n, step, accuracy, 0.5).bestCount()).isEqualTo(144);
    }

    @Test
    void scaleDoesNotMatter() {
        List<Double> utility = PomtSchedule.of(N, L, A, 0.3).utility();
        List<Double> latency = L.stream().map(l -> 8 * l).toList();
        List<Double> accuracy = A.stream().map(a -> a / 4).toList();
        assertThat(PomtSchedule.of(N, latency, accuracy, 0.3).utility()).isEqualTo(utility);
    }

    @Test
    void refusesCurvesThatCannotBe() {
        assertThatThrownBy(() -> PomtSchedule.of(N, L, A, 1.5)).hasMessageContaining("alpha 1.5");
        assertThatThrownBy(() -> PomtSchedule.of(N, L, A, Double.NaN)).hasMessageContaining("0 to 1");
        assertThatThrownBy(() -> PomtSchedule.of(List.of(), List.of(), List.of(), 0.5))
                .hasMessageContaining("0 token counts");
        assertThatThrownBy(() -> PomtSchedule.of(N, L.subList(0, 3), A, 0.5)).hasMessageContaining("3 latencies");
        assertThatThrownBy(() -> PomtSchedule.of(List.of(2, 3), List.of(1.0, 1.0), List.of(1.0, 1.0), 0.5))
                .hasMessageContaining("descend");
        for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> PomtSchedule.of(List.of(2), List.of(bad), List.of(1.0), 0.5))
                    .hasMessageContaining("latency");
        }
        for (double bad : new double[] {-1, Double.NaN, 0}) {
            assertThatThrownBy(() -> PomtSchedule.of(List.of(2), List.of(1.0), List.of(bad), 0.5))
                    .hasMessageContaining("accuracy");
        }
    }
}
