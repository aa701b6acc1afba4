package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.Close;
import leanvit.testdata.Exact;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LTMP's training step against the formulas in double precision, and its gradients against their differences. */
class MaskedMergePruneTest {

    private static final double TAU = 0.1;

    /** The step in double precision; decisions are held where {@code base} says, and masks move by their sigmoids. */
    private static final class Step {

        final int n;
        final int width;
        final int d;
        final int prefix;
        final boolean merges;
        final boolean prunes;
        double[] x;
        double[] key;
        double[] attention;
        double[] before;
        double[] theta;
        double[] sizesBefore;

        int[] nearest;
        double[] best;
        double[] importance;
        double[] sizes;
        double[] out;
        double[] mask;
        boolean[] isOpen;

        Step(int n, int width, int d, int prefix, boolean merges, boolean prunes) {
            this.n = n;
            this.width = width;
            this.d = d;
            this.prefix = prefix;
            this.merges = merges;
            this.prunes = prunes;
        }

        private static double sigmoid(double v, double theta) {
            return 1 / (1 + Math.exp((theta - v) / TAU));
        }

        private double cosine(int a, int b, double[] maskedBy) {
            double product = 0;
            double aa = 0;
            double bb = 0;
            for (int c = 0; c < d; c++) {
                product += key[a * d + c] * key[b * d + c];
                aa += key[a * d + c] * key[a * d + c];
                bb += key[b * d + c] * key[b * d + c];
            }
            return maskedBy[a] == 0 || maskedBy[b] == 0 ? 0 : product / Math.sqrt(aa * bb);
        }

        /** Runs; {@code base} is a run whose decisions, masks and sigmoids are kept, or this one. */
        void run(Step base) {
            int sources = (n + 1) / 2;
            nearest = new int[sources];
            best = new double[sources];
            double[] merged = new double[sources];
            double[] soft = new double[sources];
            for (int a = 0; a < sources; a++) {
                nearest[a] = -1;
                best[a] = Double.NEGATIVE_INFINITY;
                for (int j = 0; merges && 2 * a >= prefix && 2 * j + 1 < n; j++) {
                    double cosine = cosine(2 * a, 2 * j + 1, base.before0());
                    boolean wins = base == this ? cosine > best[a] : j == base.nearest[a];
                    if (2 * j + 1 >= prefix && wins) {
                        best[a] = cosine;
                        nearest[a] = j;
                    }
                }
                soft[a] = sigmoid(best[a], theta[0]);
                merged[a] = (base == this ? best[a] : base.best[a]) > base.theta0() ? 1 : 0;
            }
            double[] s = attention.clone();
            Arrays.fill(s, 0, prefix, Double.POSITIVE_INFINITY);
            double[] size = sizesBefore.clone();
            double[] sum = new double[n * width];
            for (int i = 0; i < n * width; i++) {
                sum[i] = x[i] * sizesBefore[i / width];
            }
            double[] m = before.clone();
            for (int a = 0; a < sources; a++) {
                if (merged[a] == 1) {
                    int host = 2 * nearest[a] + 1;
                    for (int c = 0; c < width; c++) {
                        sum[host * width + c] += x[2 * a * width + c] * sizesBefore[2 * a];
                    }
                    size[host] += sizesBefore[2 * a];
                    s[host] = Math.max(s[host], s[2 * a]);
                }
                if (merges && base.before0()[2 * a] != 0) {
                    double softBase = base == this ? soft[a] : sigmoid(base.best[a], base.theta0());
                    m[2 * a] = 1 - (merged[a] + (soft[a] - softBase));
                }
            }
            int[] order = IntStream.concat(IntStream.range(0, n).filter(i -> !merges || i < prefix || i % 2 == 0),
                    IntStream.range(0, n).filter(i -> merges && i >= prefix && i % 2 == 1)).toArray();
            out = new double[n * width];
            sizes = new double[n];
            importance = new double[n];
            mask = new double[n];
            isOpen = new boolean[n];
            for (int o = 0; o < n; o++) {
                int i = order[o];
                sizes[o] = size[i];
                importance[o] = s[i];
                for (int c = 0; c < width; c++) {
                    out[o * width + c] = sum[i * width + c] / size[i];
                }
                isOpen[o] = prunes && (base == this ? m[i] != 0 : base.isOpen[o]);
                double hard = (base == this ? s[i] : base.importance[o]) > base.theta1() ? 1 : 0;
                double soften = base == this ? 0 : sigmoid(s[i], theta[1]) - sigmoid(base.importance[o], base.theta1());
                mask[o] = isOpen[o] ? hard + soften : m[i];
            }
            if (base == this) {
                before0 = before.clone();
                theta0 = theta.clone();
            }
        }

        private double[] before0;
        private double[] theta0;

        double[] before0() {
            return before0 == null ? before : before0;
        }

        double theta0() {
            return theta0 == null ? theta[0] : theta0[0];
        }

        double theta1() {
            return theta0 == null ? theta[1] : theta0[1];
        }
    }

