package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link Gelu} on the Vector API. */
final class SimdGelu implements Gelu.Implementation {

    static final SimdGelu KERNEL = new SimdGelu();

    @Override
    public void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        int i = 0;
        // Not unrolled: the processor overlaps iterations by itself, and C2 may refuse to inline a second gelu.
        for (; i <= n - L; i += L) {
            VectorMath.gelu(FloatVector.fromArray(F, x, offset + i)).intoArray(out, outOffset + i);
        }
        // scalar tail, of the same bits
        ScalarGelu.KERNEL.apply(x, offset + i, n - i, out, outOffset + i);
    }

    /**
     * In place, a tile of rows that are whole vectors. One loop over the vectors of all rows: a loop a row, of 3 steps, spent
     * half its time entering and leaving.
     */
    static void tile(int rows, int columns, float[] c, int co, int ldc) {
        int row = co;
        int column = 0;
        for (int v = rows * (columns / L); v > 0; v--) {
            VectorMath.gelu(FloatVector.fromArray(F, c, row + column)).intoArray(c, row + column);
            column += L;
            if (column == columns) {
                column = 0;
                row += ldc;
            }
        }
    }
}
