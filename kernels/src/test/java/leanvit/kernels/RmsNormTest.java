package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import org.junit.jupiter.api.Test;

/** {@link RmsNorm}, the public kernel and both twins, against doubles within the bound that its contract states. */
class RmsNormTest {

    private static final float EPSILON = 1e-5f;
    private static final float[] WEIGHT = Awkward.values(new SplittableRandom(3), 4096, 2);

    private static final RowKernelCheck.Reference EXACT = new RowKernelCheck.Reference() {
        @Override
        public double[] row(double[] x) {
            double mean = Arrays.stream(x).map(v -> v * v).sum() / x.length;
            double[] y = new double[x.length];
            Arrays.setAll(y, c -> x[c] / Math.sqrt(mean + EPSILON) * WEIGHT[c]);
            return y;
        }

        @Override
        public double bound(double[] x, double[] exact, int c) {
            return 2e-6 * Math.abs(exact[c]) + Float.MIN_NORMAL;
        }
    };

    private static Map<String, RmsNorm.Implementation> kernels() {
        Map<String, RmsNorm.Implementation> kernels = new TreeMap<>();
        kernels.put("rms norm", RmsNorm::rows);
        kernels.put("scalar rms norm", ScalarRmsNorm.KERNEL);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD rms norm", SimdRmsNorm.KERNEL);
        }
        return kernels;
    }

    /** Squares of the largest and the smallest are beyond a float's range, at either end. */
    @Test
    void isWithinItsBoundAtEverySizeAndScale() {
        SplittableRandom random = new SplittableRandom(11);
        for (int n : IntStream.concat(Arrays.stream(Awkward.sizes(577)), IntStream.of(1024, 3072, 4095)).toArray()) {
            for (int rows : new int[] {0, 1, 3}) {
                for (float scale : new float[] {1e-25f, 1e-3f, 1f, 1e4f, 1e19f, 3e38f}) {
                    float[] values = Awkward.values(random, rows * n, scale);
                    kernels().forEach((name, kernel) -> RowKernelCheck.check(
                            (x, offset, stride, r, c, out, outOffset, outStride) -> kernel.rows(x, offset, stride, r,
                                    c, Arrays.copyOf(WEIGHT, c), EPSILON, out, outOffset, outStride),
                            EXACT, values, rows, n, () -> name + " of " + rows + " x " + n + " up to " + scale));
                }
            }
        }
    }

    @Test
    void aRowThatHoldsNanBecomesNanAndLeavesTheOthersAlone() {
        SplittableRandom random = new SplittableRandom(6);
        for (int n : new int[] {1, 3, 16, 29, 197, 768}) {
            for (int at : new int[] {0, n / 2, n - 1}) {
                float[] values = Awkward.values(random, 3 * n, 2);
                float[] others = values.clone();
                values[n + at] = Float.NaN;
                kernels().forEach((name, kernel) -> {
                    float[] want = new float[3 * n];
                    float[] got = new float[3 * n];
                    kernel.rows(others, 0, n, 3, n, WEIGHT, EPSILON, want, 0, n);
                    kernel.rows(values, 0, n, 3, n, WEIGHT, EPSILON, got, 0, n);
                    Arrays.fill(want, n, 2 * n, Float.NaN);
                    assertThat(got).as("%s of %d columns, NaN at %d", name, n, at).isEqualTo(want);
                    values[n + at] = Float.POSITIVE_INFINITY;
                    kernel.rows(values, n, n, 1, n, WEIGHT, EPSILON, got, n, n);
                    assertThat(got[n + at]).as("%s of %d columns, infinite at %d", name, n, at).isNaN();
                    values[n + at] = Float.NaN;
                });
            }
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] ten = new float[10];
        assertThatThrownBy(() -> RmsNorm.rows(ten, 0, 5, 2, 5, new float[4], EPSILON, ten, 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("weight");
        assertThatThrownBy(() -> RmsNorm.rows(ten, 1, 5, 2, 5, ten, EPSILON, ten, 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        for (float epsilon : new float[] {0f, -1e-6f, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> RmsNorm.rows(ten, 0, 5, 2, 5, ten, epsilon, ten, 0, 5))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("epsilon");
        }
    }
}
