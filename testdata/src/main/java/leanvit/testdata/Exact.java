package leanvit.testdata;

/** The formulas of a Vision Transformer in double precision, written as they stand in papers. */
public final class Exact {

    private Exact() {
    }

    /**
     * The error function: {@code 2/sqrt(pi) e^(-x^2) sum of 2^k x^(2k+1) / (1 3 5 ... (2k+1))}. All terms have one sign,
     * so that nothing cancels.
     */
    public static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** GELU, {@code x Phi(x)}. */
    public static double gelu(double x) {
        return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    }

    /** Softmax of one row. */
    public static double[] softmax(double[] x) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : x) {
            max = Math.max(max, value);
        }
        double sum = 0;
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = Math.exp(x[i] - max);
            sum += out[i];
        }
        for (int i = 0; i < x.length; i++) {
            out[i] /= sum;
        }
        return out;
    }

    /** Layer normalisation of rows [N, C] that follow one another; {@code weight} and {@code bias} have C values. */
    public static double[] layerNorm(double[] x, double[] weight, double[] bias, double epsilon) {
        int width = weight.length;
        double[] out = new double[x.length];
        for (int row = 0; row < x.length; row += width) {
            double mean = 0;
            double variance = 0;
            for (int c = 0; c < width; c++) {
                mean += x[row + c] / width;
            }
            for (int c = 0; c < width; c++) {
                variance += (x[row + c] - mean) * (x[row + c] - mean) / width;
            }
            for (int c = 0; c < width; c++) {
                out[row + c] = (x[row + c] - mean) / Math.sqrt(variance + epsilon) * weight[c] + bias[c];
            }
        }
        return out;
    }

    /** The cosine of the angle between {@code width} values from index {@code a} and from {@code b}. */
    public static double cosine(float[] x, int a, int b, int width) {
        return cosine(x, a, b, width, 0);
    }

    /** As above, with {@code epsilon} added to both norms. */
    public static double cosine(float[] x, int a, int b, int width, double epsilon) {
        double product = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < width; c++) {
            double u = x[a + c];
            double v = x[b + c];
            product += u * v;
            aa += u * u;
            bb += v * v;
        }
        return product / (Math.sqrt(aa) + epsilon) / (Math.sqrt(bb) + epsilon);
    }

    /** Returns the values, widened. */
    public static double[] widened(float[] x) {
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = x[i];
        }
        return out;
    }
}
