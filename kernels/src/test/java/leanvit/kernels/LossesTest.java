package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import org.junit.jupiter.api.Test;

/** {@link CrossEntropy}, {@link KullbackLeibler} and {@link ColumnSums} against doubles and central differences. */
class LossesTest {

    private interface Loss {
        double of(float[] logits);
    }

    /** Checks a gradient against differences of the loss by each logit. */
    private static void checkGradient(Loss loss, float[] logits, float[] d, double factor) {
        for (int c = 0; c < logits.length; c++) {
            float[] up = logits.clone();
            float[] down = logits.clone();
            up[c] += 0x1p-7f;
            down[c] -= 0x1p-7f;
            double slope = (loss.of(up) - loss.of(down)) / (up[c] - (double) down[c]);
            assertThat((double) d[c]).as("logit %d", c).isCloseTo(factor * slope, offset(1e-4));
        }
    }

    @Test
    void crossEntropyOfLabelsIsTheFormula() {
        for (int classes : new int[] {1, 2, 10, 101}) {
            for (double smoothing : new double[] {0, 0.1, 1}) {
                float[] logits = Awkward.values(new SplittableRandom(classes), classes, 3);
                int label = classes / 2;
                double[] shares = Exact.softmax(Exact.widened(logits));
                double want = -(1 - smoothing) * Math.log(shares[label]);
                for (double share : shares) {
                    want -= smoothing / classes * Math.log(share);
                }
                float[] d = new float[classes];
                double got = CrossEntropy.label(classes, logits, 0, label, smoothing, 0.5, d, 0);
                assertThat(got).isCloseTo(want, offset(1e-12 * (1 + want)));
                checkGradient(x -> CrossEntropy.label(classes, x, 0, label, smoothing, 1, null, 0), logits, d, 0.5);
            }
        }
    }

    @Test
    void crossEntropyOfDistributionsIsTheFormula() {
        int classes = 7;
        float[] logits = Awkward.values(new SplittableRandom(4), classes, 3);
        // Targets of mixup with one image erased: they need not add up to 1.
        float[] target = {0f, 0.3f, 0f, 0.5f, 0f, 0f, 0.1f};
        double[] shares = Exact.softmax(Exact.widened(logits));
        double want = -(0.3f * Math.log(shares[1]) + 0.5f * Math.log(shares[3]) + 0.1f * Math.log(shares[6]));
        float[] d = new float[classes + 2];
        assertThat(CrossEntropy.row(classes, logits, 0, target, 0, 2, d, 2)).isCloseTo(want, offset(1e-12));
        checkGradient(x -> CrossEntropy.row(classes, x, 0, target, 0, 1, null, 0), logits,
                Arrays.copyOfRange(d, 2, d.length), 2);
    }

    @Test
    void largeLogitsDoNotOverflow() {
        float[] logits = {3e38f, -3e38f, 0f};
        float[] d = new float[3];
        assertThat(CrossEntropy.label(3, logits, 0, 0, 0, 1, d, 0)).isZero();
        assertThat(d).containsExactly(0f, 0f, 0f);
        logits[1] = Float.NaN;
        assertThat(CrossEntropy.label(3, logits, 0, 0, 0, 1, d, 0)).isNaN();
        assertThatThrownBy(() -> CrossEntropy.label(3, logits, 0, 3, 0, 1, d, 0))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("label");
    }

    @Test
    void divergenceIsTheFormula() {
        int columns = 12;
        float[] student = Awkward.values(new SplittableRandom(5), columns, 2);
        float[] teacher = Awkward.values(new SplittableRandom(6), columns, 2);
        double[] s = Exact.softmax(Exact.widened(student));
        double[] t = Exact.softmax(Exact.widened(teacher));
        double want = 0;
        for (int c = 0; c < columns; c++) {
            want += t[c] * Math.log(t[c] / s[c]);
        }
        float[] d = new float[columns];
        Arrays.fill(d, 0.25f);
        assertThat(KullbackLeibler.row(columns, student, 0, teacher, 0, 3, d, 0)).isCloseTo(want, offset(1e-12));
        for (int c = 0; c < columns; c++) {
            d[c] -= 0.25f;
        }
        checkGradient(x -> KullbackLeibler.row(columns, x, 0, teacher, 0, 1, null, 0), student, d, 3);
        assertThat(KullbackLeibler.row(columns, student, 0, student, 0, 1, null, 0)).isZero();
    }

    @Test
    void columnSumsAddRowsInTheirOrder() {
        for (int columns : Awkward.sizes(197)) {
            int rows = 83;
            float[] x = Awkward.values(new SplittableRandom(columns), 2 + rows * (columns + 1), 1);
            float[] before = Awkward.values(new SplittableRandom(7), columns + 3, 1);
            float[] want = before.clone();
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    want[3 + c] += x[2 + r * (columns + 1) + c];
                }
            }
            float[] got = before.clone();
            ColumnSums.add(x, 2, columns + 1, rows, columns, got, 3);
            assertThat(got).as("%d columns", columns).isEqualTo(want);
            if (SimdProbe.MODULE_PRESENT) {
                float[] cut = before.clone();
                SimdColumnSums.KERNEL.add(x, 2, columns + 1, 40, columns, cut, 3);
                ScalarColumnSums.KERNEL.add(x, 2 + 40 * (columns + 1), columns + 1, rows - 40, columns, cut, 3);
                assertThat(cut).as("%d columns in two calls", columns).isEqualTo(want);
            }
        }
    }
}
