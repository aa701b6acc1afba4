package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import org.junit.jupiter.api.Test;

/** {@link LayerNormGradient} against its formula in doubles, and that against central differences of the norm. */
class LayerNormGradientTest {

    private static final double EPSILON = 1e-6;

    private static Map<String, LayerNormGradient.Implementation> kernels() {
        Map<String, LayerNormGradient.Implementation> kernels = new LinkedHashMap<>();
        kernels.put("layer norm gradient", LayerNormGradient::rows);
        kernels.put("scalar", ScalarLayerNormGradient.KERNEL);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD", SimdLayerNormGradient.KERNEL);
        }
        return kernels;
    }

    /** The gradient of x by the formula, in doubles. */
    private static double[] exact(double[] x, double[] weight, double[] dy) {
        int n = x.length;
        double mean = Arrays.stream(x).sum() / n;
        double scale = 1 / Math.sqrt(Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / n + EPSILON);
        double meanG = IntStream.range(0, n).mapToDouble(c -> dy[c] * weight[c]).sum() / n;
        double meanProduct =
                IntStream.range(0, n).mapToDouble(c -> dy[c] * weight[c] * (x[c] - mean) * scale).sum() / n;
        double[] dx = new double[n];
        Arrays.setAll(dx, c -> scale * (dy[c] * weight[c] - meanG - (x[c] - mean) * scale * meanProduct));
        return dx;
    }

    @Test
    void theFormulaIsTheCentralDifference() {
        SplittableRandom random = new SplittableRandom(1);
        for (int n : new int[] {1, 3, 7, 33}) {
            double[] x = Exact.widened(Awkward.values(random, n, 2));
            double[] weight = Exact.widened(Awkward.values(random, n, 1));
            double[] bias = new double[n];
            double[] dy = Exact.widened(Awkward.values(random, n, 1));
            double[] dx = exact(x, weight, dy);
            for (int c = 0; c < n; c++) {
                double[] up = x.clone();
                double[] down = x.clone();
                up[c] += 1e-5;
                down[c] -= 1e-5;
                double[] above = Exact.layerNorm(up, weight, bias, EPSILON);
                double[] below = Exact.layerNorm(down, weight, bias, EPSILON);
                double slope = IntStream.range(0, n).mapToDouble(i -> dy[i] * (above[i] - below[i]) / 2e-5).sum();
                assertThat(Math.abs(dx[c] - slope)).as("%d columns, %d", n, c).isLessThan(1e-5 * (1 + Math.abs(slope)));
            }
        }
    }

    @Test
    void isWithinItsBoundAtEverySize() {
        SplittableRandom random = new SplittableRandom(2);
        for (int n : IntStream.concat(Arrays.stream(Awkward.sizes(577)), IntStream.of(768)).toArray()) {
            for (float away : new float[] {0f, 5f}) {
                int rows = 3;
                float[] x = Awkward.values(random, rows * (n + 1), 2);
                for (int i = 0; i < x.length; i++) {
                    x[i] += away;
                }
                float[] weight = Awkward.values(random, n, 1);
                float[] dy = Awkward.values(random, rows * (n + 2), 1);
                float[] before = Awkward.values(random, rows * (n + 3), 1);
                float[] sums = Awkward.values(random, 2 * n, 1);
                kernels().forEach((name, kernel) -> check(name + " of " + n, kernel, n, rows, x, weight, dy, before,
                        sums));
            }
        }
    }

    private static void check(String what, LayerNormGradient.Implementation kernel, int n, int rows, float[] x,
                              float[] weight, float[] dy, float[] before, float[] sums) {
        float[] statistics = new float[2 * rows];
        LayerNorm.rows(x, 0, n + 1, rows, n, weight, weight, (float) EPSILON, new float[rows * n], 0, n, statistics, 0);
        float[] dx = before.clone();
        float[] parameters = sums.clone();
        kernel.rows(x, 0, n + 1, rows, n, statistics, 0, weight, dy, 0, n + 2, dx, 0, n + 3, parameters, 0, parameters,
                n);
        double[] wantWeight = Exact.widened(Arrays.copyOf(sums, n));
        double[] wantBias = Exact.widened(Arrays.copyOfRange(sums, n, 2 * n));
        for (int r = 0; r < rows; r++) {
            double[] row = Exact.widened(Arrays.copyOfRange(x, r * (n + 1), r * (n + 1) + n));
            double[] d = Exact.widened(Arrays.copyOfRange(dy, r * (n + 2), r * (n + 2) + n));
            double[] want = exact(row, Exact.widened(weight), d);
            double mean = Arrays.stream(row).average().orElse(0);
            double deviation = Math.sqrt(Arrays.stream(row).map(v -> (v - mean) * (v - mean)).average().orElse(0)
                    + EPSILON);
            double allowed = 1e-5 * (1 + Math.abs(mean) / deviation);
            for (int c = 0; c < n; c++) {
                double got = (double) dx[r * (n + 3) + c] - before[r * (n + 3) + c];
                assertThat(Math.abs(got - want[c])).as("%s, row %d, %d", what, r, c)
                        .isLessThanOrEqualTo(allowed / deviation + 2e-7);
                wantWeight[c] += d[c] * (row[c] - mean) / deviation;
                wantBias[c] += d[c];
            }
            for (int c = n; c < n + 3; c++) {
                assertThat(dx[r * (n + 3) + c]).as("%s, beside row %d", what, r).isEqualTo(before[r * (n + 3) + c]);
            }
        }
        for (int c = 0; c < n; c++) {
            assertThat((double) parameters[c]).as("%s, weight %d", what, c)
                    .isCloseTo(wantWeight[c], offset(2e-4));
            assertThat((double) parameters[n + c]).as("%s, bias %d", what, c)
                    .isCloseTo(wantBias[c], offset(1e-5));
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] ten = new float[10];
        assertThatIllegalArgumentException().isThrownBy(() -> LayerNormGradient.rows(ten, 0, 5, 2, 5, ten, 0, ten, ten,
                0, 5, new float[10], 0, 5, ten, 0, null, 0)).withMessageContaining("expected both or neither");
        assertThatThrownBy(() -> LayerNormGradient.rows(ten, 0, 5, 2, 5, new float[3], 0, ten, ten, 0, 5, new float[10],
                0, 5, null, 0, null, 0)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("statistics");
    }
}
