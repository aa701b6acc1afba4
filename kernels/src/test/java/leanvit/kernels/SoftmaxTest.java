package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** {@link Softmax}, the public kernel and both twins, against doubles within the bound that its contract states. */
class SoftmaxTest {

    /** The contract's {@code (6 + (max_r - x[r, c]) + columns / 8) * 2^-23 * out[r, c] + 1.2e-38}. */
    private static final RowKernelCheck.Reference EXACT = new RowKernelCheck.Reference() {
        @Override
        public double[] row(double[] x) {
            double max = Arrays.stream(x).max().orElse(0);
            double sum = Arrays.stream(x).map(v -> Math.exp(v - max)).sum();
            return Arrays.stream(x).map(v -> Math.exp(v - max) / sum).toArray();
        }

        @Override
        public double bound(double[] x, double[] exact, int c) {
            double below = Arrays.stream(x).max().orElse(0) - x[c];
            return below == Double.POSITIVE_INFINITY ? 0
                    : (6 + below + x.length / 8.0) * 0x1p-23 * exact[c] + 1.2e-38;
        }
    };

    private static Map<String, RowKernelCheck.Kernel> kernels() {
        Map<String, RowKernelCheck.Kernel> kernels = new LinkedHashMap<>();
        kernels.put("softmax", Softmax::rows);
        kernels.put("scalar softmax", ScalarSoftmax.KERNEL::rows);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD softmax", SimdSoftmax.KERNEL::rows);
        }
        return kernels;
    }

    @Test
    void isWithinItsBoundAtEverySize() {
        SplittableRandom random = new SplittableRandom(11);
        for (int n : Awkward.sizes(577)) {
            for (int rows : new int[] {0, 1, 3}) {
                for (float scale : new float[] {0.1f, 3f, 20f, 60f, 1e4f}) {
                    float[] values = Awkward.values(random, rows * n, scale);
                    kernels().forEach((name, kernel) -> RowKernelCheck.check(kernel, EXACT, values, rows, n,
                            () -> name + " of " + rows + " x " + n + ", up to " + scale));
                }
            }
        }
    }

    /** Equal scores, the one row whose sum takes every term alike; zeros of both signs; -infinity here and there. */
    @Test
    void isWithinItsBoundOnEqualAndInfiniteScores() {
        for (int n : Awkward.sizes(577)) {
            float[] values = new float[4 * n];
            Arrays.fill(values, 0, n, 7.25f);
            for (int i = 0; i < n; i++) {
                values[n + i] = i % 3 == 0 ? -0f : 0f;
                values[2 * n + i] = i == n - 1 || i % 3 == 0 ? i * 0.01f : Float.NEGATIVE_INFINITY;
                values[3 * n + i] = i == 0 ? 0f : -80f - i * 0.1f;
            }
            kernels().forEach((name, kernel) ->
                    RowKernelCheck.check(kernel, EXACT, values, 4, n, () -> name + " of " + n));
        }
    }

    @Test
    void infiniteHugeAndMissingScoresAreAsDocumented() {
        float inf = Float.POSITIVE_INFINITY;
        kernels().forEach((name, kernel) -> {
            for (int n : new int[] {1, 2, 5, 17, 40, 197}) {
                float[] x = new float[6 * n];
                Arrays.fill(x, 0, n, -inf);
                Arrays.fill(x, n, 2 * n, 3e38f);
                Arrays.fill(x, 2 * n, 3 * n, -1e4f);
                x[2 * n + n / 2] = 1e4f;
                Arrays.fill(x, 3 * n, 4 * n, 1f);
                x[3 * n + n - 1] = Float.NaN;
                Arrays.fill(x, 4 * n, 5 * n, -inf);
                x[4 * n + n / 3] = Float.NaN;
                x[5 * n + n / 2] = inf;
                float[] y = new float[6 * n];
                kernel.rows(x, 0, n, 6, n, y, 0, n);
                for (int j = 0; j < n; j++) {
                    assertThat(y[j]).as("%s, all -infinity", name).isZero();
                    assertThat((double) Math.abs(y[n + j] - 1f / n)).as("%s, all equal", name)
                            .isLessThanOrEqualTo((6 + n / 8.0) * 0x1p-23 / n);
                    assertThat(y[2 * n + j]).as("%s, one far above", name).isEqualTo(j == n / 2 ? 1f : 0f);
                    assertThat(y[3 * n + j]).as("%s, a NaN in the row", name).isNaN();
                    assertThat(y[4 * n + j]).as("%s, a NaN among -infinity", name).isNaN();
                    assertThat(y[5 * n + j]).as("%s, +infinity in the row", name).isNaN();
                }
            }
        });
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_softmax");
        double[] want = golden.doubles("y64");
        kernels().forEach((name, kernel) -> {
            float[] y = new float[9 * 37];
            kernel.rows(golden.floats("x"), 0, 37, 9, 37, y, 0, 37);
            assertThat(y).hasSize(want.length);
            for (int i = 0; i < y.length; i++) {
                assertThat(Math.abs(y[i] - want[i])).as("%s, element %d", name, i).isLessThanOrEqualTo(1e-6);
            }
        });
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> Softmax.rows(new float[9], 0, 5, 2, 5, new float[10], 0, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> Softmax.rows(new float[10], 0, 5, 2, 5, new float[10], 1, 5))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
        assertThatThrownBy(() -> Softmax.rows(new float[10], 0, 4, 2, 5, new float[10], 0, 5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("stride of x is 4");
    }
}
