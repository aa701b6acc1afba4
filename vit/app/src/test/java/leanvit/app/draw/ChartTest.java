package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChartTest {

    @Test
    void pointsStandWhereTheirValuesAre() {
        List<Chart.Point> points = List.of(new Chart.Point("none", 50, 80, true), new Chart.Point("a", 100, 79, false),
                new Chart.Point("b", 75, 76, false));
        RgbImage chart = Chart.scatter("title", "images/s", "top-1, %", points);
        // Colours of the three discs' own ink, from left to right and top to bottom.
        int[] reference = centre(chart, 0x1c1c1c, 14);
        int[] a = centre(chart, 0x2b8a3e, 14);
        int[] b = centre(chart, 0xb3610a, 14);
        assertThat(reference[0]).isLessThan(b[0]);
        assertThat(b[0]).isLessThan(a[0]);
        assertThat(b[0] - reference[0]).isBetween(a[0] - b[0] - 1, a[0] - b[0] + 1);
        assertThat(reference[1]).isLessThan(a[1]);
        assertThat(a[1]).isLessThan(b[1]);
        assertThat(3 * (a[1] - reference[1])).isBetween(b[1] - a[1] - 3, b[1] - a[1] + 3);
    }

    /**
     * Returns the middle of the first vertical run of {@code length} pixels with ink of a colour at both ends of a
     * disc.
     */
    private static int[] centre(RgbImage chart, int colour, int length) {
        for (int x = 130; x < chart.width(); x++) {
            for (int y = 60; y + length < chart.height() - 100; y++) {
                if (isColumnOfDisc(chart, x, y, colour, length)) {
                    return new int[] {x, y + length / 2};
                }
            }
        }
        throw new AssertionError("no disc of colour " + Integer.toHexString(colour));
    }

    private static boolean isColumnOfDisc(RgbImage chart, int x, int y, int colour, int length) {
        for (int i = 1; i < 3; i++) {
            if (chart.pixel(x, y + i) != colour || chart.pixel(x, y + length - 1 - i) != colour) {
                return false;
            }
        }
        return chart.pixel(x, y - 2) == 0xffffff || chart.pixel(x, y - 2) == 0xfefefe;
    }

    @Test
    void onePointAndEqualPointsCanBePlotted() {
        List<Chart.Point> points = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            points.add(new Chart.Point("the same " + i, 0, -3.5, i == 0));
            assertThat(Chart.scatter("t", "x", "y", points).width()).isEqualTo(1200);
        }
        for (double value : new double[] {0, 1e12, -1e12, Double.MIN_VALUE, 1e-30, 123456.789}) {
            assertThat(Chart.scatter("t", "x", "y", List.of(new Chart.Point("p", value, value, false))).height())
                    .isEqualTo(800);
        }
        assertThat(Chart.scatter("t", "x", "y", List.of(new Chart.Point("p", 0, -1e12, false),
                new Chart.Point("q", Double.MIN_VALUE, 1e12, false))).height()).isEqualTo(800);
    }

    @Test
    void equalInputGivesEqualPictures() {
        List<Chart.Point> points = List.of(new Chart.Point("none", 50, 80, true), new Chart.Point("a", 100, 79, false));
        assertThat(Chart.scatter("t", "x", "y", points).samples())
                .isEqualTo(Chart.scatter("t", "x", "y", points).samples());
        List<Chart.Point> exchanged = List.of(new Chart.Point("none", 50, 80, false),
                new Chart.Point("a", 100, 79, true));
        assertThat(Chart.scatter("t", "x", "y", exchanged).samples())
                .isNotEqualTo(Chart.scatter("t", "x", "y", points).samples());
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1.1e12})
    void valuesThatCannotBePlottedAreRefused(double bad) {
        assertThatThrownBy(() -> Chart.scatter("t", "x", "y", List.of(new Chart.Point("tome", bad, 1, false))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("tome");
        assertThatThrownBy(() -> Chart.scatter("t", "x", "y", List.of(new Chart.Point("tome", 1, bad, false))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("tome");
        double[] x = {1, 2};
        assertThatThrownBy(() -> Chart.curves("t", "x", x, List.of(new Chart.Curve("latency", new double[] {1, bad})),
                0, ""))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("latency");
        assertThatThrownBy(() -> Chart.curves("t", "x", new double[] {bad},
                List.of(new Chart.Curve("c", new double[1])), 0, "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void wrongNumbersOfValuesAreRefused() {
        double[] x = {1, 2, 3};
        Chart.Curve curve = new Chart.Curve("c", new double[3]);
        assertThatThrownBy(() -> Chart.scatter("t", "x", "y", List.of())).hasMessageContaining("at least one point");
        assertThatThrownBy(() -> Chart.curves("t", "x", x, List.of(), 0, "")).hasMessageContaining("not 0");
        assertThatThrownBy(() -> Chart.curves("t", "x", x, List.of(curve, curve, curve, curve), 0, ""))
                .hasMessageContaining("not 4");
        assertThatThrownBy(() -> Chart.curves("t", "x", x, List.of(curve), 3, "")).hasMessageContaining("value 3 of 3");
        assertThatThrownBy(() -> Chart.curves("t", "x", new double[] {1, 1, 2}, List.of(curve), 0, ""))
                .hasMessageContaining("ascend");
        assertThatThrownBy(() -> Chart.curves("t", "x", x, List.of(new Chart.Curve("c", new double[2])), 0, ""))
                .hasMessageContaining("c has 2 values, x has 3");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3", "2, 2", "30, 3", "500, 1"})
    void curvesOfAnyLengthShareOneMark(int length, int count) {
        double[] x = new double[length];
        List<Chart.Curve> curves = new ArrayList<>();
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            x[i] = i * 7.5;
        }
        for (int c = 0; c < count; c++) {
            curves.add(new Chart.Curve("curve " + c, random.doubles(length).toArray()));
        }
        RgbImage first = Chart.curves("t", "tokens", x, curves, 0, "chosen");
        RgbImage last = Chart.curves("t", "tokens", x, curves, length - 1, "chosen");
        int reds = count(first, 0xd02c2c);
        assertThat(reds).isGreaterThan(300 * count);
        assertThat(Arrays.equals(first.samples(), last.samples())).isEqualTo(length == 1);
        assertThat(first.height()).isGreaterThan(260 * count);
    }

    private static int count(RgbImage chart, int colour) {
        int count = 0;
        for (int i = 0; i < chart.width() * chart.height(); i++) {
            count += chart.pixel(i % chart.width(), i / chart.width()) == colour ? 1 : 0;
        }
        return count;
    }

    @ParameterizedTest
    @CsvSource({"0, 10, 2, 0", "0, 1, 0.2, 1", "73.5, 80.5, 1, 0", "0.001, 0.0013, 0.00005, 5",
        "1000, 250000, 50000, 0", "-5, 5, 2, 0"})
    void ticksAreRound(double low, double high, double step, int decimals) {
        Axis axis = Axis.around(new double[] {low, high}, 100, 900, 7);
        assertThat(axis.step()).isCloseTo(step, within(step * 1e-9));
        assertThat(axis.ticks()).isBetween(4, 11);
        for (int i = 0; i < axis.ticks(); i++) {
            assertThat(axis.tick(i)).isBetween(axis.low(), axis.high());
            String text = axis.format(axis.tick(i), 0);
            assertThat(text.contains(".") ? text.length() - text.indexOf('.') - 1 : 0).as(text).isEqualTo(decimals);
            assertThat(text).doesNotMatch("-0(\\.0*)?");
        }
        assertThat(axis.pixel(low)).isGreaterThan(100);
        assertThat(axis.pixel(high)).isLessThan(900);
    }

    @Test
    void labelsKeepOffOneAnotherWhereThereIsRoom() {
        for (long seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            Labels.Box area = new Labels.Box(0, 0, 1000, 700);
            Labels labels = new Labels(area);
            List<Labels.Box> placed = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                Labels.Box box = labels.place(random.nextInt(1000), random.nextInt(700), 150, 24, 10);
                for (Labels.Box other : placed) {
                    assertThat(box.overlap(other)).as("seed %d label %d", seed, i).isZero();
                }
                assertThat(box.outside(area)).as("seed %d label %d", seed, i).isZero();
                placed.add(box);
            }
        }
    }
}
