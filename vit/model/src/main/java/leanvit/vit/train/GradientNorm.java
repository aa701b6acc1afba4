package leanvit.vit.train;

/**
 * The global norm of gradients, and clipping by it (Pascanu et al. 2013; PyTorch's {@code clip_grad_norm_}). Squares
 * are summed in double precision in an order that depends on the length alone: the same bits for every number of
 * threads.
 */
public final class GradientNorm {

    private static final float TINY = 1e-6f;

    private GradientNorm() {
    }

    /** Returns the Euclidean norm of all values; NaN where one is NaN. */
    public static double of(float[] gradients) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < gradients.length; i += 4) {
            a += (double) gradients[i] * gradients[i];
            b += (double) gradients[i + 1] * gradients[i + 1];
            c += (double) gradients[i + 2] * gradients[i + 2];
            d += (double) gradients[i + 3] * gradients[i + 3];
        }
        for (; i < gradients.length; i++) {
            a += (double) gradients[i] * gradients[i];
        }
        return Math.sqrt(a + b + (c + d));
    }

    /**
     * Scales gradients so that their norm is at most {@code most}; with a norm that is NaN or infinite they stay.
     *
     * @param most the largest norm, above 0
     * @return the norm that they had
     */
    public static double clip(float[] gradients, double most) {
        if (!(most > 0)) {
            throw new IllegalArgumentException("largest norm " + most + ", expected a number above 0");
        }
        double norm = of(gradients);
        if (norm > most && norm < Double.POSITIVE_INFINITY) {
            float factor = (float) (most / (norm + TINY));
            for (int i = 0; i < gradients.length; i++) {
                gradients[i] *= factor;
            }
        }
        return norm;
    }
}
