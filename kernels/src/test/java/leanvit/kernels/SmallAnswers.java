package leanvit.kernels;

import java.util.SplittableRandom;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.testdata.Awkward;

/**
 * The program of {@link OddJvmsTest}: small calls of the kernels against double arithmetic, in whatever JVM it is
 * started. Prints the provider, and a line for each kernel with the largest error in units of what is allowed. Needs
 * java.base alone.
 */
final class SmallAnswers {

    private SmallAnswers() {
    }

    public static void main(String[] args) {
        System.out.println("provider " + Provider.describe());
        System.out.println("fma " + Provider.FMA);
        System.out.println("error of gemm: " + gemm());
        System.out.println("error of gelu: " + gelu());
        System.out.println("error of softmax: " + softmax());
        System.out.println("error of layernorm: " + layerNorm());
    }

    private static double gemm() {
        int m = 7;
        int n = 53;
        int k = 19;
        SplittableRandom random = new SplittableRandom(3);
        float[] a = Awkward.values(random, m * k, 1f);
        float[] b = Awkward.values(random, k * n, 1f);
        float[] bias = Awkward.values(random, n, 1f);
        float[] c = new float[m * n];
        Gemm.multiply(m, a, 0, k, PackedMatrix.of(b, 0, n, k, n, bias), Epilogue.NONE, c, 0, n);
        double worst = 0;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = bias[j];
                double magnitude = Math.abs(sum);
                for (int p = 0; p < k; p++) {
                    sum += (double) a[i * k + p] * b[p * n + j];
                    magnitude += Math.abs((double) a[i * k + p] * b[p * n + j]);
                }
                worst = Math.max(worst, relative(c[i * n + j] - sum, 2 * k * 0x1p-24 * magnitude));
            }
        }
        return worst;
    }

    private static double gelu() {
        float[] x = {-9f, -3f, -1f, -0.5f, 0f, 0.5f, 1f, 3f, 9f};
        double[] want = {0, -0.00404969409489031, -0.158655253931457, -0.154268769362918, 0, 0.345731230637082,
            0.841344746068543, 2.99595030590511, 9};
        float[] out = new float[x.length];
        Gelu.apply(x, 0, x.length, out, 0);
        double worst = 0;
        for (int i = 0; i < x.length; i++) {
            worst = Math.max(worst, relative(out[i] - want[i], 5e-7 * Math.max(1, Math.abs(x[i]))));
        }
        return worst;
    }

    private static double softmax() {
        int n = 37;
        float[] x = Awkward.values(new SplittableRandom(4), n, 4f);
        float[] out = new float[n];
        Softmax.rows(x, 0, n, 1, n, out, 0, n);
        double sum = 0;
        for (float value : x) {
            sum += Math.exp(value);
        }
        double worst = 0;
        for (int i = 0; i < n; i++) {
            worst = Math.max(worst, relative(out[i] - Math.exp(x[i]) / sum, 1e-5));
        }
        return worst;
    }

    private static double layerNorm() {
        int n = 37;
        float[] x = Awkward.values(new SplittableRandom(5), n, 4f);
        float[] weight = new float[n];
        float[] out = new float[n];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            weight[i] = 1f;
            mean += (double) x[i] / n;
        }
        double variance = 0;
        for (float value : x) {
            variance += (value - mean) * (value - mean) / n;
        }
        LayerNorm.rows(x, 0, n, 1, n, weight, new float[n], 1e-6f, out, 0, n);
        double worst = 0;
        for (int i = 0; i < n; i++) {
            worst = Math.max(worst, relative(out[i] - (x[i] - mean) / Math.sqrt(variance + 1e-6), 2e-5));
        }
        return worst;
    }

    /** Returns how many times an error is what is allowed; infinity where it is no number. */
    private static double relative(double error, double allowed) {
        double times = Math.abs(error) / Math.max(allowed, Double.MIN_NORMAL);
        return Double.isNaN(times) ? Double.POSITIVE_INFINITY : times;
    }
}
