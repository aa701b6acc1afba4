package leanvit.vit.grad;

import java.util.function.DoubleSupplier;

/**
 * A choice between two classes by Gumbel-softmax at temperature 1 (Jang et al., "Categorical Reparameterization with
 * Gumbel-Softmax", ICLR 2017; DynamicViT, Rao et al., NeurIPS 2021, section 3.3): hard forwards, soft backwards.
 *
 * <pre>
 *   forward:  d = z[0] + g[0] &gt;= z[1] + g[1] ? 1 : 0,   s = softmax(z + g)[0]
 *   backward: dz[0] = dd s (1 - s),  dz[1] = -dz[0]
 * </pre>
 */
public final class GumbelDecision {

    private GumbelDecision() {
    }

    /**
     * Fills an array with Gumbel noise, {@code -ln(-ln u)} for u uniform in (0, 1), always finite.
     *
     * @param uniform multiples of 2^-53 from 0 to below 1
     */
    public static void noise(DoubleSupplier uniform, float[] noise, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            // Never 0, which has no logarithm, nor 1.
            double u = Math.max(uniform.getAsDouble(), 0x1p-54);
            noise[i] = (float) -StrictMath.log(-StrictMath.log(u));
        }
    }

    /**
     * Decides.
     *
     * @param logits   z [n, 2] from {@code offset}
     * @param noise    g [n, 2] from {@code offset}
     * @param decision receives d, n values from {@code offset / 2}: 1 for the first class
     * @param soft     receives s, n values from {@code offset / 2}
     */
    public static void forward(float[] logits, float[] noise, int offset, int n, float[] decision, float[] soft) {
        for (int i = 0; i < n; i++) {
            int at = offset + 2 * i;
            float first = logits[at] + noise[at];
            float second = logits[at + 1] + noise[at + 1];
            decision[offset / 2 + i] = first >= second ? 1f : 0f;
            soft[offset / 2 + i] = (float) (1 / (1 + Math.exp((double) second - first)));
        }
    }

    /**
     * Carries gradients backwards.
     *
     * @param dDecision dd, n values from {@code offset / 2}
     * @param dLogits   receives dz [n, 2] from {@code offset}
     */
    public static void backward(float[] soft, float[] dDecision, int offset, int n, float[] dLogits) {
        for (int i = 0; i < n; i++) {
            float s = soft[offset / 2 + i];
            float gradient = dDecision[offset / 2 + i] * s * (1 - s);
            dLogits[offset + 2 * i] = gradient;
            dLogits[offset + 2 * i + 1] = -gradient;
        }
    }
}
