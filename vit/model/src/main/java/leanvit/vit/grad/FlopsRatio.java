package leanvit.vit.grad;

/**
 * The multiply-accumulates of a network whose tokens are masked, over those of the whole one (LTMP, Bonnaerens and
 * Dambre, TMLR 2023, section 3.4), of L blocks with N tokens of C channels:
 *
 * <pre>
 *   r = 1/L sum over l of (2 m[l-1] N C^2 + (m[l-1] N)^2 C + 4 m[l] N C^2) / (6 N C^2 + N^2 C)
 *   dr/dm[l] = (4 N C^2 + (2 N C^2 + 2 m[l] N^2 C where l &lt; L)) / (L (6 N C^2 + N^2 C))
 * </pre>
 *
 * {@code m[l]} is the mean of block l's mask over images and tokens, prefix included; {@code m[0] = 1}. Without a mask
 * r is 1.
 */
public final class FlopsRatio {

    private final double tokens;
    private final double width;

    /**
     * Creates the ratio of a network.
     *
     * @param tokens N
     * @param width  C
     */
    public FlopsRatio(int tokens, int width) {
        this.tokens = tokens;
        this.width = width;
    }

    /**
     * Returns r.
     *
     * @param means the mean of the mask after each block, L of them
     */
    public double of(double[] means) {
        double sum = 0;
        double before = 1;
        for (double after : means) {
            double alive = before * tokens;
            sum += 2 * alive * width * width + alive * alive * width + 4 * after * tokens * width * width;
            before = after;
        }
        return sum / (means.length * whole());
    }

    /** Returns {@code dr/dm[l]} of block {@code layer}, counted from 0. */
    public double gradient(double[] means, int layer) {
        double sum = 4 * tokens * width * width;
        if (layer < means.length - 1) {
            sum += 2 * tokens * width * width + 2 * means[layer] * tokens * tokens * width;
        }
        return sum / (means.length * whole());
    }

    private double whole() {
        return 6 * tokens * width * width + tokens * tokens * width;
    }
}
