package leanvit.vit.grad;

import java.util.function.ToDoubleFunction;
import leanvit.testdata.WorstErrors;

/** Holds a gradient against central differences of a function in double precision. */
final class CentralDifference {

    private static final double STEP = 1e-5;

    private CentralDifference() {
    }

    /**
     * Asserts that {@code gradient} is that of {@code function} at {@code at}, within a share of the largest of its
     * elements.
     *
     * @param at       is changed and restored
     * @param function of {@code at}
     */
    static void check(String what, double[] at, float[] gradient, double tolerance,
                      ToDoubleFunction<double[]> function) {
        double[] want = new double[at.length];
        double largest = 1e-6;
        for (int i = 0; i < at.length; i++) {
            double value = at[i];
            at[i] = value + STEP;
            double above = function.applyAsDouble(at);
            at[i] = value - STEP;
            double below = function.applyAsDouble(at);
            at[i] = value;
            want[i] = (above - below) / (2 * STEP);
            largest = Math.max(largest, Math.abs(want[i]));
        }
        for (int i = 0; i < at.length; i++) {
            WorstErrors.note(what + ", differences", Math.abs(gradient[i] - want[i]) / largest);
            if (!(Math.abs(gradient[i] - want[i]) <= tolerance * largest)) {
                throw new AssertionError("gradient of " + what + " [" + i + "] is " + gradient[i] + ", expected "
                        + want[i] + " within " + tolerance + " of " + largest);
            }
        }
    }
}
