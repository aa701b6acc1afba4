package leanvit.kernels;

/**
 * Cross-entropy of each row's softmax against a distribution over K classes, and its gradient:
 *
 * <pre>
 *   loss[r]  = -sum over c of target[r, c] * ln softmax(logits[r])[c]
 *   d[r, c]  = factor * (softmax(logits[r])[c] * sum over c of target[r, c] - target[r, c])
 * </pre>
 *
 * <p>A label is the distribution {@code (1 - s)} at the label plus {@code s / K} everywhere, with label smoothing s
 * (Szegedy et al. 2016). Computed in double precision: a few rows per pass. NaN and infinities follow IEEE 754.
 * Thread-safe on disjoint outputs; allocates nothing.
 */
public final class CrossEntropy {

    private CrossEntropy() {
    }

    /**
     * Returns a row's loss against a distribution and writes its gradient.
     *
     * @param classes      K, 1 or more
     * @param logits       K floats from {@code offset}
     * @param target       K floats from {@code targetOffset}: 0 or more each
     * @param factor       what the gradient is multiplied by, such as 1 / rows for a mean loss
     * @param d            receives the gradient of the logits, K floats from {@code dOffset}; null for none; may take
     *                     the logits' place or the target's, and else overlaps neither
     */
    public static double row(int classes, float[] logits, int offset, float[] target, int targetOffset, double factor,
                             float[] d, int dOffset) {
        Checks.values("logits", logits.length, offset, classes);
        Checks.values("target", target.length, targetOffset, classes);
        Checks.optional("d", d, dOffset, classes);
        Checks.sameOrApart("logits", logits, offset, classes, "d", d, dOffset, classes, 1, classes);
        Checks.sameOrApart("target", target, targetOffset, classes, "d", d, dOffset, classes, 1, classes);
        double logSum = logSum(classes, logits, offset);
        double mass = 0;
        double loss = 0;
        for (int c = 0; c < classes; c++) {
            mass += target[targetOffset + c];
            loss += target[targetOffset + c] == 0 ? 0 : target[targetOffset + c] * (logSum - logits[offset + c]);
        }
        for (int c = 0; d != null && c < classes; c++) {
            double share = Math.exp(logits[offset + c] - logSum);
            d[dOffset + c] = (float) (factor * (share * mass - target[targetOffset + c]));
        }
        return loss;
    }

    /**
     * Returns a row's loss against a label and writes its gradient.
     *
     * @param label     0 to K - 1
     * @param smoothing 0 to 1
     */
    public static double label(int classes, float[] logits, int offset, int label, double smoothing, double factor,
                               float[] d, int dOffset) {
        Checks.values("logits", logits.length, offset, classes);
        Checks.range("label", label, label + 1, classes);
        Checks.optional("d", d, dOffset, classes);
        Checks.sameOrApart("logits", logits, offset, classes, "d", d, dOffset, classes, 1, classes);
        double logSum = logSum(classes, logits, offset);
        double even = smoothing / classes;
        double loss = (1 - smoothing) * (logSum - logits[offset + label]);
        for (int c = 0; c < classes; c++) {
            loss += even == 0 ? 0 : even * (logSum - logits[offset + c]);
            if (d != null) {
                double target = even + (c == label ? 1 - smoothing : 0);
                d[dOffset + c] = (float) (factor * (Math.exp(logits[offset + c] - logSum) - target));
            }
        }
        return loss;
    }

    /** Returns ln of the sum of exponentials. */
    static double logSum(int classes, float[] logits, int offset) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            max = Math.max(max, logits[offset + c]);
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Math.exp(logits[offset + c] - (double) max);
        }
        return max + Math.log(sum);
    }
}