    private static float[] floats(double[] x) {
        float[] out = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = (float) x[i];
        }
        return out;
    }

    private static double[] widened(float[] x) {
        return Exact.widened(x);
    }

    @ParameterizedTest
    @CsvSource({"9, 1, true, true", "12, 1, true, true", "13, 2, true, true", "12, 5, true, true", "9, 1, true, false",
        "10, 1, false, true", "7, 0, true, true"})
    void stepAndGradientsAreThoseOfTheFormulas(int n, int prefix, boolean merges, boolean prunes) {
        SplittableRandom random = new SplittableRandom(n + prefix);
        int width = 5;
        int d = 3;
        int images = 2;
        MaskedMergePrune.Rule rule = new MaskedMergePrune.Rule(TAU, merges, prunes);
        MaskedMergePrune kernel = new MaskedMergePrune(images, n, width, d, prefix, rule);
        float[] x = Awkward.values(random, images * n * width, 1);
        float[] key = Awkward.values(random, images * n * d, 1);
        float[] attention = Awkward.values(random, images * n, 1);
        float[] before = new float[images * n];
        float[] sizesBefore = new float[images * n];
        for (int i = 0; i < before.length; i++) {
            attention[i] = Math.abs(attention[i]);
            before[i] = i % n >= prefix && random.nextInt(5) == 0 ? 0 : 1;
            sizesBefore[i] = random.nextInt(1, 4);
        }
        float[] theta = {0.3f, 0.4f};
        float[] out = new float[x.length];
        float[] gOut = Awkward.values(random, x.length, 1);
        float[] gMask = Awkward.values(random, before.length, 1);
        float[] dX = new float[x.length];
        float[] dKey = new float[key.length];
        float[] dAttention = new float[attention.length];
        float[] dBefore = new float[before.length];
        double[] dTheta = new double[2 * images];
        int merged = 0;
        for (int image = 0; image < images; image++) {
            kernel.forward(image, theta[0], theta[1], key, image * n * d, attention, image * n, sizesBefore, before, x,
                    image * n * width, out);
        }
        for (int image = 0; image < images; image++) {
            kernel.backward(image, theta[0], theta[1], gOut, image * n * width, gMask, dX, dKey, image * n * d,
                    dAttention, image * n, dBefore, dTheta);
            Step base = step(image, n, width, d, prefix, merges, prunes, x, key, attention, before, sizesBefore, theta);
            base.run(base);
            Close.assertClose(image(out, image, n * width), base.out, 1e-5, "rows");
            Close.assertClose(image(kernel.mask(), image, n), base.mask, 0, "mask");
            Close.assertClose(image(kernel.sizes(), image, n), base.sizes, 0, "sizes");
            Close.assertClose(image(kernel.importance(), image, n), base.importance, 1e-6, "importance");
            merged += (int) IntStream.range(0, n).filter(o -> base.mask[o] == 0).count();

            float[] g = image(gOut, image, n * width);
            float[] gm = image(gMask, image, n);
            Step moved = step(image, n, width, d, prefix, merges, prunes, x, key, attention, before, sizesBefore,
                    theta);
            ToDoubleFunction<double[]> loss = any -> {
                moved.run(base);
                double sum = 0;
                for (int i = 0; i < g.length; i++) {
                    sum += g[i] * moved.out[i];
                }
                for (int i = 0; i < n; i++) {
                    sum += gm[i] * moved.mask[i];
                }
                return sum;
            };
            CentralDifference.check("merge and prune masks by x", moved.x, image(dX, image, n * width), 1e-5, loss);
            if (merges) {
                CentralDifference.check("merge and prune masks by key", moved.key, image(dKey, image, n * d), 1e-4,
                        loss);
            }
            CentralDifference.check("merge and prune masks by importance", moved.attention,
                    image(dAttention, image, n), 1e-4, loss);
            CentralDifference.check("merge and prune masks by mask", moved.before, image(dBefore, image, n), 1e-5,
                    loss);
            CentralDifference.check("merge and prune masks by thresholds", moved.theta,
                    new float[] {(float) dTheta[2 * image], (float) dTheta[2 * image + 1]}, 1e-5, loss);
        }
        assertThat(merged).as("masked tokens, for the test to mean something").isGreaterThan(1);
        assertThat(kernel.values()).isPositive();
    }

    private static Step step(int image, int n, int width, int d, int prefix, boolean merges, boolean prunes, float[] x,
            float[] key, float[] attention, float[] before, float[] sizesBefore, float[] theta) {
        Step step = new Step(n, width, d, prefix, merges, prunes);
        step.x = widened(image(x, image, n * width));
        step.key = widened(image(key, image, n * d));
        step.attention = widened(image(attention, image, n));
        step.before = widened(image(before, image, n));
        step.sizesBefore = widened(image(sizesBefore, image, n));
        step.theta = widened(theta);
        return step;
    }

    private static float[] image(float[] x, int image, int each) {
        return Arrays.copyOfRange(x, image * each, (image + 1) * each);
    }

    @Test
    void withThresholdsAtTheirEndsNothingIsMaskedAndARowKeepsItsBits() {
        SplittableRandom random = new SplittableRandom(1);
        int n = 11;
        MaskedMergePrune kernel =
                new MaskedMergePrune(1, n, 4, 3, 1, new MaskedMergePrune.Rule(TAU, true, true));
        float[] key = Awkward.values(random, n * 3, 1);
        System.arraycopy(key, 6, key, 9, 3);
        float[] attention = floats(new double[n]);
        Arrays.fill(attention, 1e-9f);
        float[] x = Awkward.values(random, n * 4, 1);
        float[] out = new float[n * 4];
        kernel.forward(0, 1f, 0f, key, 0, attention, 0, null, null, x, 0, out);
        assertThat(kernel.mask()).containsOnly(1f);
        assertThat(kernel.sizes()).containsOnly(1f);
        assertThat(kernel.best()[1]).as("equal keys").isLessThanOrEqualTo(1f);
        int[] places = kernel.places();
        assertThat(places).startsWith(0, 6, 1, 7);
        for (int i = 0; i < n; i++) {
            assertThat(Arrays.copyOfRange(out, places[i] * 4, places[i] * 4 + 4))
                    .containsExactly(Arrays.copyOfRange(x, i * 4, i * 4 + 4));
        }
    }
}
