package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Schedules against the counts that the papers and the authors' programs give. */
class ScheduleTest {

    private static ModelShape model(int depth, int patches) {
        return Images.shape(depth, 192, 3, 1, patches);
    }

    private static int[] perBlock(Schedule schedule, int depth) {
        ModelShape model = model(depth, 196);
        return IntStream.range(0, depth).map(l -> schedule.removed(model, l, 196)).toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "16, -1, '32,29,26,23,20,17,14,11,8,5,2,0'",
        "16, 1, '0,2,5,8,11,14,17,20,23,26,29,32'",
        "13, -0.5, '19,17,16,15,14,13,12,11,10,9,8,7'",
        "7, 0, '7,7,7,7,7,7,7,7,7,7,7,7'"
    })
    void inflectsAsTheOriginal(int r, double inflect, String expected) {
        int[] values = Arrays.stream(expected.split(",")).mapToInt(Integer::parseInt).toArray();
        assertThat(perBlock(Schedule.inflected(r, inflect), 12)).containsExactly(values);
    }

    @Test
    void truncationTakesFromTheSum() {
        assertThat(IntStream.of(perBlock(Schedule.inflected(16, -1), 12)).sum()).isEqualTo(187);
        assertThat(IntStream.of(perBlock(Schedule.inflected(8, -1), 24)).sum()).isEqualTo(181);
    }

    @Test
    void oneBlockHasNoSlope() {
        assertThat(perBlock(Schedule.inflected(8, -1), 1)).containsExactly(8);
        assertThat(perBlock(Schedule.inflected(8, 1), 1)).containsExactly(8);
    }

    @Test
    void aHugeRDoesNotOverflow() {
        int[] r = perBlock(Schedule.inflected(Integer.MAX_VALUE, -1), 12);
        assertThat(r[0]).isEqualTo(Integer.MAX_VALUE);
        assertThat(r[11]).isZero();
        assertThat(IntStream.of(r).min()).hasValue(0);
    }

    @Test
    void listsArePaddedWithZero() {
        Schedule schedule = Schedule.perBlock(List.of(8, 0, 4));
        assertThat(perBlock(schedule, 5)).containsExactly(8, 0, 4, 0, 0);
        assertThat(schedule.removesAt(model(12, 196), 0)).isTrue();
        assertThat(schedule.removesAt(model(12, 196), 1)).isFalse();
        assertThat(schedule.removesAt(model(12, 196), 4)).isFalse();
    }

    @Test
    void listsLongerThanTheDepthAreRefused() {
        Schedule schedule = Schedule.perBlock(List.of(1, 2, 3, 4, 5));
        schedule.check("tome:r=1/2/3/4/5", model(5, 196));
        assertThatThrownBy(() -> schedule.check("tome:r=1/2/3/4/5", model(4, 196)))
                .isInstanceOf(InvalidSpecException.class)
                .hasMessageContaining("5 values").hasMessageContaining("at most 4");
    }

    @Test
    void oneBlockAlone() {
        Schedule schedule = Schedule.oneBlock(56, 3);
        assertThat(perBlock(schedule, 6)).containsExactly(0, 0, 0, 56, 0, 0);
        assertThat(schedule.removesAt(model(12, 196), 3)).isTrue();
        assertThat(schedule.removesAt(model(12, 196), 2)).isFalse();
        schedule.check("pomt", model(4, 196));
        assertThatThrownBy(() -> schedule.check("pomt", model(3, 196)))
                .hasMessageContaining("no block 3").hasMessageContaining("0 to 2");
    }

    @ParameterizedTest
    @CsvSource({
        "0.9, '176,158,142,128'",
        "0.8, '156,125,100,80'",
        "0.7, '137,96,67,47'",
        "0.6, '117,70,42,25'",
        "0.5, '98,49,24,12'"
    })
    void cumulativeRatesOfTheInitialPatches(double rho, String expected) {
        Schedule schedule = Schedule.keepOfInitial(List.of(rho), List.of(2, 4, 6, 8));
        assertThat(keptByStage(schedule, 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0.7, 0, '138,97,68'",
        "0.5, 0, '98,49,25'",
        "0.9, 1, '178,162,147'",
        "0.8, 1, '158,128,104'",
        "0.7, 1, '139,99,71'",
        "0.6, 1, '119,73,45'",
        "0.5, 1, '99,51,27'",
        "0.9, 0, '177,160,144'",
        "0.8, 0, '157,126,101'",
        "0.6, 0, '118,71,43'"
    })
    void ratesOfThePresentPatches(double rho, int fused, String expected) {
        Schedule schedule = Schedule.keepOfCurrent(List.of(rho), List.of(2, 4, 6));
        assertThat(keptByStage(schedule, fused)).isEqualTo(expected);
    }

    /** Patches after each stage, {@code fused} tokens added at each. */
    private static String keptByStage(Schedule schedule, int fused) {
        ModelShape model = model(12, 196);
        StringBuilder text = new StringBuilder();
        int patches = 196;
        for (int layer = 0; layer < 12; layer++) {
            if (schedule.removesAt(model, layer)) {
                patches += fused - schedule.removed(model, layer, patches);
                text.append(text.length() == 0 ? "" : ",").append(patches);
            } else {
                assertThat(schedule.removed(model, layer, patches)).isZero();
            }
        }
        return text.toString();
    }

    @Test
    void ratesMayBeGivenStageByStage() {
        ModelShape model = model(12, 196);
        Schedule initial = Schedule.keepOfInitial(List.of(0.5, 0.25), List.of(1, 5));
        assertThat(initial.removed(model, 1, 196)).isEqualTo(98);
        assertThat(initial.removed(model, 5, 98)).isEqualTo(49);
        Schedule current = Schedule.keepOfCurrent(List.of(0.5, 0.25), List.of(1, 5));
        assertThat(current.removed(model, 5, 98)).isEqualTo(73);
    }

    @Test
    void everythingKeptRemovesNothing() {
        assertThat(Schedule.keepOfInitial(List.of(1.0), List.of(3)).removesAt(model(12, 196), 3)).isFalse();
        assertThat(Schedule.keepOfCurrent(List.of(1.0), List.of(3)).removesAt(model(12, 196), 3)).isFalse();
        assertThat(Schedule.constant(0).removesAt(model(12, 196), 3)).isFalse();
    }

    @Test
    void atLeastOnePatchStays() {
        ModelShape model = model(12, 10);
        Schedule initial = Schedule.keepOfInitial(List.of(0.01), List.of(3, 4));
        assertThat(initial.removed(model, 3, 10)).isEqualTo(9);
        assertThat(initial.removed(model, 4, 1)).isZero();
        assertThat(initial.removed(model, 3, 0)).isZero();
        assertThat(Schedule.keepOfCurrent(List.of(0.01), List.of(3)).removed(model, 3, 10)).isEqualTo(9);
    }

    @Test
    void refusesValuesThatCannotBe() {
        assertThatThrownBy(() -> Schedule.constant(-1)).hasMessageContaining("r=-1");
        assertThatThrownBy(() -> Schedule.inflected(8, 1.5)).hasMessageContaining("inflect=1.5");
        assertThatThrownBy(() -> Schedule.inflected(8, Double.NaN)).hasMessageContaining("-1 to 1");
        assertThatThrownBy(() -> Schedule.perBlock(List.of())).isInstanceOf(InvalidSpecException.class);
        assertThatThrownBy(() -> Schedule.perBlock(List.of(3, -2))).hasMessageContaining("r=-2");
        assertThatThrownBy(() -> Schedule.oneBlock(3, -1)).hasMessageContaining("layer -1");
        for (double rate : new double[] {0, -0.5, 1.5, Double.NaN}) {
            assertThatThrownBy(() -> Schedule.keepOfCurrent(List.of(rate), List.of(3)))
                    .isInstanceOf(InvalidSpecException.class).hasMessageContaining("keep=");
        }
        assertThatThrownBy(() -> Schedule.keepOfCurrent(List.of(0.7), List.of())).hasMessageContaining("layers");
        assertThatThrownBy(() -> Schedule.keepOfCurrent(List.of(0.7), List.of(3, 3))).hasMessageContaining("ascend");
        assertThatThrownBy(() -> Schedule.keepOfCurrent(List.of(0.7, 0.6), List.of(3))).hasMessageContaining("2 rates");
        assertThatThrownBy(() -> Schedule.keepOfInitial(List.of(0.5, 0.7), List.of(3, 6)))
                .hasMessageContaining("rises");
    }

    @ParameterizedTest
    @CsvSource({"1, '0'", "2, '0,1'", "3, '0,1,2'", "4, '1,2,3'", "5, '1,2,3'", "6, '1,3,4'", "12, '3,6,9'",
        "24, '6,12,18'", "32, '8,16,24'"})
    void stagesLieAtTheQuartersOfTheDepth(int depth, String expected) {
        int[] blocks = Arrays.stream(expected.split(",")).mapToInt(Integer::parseInt).toArray();
        ModelShape model = model(depth, 196);
        for (Schedule schedule : List.of(Schedule.keepOfCurrent(List.of(0.7), Stages.AT_QUARTERS),
                Schedule.keepOfInitial(List.of(0.7, 0.5, 0.3), Stages.AT_QUARTERS))) {
            schedule.check("evit", model);
            assertThat(IntStream.range(0, depth).filter(l -> schedule.removesAt(model, l))).containsExactly(
                    Arrays.stream(blocks).boxed().toArray(Integer[]::new));
        }
        assertThat(IntStream.range(0, blocks.length).map(s -> Stages.AT_QUARTERS.indexOf(model, blocks[s])))
                .containsExactly(IntStream.range(0, blocks.length).boxed().toArray(Integer[]::new));
        Schedule pomt = Schedule.quarterBlock(56);
        pomt.check("pomt", model);
        assertThat(IntStream.range(0, depth).filter(l -> pomt.removesAt(model, l))).containsExactly(depth / 4);
        assertThat(pomt.removed(model, depth / 4, 196)).isEqualTo(56);
    }

    @Test
    void anOpenListOfStagesKeepsAsTheSameListGiven() {
        Schedule open = Schedule.keepOfInitial(List.of(0.7), Stages.AT_QUARTERS);
        Schedule given = Schedule.keepOfInitial(List.of(0.7), List.of(3, 6, 9));
        assertThat(perBlock(open, 12)).containsExactly(perBlock(given, 12));
        assertThat(open.spec()).isEqualTo("keep=0.7");
        assertThat(given.spec()).isEqualTo("keep=0.7,layers=3/6/9");
    }
}
