package leanvit.vit.train;

/**
 * The learning rate over the steps: a straight line from {@code start} up to {@code peak} over the warm-up, then half a
 * cosine down to {@code end} (Loshchilov and Hutter 2017; timm's {@code cosine} with warm-up counted in steps).
 *
 * @param peak   the largest rate
 * @param warmUp steps of the warm-up, 0 for none
 * @param steps  all steps, the warm-up's too; at least 1
 * @param start  the rate before the first step of the warm-up
 * @param end    the rate that the last step comes close to
 */
public record CosineSchedule(double peak, long warmUp, long steps, double start, double end) {

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public CosineSchedule {
        if (!(peak >= 0 && start >= 0 && end >= 0 && peak < Double.POSITIVE_INFINITY
                && start < Double.POSITIVE_INFINITY && end < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("rates " + start + ", " + peak + ", " + end
                    + ", expected numbers of 0 or more");
        }
        if (steps < 1 || warmUp < 0 || warmUp > steps) {
            throw new IllegalArgumentException(warmUp + " steps of warm-up of " + steps
                    + ", expected at least 1 step and no more of warm-up than of all");
        }
    }

    /** From 0 up to {@code peak} and down to 0. */
    public CosineSchedule(double peak, long warmUp, long steps) {
        this(peak, warmUp, steps, 0, 0);
    }

    /**
     * Returns the rate of a step.
     *
     * @param step counted from 0; beyond the last one the rate is {@code end}
     */
    public double rate(long step) {
        if (step < warmUp) {
            return start + (peak - start) * (step + 1) / warmUp;
        }
        if (step >= steps) {
            return end;
        }
        double part = (double) (step - warmUp) / (steps - warmUp);
        // StrictMath: the same bits on every JVM.
        return end + (peak - end) * 0.5 * (1 + StrictMath.cos(Math.PI * part));
    }
}
