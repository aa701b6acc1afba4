package leanvit.kernels;

import java.util.Arrays;

/**
 * The inner loop of all scalar products, and room for it: {@code sums[i][j] += a[i][p] * b[p][j]} for up to 104 rows,
 * 208 columns and 4 steps of p, in ascending p, each a fused multiply-add (without FMA a product and a sum).
 *
 * <p>The odd form is what C2 needs. It vectorizes a loop that reads and writes arrays only where it can tell its reads
 * from the writes of other iterations: two different arrays (which it takes for the same one or for disjoint ones) at
 * indices with the same variable part, {@code j} plus a constant. With offsets passed as arguments the loop stays
 * scalar, at a sixth of the speed. So b is copied here, 4 rows at constant distances, and used for all rows of a; and
 * each row of sums is an array of its own. With 4 steps per pass there are 6 memory accesses for 4 multiply-adds, at 60
 * GFLOP/s (AMD Zen 5, 512 bits). C2 vectorizes 8 steps only where the number of columns is a constant, and never 16;
 * JDK 17's does not vectorize several rows at once.
 *
 * <p>92 KB, kept for the next call ({@link Spares}).
 */
final class ScalarTile {

    /** Columns at most: room for 197 tokens, and for 192, of which many widths are multiples. */
    static final int COLUMNS = 208;
    /** Rows at most. Copying b takes a tenth of the time with 48 rows, and half of that with 104. */
    static final int ROWS = 104;
    /** Steps of p per pass. */
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

    /**
     * Returns the size of the parts when {@code total} is cut into as few and as even ones as possible, none above
     * {@code most}.
     */
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
