package leanvit.jmh;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Where the middle half of some measurements lies.
 *
 * @param q1     a quarter is below
 * @param median half is below
 * @param q3     a quarter is above
 */
public record Quartiles(double q1, double median, double q3) {

    /** Returns those of some values, linear between neighbours; NaN of none. */
    public static Quartiles of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Quartiles(quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75));
    }

    /** Returns the middle one of each: what a start of the JVM gives, where several were made. */
    public static Quartiles middle(List<Quartiles> starts) {
        return new Quartiles(middle(starts, Quartiles::q1), middle(starts, Quartiles::median),
                middle(starts, Quartiles::q3));
    }

    private static double middle(List<Quartiles> starts, ToDoubleFunction<Quartiles> part) {
        return of(starts.stream().mapToDouble(part).toArray()).median;
    }

    private static double quantile(double[] sorted, double share) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double place = share * (sorted.length - 1);
        int below = (int) place;
        double above = sorted[Math.min(below + 1, sorted.length - 1)];
        return sorted[below] + (place - below) * (above - sorted[below]);
    }
}
