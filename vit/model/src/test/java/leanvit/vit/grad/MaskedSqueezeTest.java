package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.Close;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TPS's squeeze in its training form against the formula, its differences, and the form that removes tokens. */
class MaskedSqueezeTest {

    private static double cosine(double[] x, int a, int b, int width) {
        double product = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < width; c++) {
            product += x[a * width + c] * x[b * width + c];
            aa += x[a * width + c] * x[a * width + c];
            bb += x[b * width + c] * x[b * width + c];
        }
        return product / ((Math.sqrt(aa) + 1e-6) * (Math.sqrt(bb) + 1e-6));
    }

    /** Returns each token's host, -1 for none. */
    private static int[] hosts(double[] x, double[] decision, int n, int width) {
        int[] hosts = new int[n];
        for (int i = 0; i < n; i++) {
            hosts[i] = -1;
            for (int j = 0; j < n; j++) {
                boolean wins = hosts[i] < 0 || cosine(x, i, j, width) > cosine(x, i, hosts[i], width);
                hosts[i] = j != i && decision[j] != 0 && wins ? j : hosts[i];
            }
        }
        return hosts;
    }

    private static double[] squeeze(double[] x, double[] decision, double[] before, int[] hosts, int n, int width) {
        double[] sums = new double[n];
        double[] out = new double[n * width];
        Arrays.fill(sums, Math.E);
        for (int i = 0; i < n * width; i++) {
            out[i] = Math.E * x[i];
        }
        for (int i = 0; i < n; i++) {
            if (hosts[i] >= 0) {
                double pruned = (1 - decision[i]) * before[i];
                double weight = Math.exp(pruned * cosine(x, i, hosts[i], width)) * pruned;
                sums[hosts[i]] += weight;
                for (int c = 0; c < width; c++) {
                    out[hosts[i] * width + c] += weight * x[i * width + c];
                }
            }
        }
        for (int i = 0; i < n * width; i++) {
            out[i] /= sums[i / width];
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 9, 14})
    void valuesAndGradientsAreThoseOfTheFormula(int n) {
        SplittableRandom random = new SplittableRandom(n);
        int width = 6;
        int images = 3;
        float[] x = Awkward.values(random, images * n * width + 2, 1);
        float[] before = new float[images * n];
        float[] decision = new float[images * n];
        for (int i = 0; i < before.length; i++) {
            before[i] = random.nextInt(5) == 0 ? 0 : 1;
            // Of the last image one token stays at most.
            decision[i] = i >= 2 * n ? i == 2 * n ? before[i] : 0 : random.nextInt(2) * before[i];
        }
        float[] out = new float[x.length];
        float[] g = Awkward.values(random, x.length, 1);
        float[] dX = new float[x.length];
        float[] dDecision = new float[before.length];
        float[] dBefore = new float[before.length];
        MaskedSqueeze kernel = new MaskedSqueeze(images, n, width);
        for (int image = 0; image < images; image++) {
            int offset = 2 + image * n * width;
            kernel.forward(image, x, offset, decision, before, out);
            kernel.backward(image, x, offset, decision, before, out, g, dX, dDecision, dBefore);
            double[] rows = Exact.widened(Arrays.copyOfRange(x, offset, offset + n * width));
            double[] d = Exact.widened(Arrays.copyOfRange(decision, image * n, image * n + n));
            double[] p = Exact.widened(Arrays.copyOfRange(before, image * n, image * n + n));
            int[] hosts = hosts(rows, d, n, width);
            Close.assertClose(Arrays.copyOfRange(out, offset, offset + n * width),
                    squeeze(rows, d, p, hosts, n, width), 1e-6, "squeezed");
            ToDoubleFunction<double[]> loss = any -> {
                double[] y = squeeze(rows, d, p, hosts, n, width);
                return IntStream.range(0, y.length).mapToDouble(i -> y[i] * g[offset + i]).sum();
            };
            CentralDifference.check("squeeze by x", rows, Arrays.copyOfRange(dX, offset, offset + n * width), 1e-5,
                    loss);
            CentralDifference.check("squeeze by decision", d, Arrays.copyOfRange(dDecision, image * n, image * n + n),
                    1e-5, loss);
            CentralDifference.check("squeeze by before", p, Arrays.copyOfRange(dBefore, image * n, image * n + n),
                    1e-5, loss);
        }
        assertThat(kernel.values()).isPositive();
    }

    @Test
    void equalsTheFormThatRemovesTokens() {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        for (String name : new String[] {"s0", "s1", "s2"}) {
            int[] shape = golden.shape(name + ".reserved");
            int reserved = shape[1];
            int pruned = golden.shape(name + ".pruned")[1];
            int n = reserved + pruned;
            int width = shape[2];
            for (int b = 0; b < shape[0]; b++) {
                float[] x = Arrays.copyOf(golden.floats(name + ".reserved", b), n * width);
                System.arraycopy(golden.floats(name + ".pruned", b), 0, x, reserved * width, pruned * width);
                float[] decision = new float[n];
                float[] before = new float[n];
                Arrays.fill(decision, 0, reserved, 1f);
                Arrays.fill(before, 1f);
                float[] out = new float[x.length];
                new MaskedSqueeze(1, n, width).forward(0, x, 0, decision, before, out);
                Close.assertStartsClose(Arrays.copyOf(out, reserved * width), golden.floats(name + ".fused", b), 5e-6,
                        name);
            }
        }
    }
}
