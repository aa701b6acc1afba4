package leanvit.kernels;

import java.util.Arrays;

/**
 * The inner loop of all scalar products, and room for it: {@code sums[i][j] += a[i][p] * b[p][j]} for up to 104 rows,
 * 208 columns and 4 steps of p, in ascending p, each a fused multiply-add (without FMA a product and a sum).
 *
 * <p>The odd form is C2's wish. It makes vectors of a loop that reads and writes arrays only where it can tell reads
 * from writes of other iterations: of two different arrays (taken for the same or for disjoint ones) at indices with
 * the same variable part, that is {@code j} plus a constant. Offsets passed as arguments make it scalar, at a sixth of
 * the speed. So b is copied here, 4 rows at constant distances, and used for all rows of a; and a row of sums is an
 * array. 4 steps a pass make 6 memory accesses of 4 multiply-adds, at 60 GFLOP/s (AMD Zen 5, 512 bits). 8 steps are too
 * many for C2 unless the number of columns is a constant, 16 in any case, and several rows at once for JDK 17.
 *
 * <p>92 KB, kept for the next call ({@link Spares}).
 */
final class ScalarTile {

    /**
     * Columns at most: room for 197 tokens, and for 192, of which many widths are multiples.
     */
    static final int COLUMNS = 208;
    /** Rows at most; copying b for 48 of them cost a tenth, and for 104 half of that. */
    static final int ROWS = 104;
    /** Steps of p in a pass. */
    static final int STEPS = 4;

    private static final Spares<ScalarTile> SPARES = new Spares<>();

    /** The results; C2 knows nothing of rows, hence an array each. */
    final float[][] sums = new float[ROWS][COLUMNS];
    /** A row of its own, for callers. */
    final float[] row = new float[COLUMNS];
    /** Sums of a softmax; attention alone. */
    final double[] totals = new double[COLUMNS];
    /** Rows of b, {@link #COLUMNS} apart. */
    final float[] b = new float[STEPS * COLUMNS];

    private final float[] rest = new float[STEPS];

    private ScalarTile() {
    }

    /** Takes an idle tile, or makes one; to be given back by {@link #release}. Its values are anything. */
    static ScalarTile acquire() {
        ScalarTile spare = SPARES.take();
        return spare == null ? new ScalarTile() : spare;
    }

    void release() {
        SPARES.giveBack(this);
    }

    /** Returns into how even a part {@code total} is cut where none may exceed {@code most}. */
    static int part(int total, int most) {
        int parts = (total + most - 1) / most;
        return parts == 0 ? 0 : (total + parts - 1) / parts;
    }

    /** Copies row {@code step} of b's next steps. */
    void copyRow(int step, float[] from, int offset, int columns) {
        System.arraycopy(from, offset, b, step * COLUMNS, columns);
    }

    /** Sets every sum of a row to a value. */
    void fill(int r, int columns, float value) {
        Arrays.fill(sums[r], 0, columns, value);
    }

    /**
     * Adds up to {@link #STEPS} products to every sum.
     *
     * @param steps   how many rows of b are to be used
     * @param a       the element of row i and step p is at {@code ao + i * rowStep + p * step}
     */
    void add(int rows, int columns, int steps, float[] a, int ao, int rowStep, int step) {
        if (steps == STEPS) {
            for (int r = 0; r < rows; r++, ao += rowStep) {
                add4(columns, a, ao, step, b, sums[r]);
            }
            return;
        }
        // 0 times -0 is -0, which added to anything changes nothing, not even the sign of a zero.
        for (int s = steps; s < STEPS; s++) {
            Arrays.fill(b, s * COLUMNS, s * COLUMNS + columns, -0f);
            rest[s] = 0f;
        }
        for (int r = 0; r < rows; r++, ao += rowStep) {
            for (int s = 0; s < steps; s++) {
                rest[s] = a[ao + s * step];
            }
            add4(columns, rest, 0, 1, b, sums[r]);
        }
    }

    private static void add4(int columns, float[] a, int ao, int step, float[] b, float[] sums) {
        float a0 = a[ao];
        float a1 = a[ao + step];
        float a2 = a[ao + 2 * step];
        float a3 = a[ao + 3 * step];
        for (int j = 0; j < columns; j++) {
            float sum = ScalarMath.fma(a0, b[j], sums[j]);
            sum = ScalarMath.fma(a1, b[j + COLUMNS], sum);
            sum = ScalarMath.fma(a2, b[j + 2 * COLUMNS], sum);
            sums[j] = ScalarMath.fma(a3, b[j + 3 * COLUMNS], sum);
        }
    }
}
