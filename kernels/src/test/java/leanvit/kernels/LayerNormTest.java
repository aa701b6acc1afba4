package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** {@link LayerNorm}, the public kernel and both twins, against doubles within the bound that its contract states. */
class LayerNormTest {

    private static final float EPSILON = 1e-6f;
    private static final float INFINITY = Float.POSITIVE_INFINITY;
    private static final float[] WEIGHT = Awkward.values(new SplittableRandom(3), 1280, 2);
    private static final float[] BIAS = Awkward.values(new SplittableRandom(4), 1280, 1);

    private static final RowKernelCheck.Reference EXACT = new RowKernelCheck.Reference() {
        @Override
        public double[] row(double[] x) {
            double mean = Arrays.stream(x).sum() / x.length;
            double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / x.length;
            double[] y = new double[x.length];
            Arrays.setAll(y, c -> (x[c] - mean) / Math.sqrt(variance + EPSILON) * WEIGHT[c] + BIAS[c]);
            return y;
        }

        @Override
        public double bound(double[] x, double[] exact, int c) {
            return LayerNormTest.bound(exact[c], BIAS[c]);
        }
    };

    private interface Kernel {
        void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                float epsilon, float[] out, int outOffset, int outStride);
    }

    private static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new TreeMap<>();
        kernels.put("layer norm", LayerNorm::rows);
        kernels.put("scalar layer norm", ScalarLayerNorm.KERNEL::rows);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD layer norm", SimdLayerNorm.KERNEL::rows);
        }
        return kernels;
    }

    /** The contract's {@code 2e-6 * (1 + |normalised value| * |weight| + |bias|)}. */
    private static double bound(double exact, float bias) {
        return 2e-6 * (1 + Math.abs(exact - bias) + Math.abs(bias));
    }

    @Test
    void isWithinItsBoundAtEverySize() {
        SplittableRandom random = new SplittableRandom(11);
        for (int n : sizes()) {
            for (int rows : new int[] {0, 1, 3}) {
                for (float scale : new float[] {1e-3f, 1f, 10f, 1e4f}) {
                    // The last row lies three million deviations off 0.
                    for (float away : new float[] {0f, 2f, -100f, 500f, 1e5f, -3e6f}) {
                        float[] values = Awkward.values(random, rows * n, scale);
                        for (int i = 0; i < values.length; i++) {
                            values[i] += away * scale;
                        }
                        check(values, rows, n, n + " columns up to " + scale + ", off by " + away);
                    }
                }
            }
        }
    }

    /** Vector code takes deviations from a row's first value first: one that lies at each distance from the mean. */
    @Test
    void isWithinItsBoundWhereverTheFirstValueLies() {
        SplittableRandom random = new SplittableRandom(21);
        for (int n : new int[] {17, 127, 192, 384, 577, 768, 1280}) {
            for (float at : new float[] {0, 1, 1.5f, 1.9f, 1.99f, 2.01f, 2.2f, 3, 10, 30, 1e3f, 1e6f}) {
                for (int repeat = 0; repeat < 3; repeat++) {
                    float[] values = new float[n];
                    for (int i = 0; i < n; i++) {
                        values[i] = (float) random.nextGaussian() + 3;
                    }
                    values[0] = at + 3;
                    check(values, 1, n, n + " columns, the first value " + at + " deviations off");
                }
            }
        }
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_layernorm");
        for (int n : new int[] {5, 60, 192}) {
            String name = "n" + n + ".";
            float[] weight = golden.floats(name + "w");
            float[] bias = golden.floats(name + "b");
            double[] want = golden.doubles(name + "y64");
            kernels().forEach((kernelName, kernel) -> {
                float[] y = new float[7 * n];
                kernel.rows(golden.floats(name + "x"), 0, n, 7, n, weight, bias, EPSILON, y, 0, n);
                assertThat(want).hasSize(y.length);
                for (int i = 0; i < y.length; i++) {
                    assertThat(Math.abs(y[i] - want[i])).as("%s, %s element %d", kernelName, name, i)
                            .isLessThanOrEqualTo(bound(want[i], bias[i % n]));
                }
            });
        }
    }

    @Test
    void aRowOfEqualValuesBecomesTheBias() {
        kernels().forEach((name, kernel) -> {
            for (int n : sizes()) {
                float[] x = new float[4 * n];
                Arrays.fill(x, n, 2 * n, -0f);
                Arrays.fill(x, 2 * n, 3 * n, 0.1f);
                Arrays.fill(x, 3 * n, 4 * n, -1e30f);
                float[] y = new float[4 * n];
                kernel.rows(x, 0, n, 4, n, WEIGHT, BIAS, EPSILON, y, 0, n);
                for (int i = 0; i < y.length; i++) {
                    assertThat(y[i]).as("%s of %d, element %d", name, n, i).isEqualTo(BIAS[i % n]);
                }
            }
        });
    }

    /** Squares of these are beyond a float's range, at either end. */
    @Test
    void hugeAndTinyValuesComeOutRight() {
        SplittableRandom random = new SplittableRandom(5);
        for (int n : new int[] {2, 7, 16, 33, 197, 768}) {
            for (float scale : new float[] {3.4e38f, 1e25f, 1e19f, 1e-25f, Float.MIN_NORMAL, Float.MIN_VALUE}) {
                check(Awkward.values(random, 2 * n, scale), 2, n, n + " columns up to " + scale);
            }
        }
    }

    @Test
    void aRowThatHoldsNanOrAnInfinityBecomesNanAndLeavesTheOthersAlone() {
        SplittableRandom random = new SplittableRandom(6);
        for (int n : new int[] {1, 3, 16, 29, 197, 768}) {
            for (float strange : new float[] {Float.NaN, INFINITY, -INFINITY}) {
                for (int at : new int[] {0, n / 2, n - 1}) {
                    float[] values = Awkward.values(random, 3 * n, 2);
                    float[] others = values.clone();
                    values[n + at] = strange;
                    kernels().forEach((name, kernel) -> {
                        float[] want = new float[3 * n];
                        float[] got = new float[3 * n];
                        kernel.rows(others, 0, n, 3, n, WEIGHT, BIAS, EPSILON, want, 0, n);
                        kernel.rows(values, 0, n, 3, n, WEIGHT, BIAS, EPSILON, got, 0, n);
                        Arrays.fill(want, n, 2 * n, Float.NaN);
                        assertThat(got).as("%s of %d columns, %s at %d", name, n, strange, at).isEqualTo(want);
                    });
                }
            }
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] ten = new float[10];
        float[] five = new float[5];
        assertThatThrownBy(() -> LayerNorm.rows(ten, 0, 5, 2, 5, new float[4], five, EPSILON, ten, 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("weight");
        assertThatThrownBy(() -> LayerNorm.rows(ten, 0, 5, 2, 5, five, new float[4], EPSILON, ten, 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("bias");
        assertThatThrownBy(() -> LayerNorm.rows(ten, 1, 5, 2, 5, five, five, EPSILON, ten, 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        for (float epsilon : new float[] {0f, -1e-6f, Float.NaN, INFINITY}) {
            assertThatThrownBy(() -> LayerNorm.rows(ten, 0, 5, 2, 5, five, five, epsilon, ten, 0, 5))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("epsilon");
        }
    }

    private static int[] sizes() {
        return IntStream.concat(Arrays.stream(Awkward.sizes(577)), IntStream.of(768, 1024, 1279, 1280)).toArray();
    }

    private static void check(float[] values, int rows, int columns, String what) {
        float[] weight = Arrays.copyOf(WEIGHT, columns);
        float[] bias = Arrays.copyOf(BIAS, columns);
        kernels().forEach((name, kernel) -> RowKernelCheck.check(
                (x, offset, stride, r, n, out, outOffset, outStride) ->
                        kernel.rows(x, offset, stride, r, n, weight, bias, EPSILON, out, outOffset, outStride),
                EXACT, values, rows, columns, () -> name + " of " + rows + " rows of " + what));
    }
}
