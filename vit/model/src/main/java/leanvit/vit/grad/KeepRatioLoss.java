package leanvit.vit.grad;

/**
 * What keeps DynamicViT's decisions at their rates (Rao et al., NeurIPS 2021, section 3.3): the mean over S stages and
 * B images of {@code (mean over n patches of d - rho[s])^2}, and its gradient
 * {@code 2 (mean - rho[s]) / (n B S)}, the same for every patch of an image.
 */
public final class KeepRatioLoss {

    private final int images;
    private final int tokens;
    private final int stages;

    /**
     * Creates the loss of a batch.
     *
     * @param images B
     * @param tokens n
     * @param stages S
     */
    public KeepRatioLoss(int images, int tokens, int stages) {
        this.images = images;
        this.tokens = tokens;
        this.stages = stages;
    }

    /**
     * Returns one stage's share of the loss.
     *
     * @param decision d [B, n]
     * @param rate     rho[s]
     */
    public double of(float[] decision, double rate) {
        double sum = 0;
        for (int image = 0; image < images; image++) {
            double off = mean(decision, image) - rate;
            sum += off * off;
        }
        return sum / ((double) images * stages);
    }

    /** Adds {@code weight} times the gradient to {@code dDecision} [B, n]. */
    public void addGradient(float[] decision, double rate, double weight, float[] dDecision) {
        for (int image = 0; image < images; image++) {
            double off = mean(decision, image) - rate;
            float gradient = (float) (weight * 2 * off / ((double) tokens * images * stages));
            for (int i = image * tokens; i < (image + 1) * tokens; i++) {
                dDecision[i] += gradient;
            }
        }
    }

    private double mean(float[] decision, int image) {
        double sum = 0;
        for (int i = image * tokens; i < (image + 1) * tokens; i++) {
            sum += decision[i];
        }
        return sum / tokens;
    }
}
