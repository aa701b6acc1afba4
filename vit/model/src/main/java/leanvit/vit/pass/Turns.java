package leanvit.vit.pass;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import leanvit.kernels.Rotary;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * The angles by which rotary positions turn a token's queries and keys: what {@link Rotary} reads, d/2 cosines and d/2
 * sines per token; or so many per head, where heads have frequencies of their own. Immutable.
 */
public final class Turns {

    /** Frequencies [2, blocks, heads, d/2] that were learnt: those of columns, then those of rows. */
    static final String LEARNED = "rope.freqs";

    private final int half;
    /** An angle is {@code row * byRow + column * byColumn}, both shifted; by head, then by frequency. */
    private final double[] byRow;
    private final double[] byColumn;
    private final double rowShift;
    private final double columnShift;
    private final int gridColumns;
    /** Of learnt frequencies, the angles of each patch: every block asks for them again. */
    private final float[] grid;

    private Turns(int half, double[] byRow, double[] byColumn, double rowShift, double columnShift) {
        this.half = half;
        this.byRow = byRow;
        this.byColumn = byColumn;
        this.rowShift = rowShift;
        this.columnShift = columnShift;
        gridColumns = 0;
        grid = null;
    }

    private Turns(int half, double[] byRow, double[] byColumn, VitConfig config) {
        this.half = half;
        this.byRow = byRow;
        this.byColumn = byColumn;
        rowShift = 0;
        columnShift = 0;
        gridColumns = config.gridColumns();
        grid = new float[config.patches() * width()];
        for (int patch = 0; patch < config.patches(); patch++) {
            work(patch / gridColumns, patch % gridColumns, grid, patch * width());
        }
    }

    /** Returns a model's by block: one for all, or each its own where they were learnt; nulls where it has none. */
    static List<Turns> of(VitConfig config, TensorSource tensors) throws IOException {
        Parts.Rotary rotary = config.parts().rotary();
        if (rotary == null || rotary.axes() != Axes.LEARNED) {
            return Collections.nCopies(config.depth(), rotary == null ? null : axial(config, rotary));
        }
        int half = config.headDim() / 2;
        int all = config.heads() * half;
        float[] frequencies = tensors.tensor(LEARNED, 2, config.depth(), config.heads(), half);
        List<Turns> turns = new ArrayList<>();
        for (int block = 0; block < config.depth(); block++) {
            double[] byColumn = new double[all];
            double[] byRow = new double[all];
            for (int i = 0; i < all; i++) {
                byColumn[i] = frequencies[block * all + i];
                byRow[i] = frequencies[(config.depth() + block) * all + i];
            }
            turns.add(new Turns(half, byRow, byColumn, config));
        }
        return turns;
    }

    private static Turns axial(VitConfig config, Parts.Rotary rotary) {
        int quarter = config.headDim() / 4;
        int[] sides = {config.gridRows(), config.gridColumns()};
        int[] references = {rotary.referenceRows(), rotary.referenceColumns()};
        double[][] steps = new double[2][2 * quarter];
        double[] shifts = new double[2];
        for (int axis = 0; axis < 2; axis++) {
            // 2π(2(i + 0.5)/n - 1) = (i + (1 - n)/2)·4π/n
            shifts[axis] = switch (rotary.coordinates()) {
                case CENTRED -> (1 - sides[axis]) / 2.0;
                case REFERENCE_GRID_FROM_ONE -> 1;
                case INDEX, REFERENCE_GRID -> 0;
            };
            double unit = switch (rotary.coordinates()) {
                case CENTRED -> 4 * Math.PI / sides[axis];
                case INDEX -> 1;
                case REFERENCE_GRID, REFERENCE_GRID_FROM_ONE -> (double) references[axis] / sides[axis];
            };
            int first = (axis == 0) == (rotary.axes() == Axes.ROWS_FIRST) ? 0 : quarter;
            for (int k = 0; k < quarter; k++) {
                steps[axis][first + k] = unit * Math.pow(rotary.base(), -4.0 * k / config.headDim());
            }
        }
        return new Turns(2 * quarter, steps[0], steps[1], shifts[0], shifts[1]);
    }

    /** Returns whether heads have angles of their own, and blocks too. */
    boolean perHead() {
        return grid != null;
    }

    /** Returns how many floats a token has: the width of a head, or of all. */
    int width() {
        return 2 * byRow.length;
    }

    /** Writes the angles of a token at a place: a row and a column of the patch grid, which need not be whole. */
    void at(float row, float column, float[] out, int offset) {
        if (grid != null && row == (int) row && column == (int) column) {
            System.arraycopy(grid, ((int) row * gridColumns + (int) column) * width(), out, offset, width());
        } else {
            work(row, column, out, offset);
        }
    }

    private void work(float row, float column, float[] out, int offset) {
        double y = row + rowShift;
        double x = column + columnShift;
        for (int i = 0; i < byRow.length; i++) {
            double angle = y * byRow[i] + x * byColumn[i];
            int to = offset + i / half * 2 * half + i % half;
            out[to] = (float) Math.cos(angle);
            out[to + half] = (float) Math.sin(angle);
        }
    }

    /** Writes the angles of a token that does not turn. */
    void none(float[] out, int offset) {
        for (int i = 0; i < byRow.length; i++) {
            int to = offset + i / half * 2 * half + i % half;
            out[to] = 1f;
            out[to + half] = 0f;
        }
    }
}
