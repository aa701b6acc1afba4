package leanvit.vit.grad;

/**
 * A learnable threshold as a mask (LTMP, Bonnaerens and Dambre, TMLR 2023, section 3.2): 1 for values above it and 0
 * for the others, strictly. No gradient goes through a step, so backwards it is a sigmoid of temperature tau (a
 * straight-through estimator):
 *
 * <pre>
 *   forward:  m = v &gt; theta ? 1 : 0
 *   backward: dm/dv = s (1 - s) / tau,  dm/dtheta = -dm/dv,  s = sigmoid((v - theta) / tau)
 * </pre>
 */
public final class ThresholdMask {

    private ThresholdMask() {
    }

    /** Returns the mask of a value; NaN is not above. */
    public static float of(float value, float threshold) {
        return value > threshold ? 1f : 0f;
    }

    /**
     * Returns {@code dm/dv}; {@code dm/dtheta} is its negative. 0 for an infinite value.
     *
     * @param tau the sigmoid's temperature, above 0
     */
    public static double slope(float value, float threshold, double tau) {
        double soft = 1 / (1 + Math.exp((threshold - (double) value) / tau));
        return soft * (1 - soft) / tau;
    }
}
