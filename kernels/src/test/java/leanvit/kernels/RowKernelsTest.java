package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Softmax, LayerNorm and L2 normalisation of rows against double references written from their formulas. */
class RowKernelsTest {

    private interface Kernel {
        void rows(float[] x, int offset, int stride, int rows, int columns, float[] out, int outOffset, int outStride);
    }

    private interface Reference {
        double[] row(double[] x);
    }

    @Test
    void softmaxIsExactAtEverySize() {
        check("softmax", Softmax::rows, RowKernelsTest::softmax, 20, 1e-6);
    }

    @Test
    void softmaxTreatsInfiniteHugeAndEqualScores() {
        float inf = Float.POSITIVE_INFINITY;
        for (int n : new int[] {1, 2, 5, 17, 40, 197}) {
            float[] x = new float[4 * n];
            Arrays.fill(x, 0, n, -inf);
            Arrays.fill(x, n, 2 * n, 3e38f);
            Arrays.fill(x, 2 * n, 3 * n, -1e4f);
            x[2 * n + n / 2] = 1e4f;
            Arrays.fill(x, 3 * n, 4 * n, 1f);
            x[3 * n + n - 1] = Float.NaN;
            float[] y = new float[4 * n];
            Softmax.rows(x, 0, n, 4, n, y, 0, n);
            for (int j = 0; j < n; j++) {
                assertThat(y[j]).as("all -infinity").isZero();
                assertThat(y[n + j]).as("all equal").isCloseTo(1f / n, Offset.offset(1e-6f / n + 1e-9f));
                assertThat(y[2 * n + j]).as("one far above").isEqualTo(j == n / 2 ? 1f : 0f);
                assertThat(y[3 * n + j]).as("a NaN in the row").isNaN();
            }
        }
    }

    @Test
    void softmaxMatchesTheGolden() {
        Golden golden = Golden.open("kernel_softmax");
        float[] y = new float[9 * 37];
        Softmax.rows(golden.floats("x"), 0, 37, 9, 37, y, 0, 37);
        assertClose(y, golden.doubles("y64"), 1e-6);
    }

    @Test
    void layerNormIsExactAtEverySize() {
        float[] weight = Awkward.values(new SplittableRandom(3), 577, 2);
        float[] bias = Awkward.values(new SplittableRandom(4), 577, 1);
        check("layerNorm", (x, offset, stride, rows, n, out, outOffset, outStride) -> LayerNorm.rows(x, offset, stride, rows, n,
                Arrays.copyOf(weight, n), Arrays.copyOf(bias, n), 1e-6f, out, outOffset, outStride), x -> {
                    double mean = Arrays.stream(x).sum() / x.length;
                    double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / x.length;
                    double[] y = new double[x.length];
                    Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(variance + 1e-6f) * weight[i] + bias[i]);
                    return y;
                }, 10, 2e-5);
    }

    @Test
    void layerNormMatchesTheGolden() {
        Golden golden = Golden.open("kernel_layernorm");
        for (int n : new int[] {5, 60, 192}) {
            String name = "n" + n + ".";
            float[] y = new float[7 * n];
            LayerNorm.rows(golden.floats(name + "x"), 0, n, 7, n, golden.floats(name + "w"), golden.floats(name + "b"), 1e-6f,
                    y, 0, n);
            // Row 1 lies 1000 off zero, where a float holds its deviations to 3e-5.
            assertClose(y, golden.doubles(name + "y64"), 1e-4);
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> Softmax.rows(new float[9], 0, 5, 2, 5, new float[10], 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> Softmax.rows(new float[10], 0, 5, 2, 5, new float[10], 1, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
        assertThatThrownBy(() -> Softmax.rows(new float[10], 0, 4, 2, 5, new float[10], 0, 5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("stride of x is 4");
        assertThatThrownBy(() -> LayerNorm.rows(new float[10], 0, 5, 2, 5, new float[4], new float[5], 1e-6f, new float[10], 0, 5))
                .hasMessageContaining("weight");
    }

    private static void check(String name, Kernel kernel, Reference reference, float scale, double tolerance) {
        SplittableRandom random = new SplittableRandom(11);
        for (int n : Awkward.sizes(577)) {
            for (int rows : new int[] {0, 1, 3}) {
                float[] values = Awkward.values(random, rows * n, scale);
                Guarded in = Guarded.of(values, rows, n, 5, 2);
                Guarded out = Guarded.empty(rows, n, 3, 7);
                kernel.rows(in.array(), 5, n + 2, rows, n, out.array(), 3, n + 7);
                String what = name + " of " + rows + " x " + n;
                out.assertGuardsUntouched(() -> what);
                out.assertAllWritten(() -> what);
                kernel.rows(in.array(), 5, n + 2, rows, n, in.array(), 5, n + 2);
                in.assertGuardsUntouched(() -> what + " in place");
                for (int r = 0; r < rows; r++) {
                    double[] row = new double[n];
                    for (int j = 0; j < n; j++) {
                        row[j] = values[r * n + j];
                    }
                    double[] want = reference.row(row);
                    for (int j = 0; j < n; j++) {
                        assertThat((double) out.get(r, j)).as("%s [%d, %d]", what, r, j)
                                .isCloseTo(want[j], Offset.offset(tolerance * Math.max(1, Math.abs(want[j]))));
                        assertThat(in.get(r, j)).as("%s in place", what).isEqualTo(out.get(r, j));
                    }
                }
            }
        }
    }

    private static double[] softmax(double[] x) {
        double max = Arrays.stream(x).max().orElse(0);
        double sum = Arrays.stream(x).map(v -> Math.exp(v - max)).sum();
        return Arrays.stream(x).map(v -> Math.exp(v - max) / sum).toArray();
    }

    private static void assertClose(float[] got, double[] want, double tolerance) {
        assertThat(got).hasSize(want.length);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i]).as("element %d", i).isCloseTo(want[i], Offset.offset(tolerance));
        }
    }
}
