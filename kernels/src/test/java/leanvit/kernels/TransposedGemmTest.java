package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** {@link TransposedGemm} against sums in double precision, twin against twin, whole against cut up. */
class TransposedGemmTest {

    private static final int[][] SHAPES = {{0, 3, 4}, {1, 1, 1}, {3, 0, 5}, {4, 7, 0}, {5, 5, 48}, {6, 197, 20},
        {11, 33, 47}, {23, 512, 64}, {17, 513, 101}, {60, 1100, 96}, {2, 37, 240}, {110, 9, 209}, {33, 20, 500}};

    @Test
    void isTheSumOfProducts() {
        for (int[] shape : SHAPES) {
            for (boolean add : new boolean[] {false, true}) {
                check(shape[0], shape[1], shape[2], add);
            }
        }
    }

    private static void check(int m, int k, int n, boolean add) {
        SplittableRandom random = new SplittableRandom(m * 31L + k * 7L + n);
        int lda = m + 2;
        int ldb = n + 3;
        int ldc = n + 1;
        float[] a = Awkward.values(random, 4 + k * lda, 1);
        float[] b = Awkward.values(random, 5 + k * ldb, 1);
        float[] before = Awkward.values(random, 2 + m * ldc, 1);
        float[] c = before.clone();
        TransposedGemm.multiply(m, k, n, a, 4, lda, b, 5, ldb, add, c, 2, ldc);
        String what = m + " x " + k + " x " + n + (add ? ", added" : "");
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double want = add ? before[2 + i * ldc + j] : 0;
                double magnitudes = Math.abs(want);
                for (int p = 0; p < k; p++) {
                    double product = (double) a[4 + p * lda + i] * b[5 + p * ldb + j];
                    want += product;
                    magnitudes += Math.abs(product);
                }
                assertThat(Math.abs(c[2 + i * ldc + j] - want)).as("%s, element %d, %d", what, i, j)
                        .isLessThanOrEqualTo((k + 2) * 0x1p-24 * magnitudes);
            }
            assertThat(c[2 + i * ldc + n < c.length ? 2 + i * ldc + n : 0]).as("beside the row")
                    .isEqualTo(before[2 + i * ldc + n < c.length ? 2 + i * ldc + n : 0]);
        }
        float[] parts = before.clone();
        int half = m / 2;
        int panels = TransposedGemm.panels(n);
        for (int panel = 0; panel < panels; panel++) {
            TransposedGemm.multiply(half, k, n, a, 4, lda, b, 5, ldb, panel, panel + 1, add, parts, 2, ldc);
            TransposedGemm.multiply(m - half, k, n, a, 4 + half, lda, b, 5, ldb, panel, panel + 1, add, parts,
                    2 + half * ldc, ldc);
        }
        assertThat(parts).as("%s in parts", what).isEqualTo(c);
        if (Provider.SIMD) {
            float[] scalar = before.clone();
            ScalarTransposedGemm.KERNEL.multiply(m, k, n, a, 4, lda, b, 5, ldb, 0, panels, add, scalar, 2, ldc);
            Assumptions.assumeTrue(Provider.FMA, "without FMA the scalar code rounds products");
            assertThat(scalar).as("%s by the scalar twin", what).isEqualTo(c);
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] x = new float[20];
        assertThatThrownBy(() -> TransposedGemm.multiply(4, 5, 4, x, 0, 4, new float[19], 0, 4, true, x, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("b:");
        assertThatThrownBy(() -> TransposedGemm.multiply(4, 5, 4, x, 0, 3, x, 0, 4, true, x, 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("stride of a");
        assertThatThrownBy(() -> TransposedGemm.multiply(4, 5, 4, x, 0, 4, x, 0, 4, 0, 9, true, x, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("panels");
    }
}
