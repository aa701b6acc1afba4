package leanvit.vit.pass;

import leanvit.kernels.Rotary;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.VitConfig;

/**
 * The angles by which rotary positions turn a token's queries and keys: what {@link Rotary} reads, d/2 cosines and d/2
 * sines per token. Immutable.
 */
public final class Turns {

    private final int quarter;
    /** An angle is {@code (place + shift) * step}; by axis, then by frequency. */
    private final double[][] steps = new double[2][];
    private final double[] shifts = new double[2];

    private Turns(int quarter) {
        this.quarter = quarter;
    }

    /** Returns a model's, or null where it has none. */
    static Turns of(VitConfig config) {
        Parts.Rotary rotary = config.parts().rotary();
        if (rotary == null) {
            return null;
        }
        int quarter = config.headDim() / 4;
        Turns turns = new Turns(quarter);
        int[] sides = {config.gridRows(), config.gridColumns()};
        int[] references = {rotary.referenceRows(), rotary.referenceColumns()};
        for (int axis = 0; axis < 2; axis++) {
            boolean centred = rotary.coordinates() == Coordinates.CENTRED;
            // 2π(2(i + 0.5)/n - 1) = (i + (1 - n)/2)·4π/n
            turns.shifts[axis] = centred ? (1 - sides[axis]) / 2.0 : 0;
            double unit = centred ? 4 * Math.PI / sides[axis] : (double) references[axis] / sides[axis];
            turns.steps[axis] = new double[quarter];
            for (int k = 0; k < quarter; k++) {
                turns.steps[axis][k] = unit * Math.pow(rotary.base(), -4.0 * k / config.headDim());
            }
        }
        return turns;
    }

    /** Returns how many floats a token has, the width of a head. */
    int width() {
        return 4 * quarter;
    }

    /** Writes the angles of a token at a place: a row and a column of the patch grid, which need not be whole. */
    void at(float row, float column, float[] out, int offset) {
        for (int axis = 0; axis < 2; axis++) {
            double place = (axis == 0 ? row : column) + shifts[axis];
            for (int k = 0; k < quarter; k++) {
                double angle = place * steps[axis][k];
                out[offset + axis * quarter + k] = (float) Math.cos(angle);
                out[offset + (2 + axis) * quarter + k] = (float) Math.sin(angle);
            }
        }
    }

    /** Writes the angles of a token that does not turn. */
    void none(float[] out, int offset) {
        for (int k = 0; k < 2 * quarter; k++) {
            out[offset + k] = 1f;
            out[offset + 2 * quarter + k] = 0f;
        }
    }
}
