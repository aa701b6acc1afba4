package leanvit.app.eval;

import java.util.Arrays;

/** Statistics of repeated measurements. */
final class Quantiles {

    /** Tukey's fences: how many interquartile ranges beyond the quartiles a sample is an outlier. */
    private static final double FENCE = 1.5;

    private Quantiles() {
    }

    /**
     * Returns the samples without outliers, ascending: those from {@code q1 - 1.5 (q3 - q1)} to
     * {@code q3 + 1.5 (q3 - q1)}, which are at least half of them.
     */
    static double[] withoutOutliers(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        double low = quantile(sorted, 0.25);
        double high = quantile(sorted, 0.75);
        double room = FENCE * (high - low);
        return Arrays.stream(sorted).filter(x -> x >= low - room && x <= high + room).toArray();
    }

    /** Returns the quantile of ascending values, linear between neighbours; {@code share} is 0.5 for the median. */
    static double quantile(double[] sorted, double share) {
        if (sorted.length == 0) {
            throw new IllegalArgumentException("no samples");
        }
        double place = share * (sorted.length - 1);
        int below = (int) place;
        double above = sorted[Math.min(below + 1, sorted.length - 1)];
        return sorted[below] + (place - below) * (above - sorted[below]);
    }

    /** Returns the median of values in any order. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return quantile(sorted, 0.5);
    }
}
