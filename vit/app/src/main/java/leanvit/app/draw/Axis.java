package leanvit.app.draw;

import java.util.Locale;

/**
 * A linear scale from values to pixels, with round ticks.
 *
 * @param low  value at the scale's beginning
 * @param high value at its end, above {@code low}
 * @param from pixel of the beginning
 * @param to   pixel of the end; below {@code from} for a scale that goes up
 * @param step distance of two ticks: 1, 2 or 5 times a power of ten
 */
record Axis(double low, double high, double from, double to, double step) {

    private static final double ROOM = 0.07;
    private static final double LEAST_RANGE = 1e-12;

    /**
     * Makes a scale that holds all values with some room at both ends.
     *
     * @param ticks about how many ticks there are to be
     */
    static Axis around(double[] values, double from, double to, int ticks) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        double range = high - low;
        // Equal values have no range of their own, and one at the limit of precision cannot be ticked.
        if (range <= Math.max(LEAST_RANGE, 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) {
            range = Math.max(1e-3, Math.abs(low) * 0.1);
            low -= range / 2;
            high += range / 2;
        }
        return new Axis(low - ROOM * range, high + ROOM * range, from, to, roundStep(range * (1 + 2 * ROOM) / ticks));
    }

    private static double roundStep(double wanted) {
        double power = Math.pow(10, Math.floor(Math.log10(wanted)));
        double digit = wanted / power;
        return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
    }

    double pixel(double value) {
        return from + (value - low) / (high - low) * (to - from);
    }


    /** Returns the number of ticks. */
    int ticks() {
        return (int) (Math.floor(high / step) - Math.ceil(low / step)) + 1;
    }

    /** Returns the value of tick {@code i}, counted from 0. */
    double tick(int i) {
        return (Math.ceil(low / step) + i) * step;
    }

    /**
     * Returns a value with the decimals that the ticks need, and {@code more}; very large and small ones with a power.
     */
    String format(double value, int more) {
        if (step < 1e-5 || Math.max(Math.abs(low), Math.abs(high)) >= 1e8) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) + more;
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.matches("-0(\\.0*)?") ? text.substring(1) : text;
    }
}
