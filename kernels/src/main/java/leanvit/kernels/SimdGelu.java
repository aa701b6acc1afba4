package leanvit.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.ScalarMath.GELU0;
import static leanvit.kernels.ScalarMath.GELU1;
import static leanvit.kernels.ScalarMath.GELU2;
import static leanvit.kernels.ScalarMath.GELU3;
import static leanvit.kernels.ScalarMath.GELU4;
import static leanvit.kernels.ScalarMath.GELU5;
import static leanvit.kernels.ScalarMath.GELU6;
import static leanvit.kernels.ScalarMath.GELU7;
import static leanvit.kernels.ScalarMath.GELU8;
import static leanvit.kernels.ScalarMath.GELU_ZERO;
import static leanvit.kernels.ScalarMath.SIGN_BIT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** {@link Gelu} on the Vector API, in 15 operations without a division; the bits are {@link ScalarMath#gelu}'s. */
final class SimdGelu implements Gelu.Implementation {

    static final SimdGelu KERNEL = new SimdGelu();

    private static final int MINUS_GELU_ZERO_BITS = Float.floatToRawIntBits(-GELU_ZERO);

    @Override
    public void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        int whole = n - n % L;
        vectors(1, whole, x, offset, 0, out, outOffset, 0);
        // scalar tail, of the same bits
        ScalarGelu.KERNEL.apply(x, offset + whole, n - whole, out, outOffset + whole);
    }

    /** In place, a tile of rows that are whole vectors. */
    static void tile(int rows, int columns, float[] c, int co, int ldc) {
        vectors(rows, columns, c, co, ldc, c, co, ldc);
    }

    /**
     * Rows that are whole vectors. There is one loop over the vectors of all rows: a loop per row, of 3 steps, spent
     * half its time entering and leaving. The formula stands in the loop and not in a method of its own, since C2
     * inlines such a method only where its profile says that the call is frequent, and a vector that is passed to a
     * call becomes an object.
     */
    private static void vectors(int rows, int columns, float[] x, int xo, int ldx, float[] out, int oo, int ldo) {
        int row = xo;
        int to = oo;
        int column = 0;
        for (int left = rows * (columns / L); left > 0; left--) {
            FloatVector v = FloatVector.fromArray(F, x, row + column);
            // -min(|x|, 8), as ints: with the sign bit set, they order floats by magnitude, in one operation where
            // FloatVector.min takes five for the sake of NaN.
            FloatVector a = v.reinterpretAsInts().or(SIGN_BIT).min(MINUS_GELU_ZERO_BITS).reinterpretAsFloats();
            FloatVector p = broadcast(F, GELU8).fma(a, broadcast(F, GELU7));
            p = p.fma(a, broadcast(F, GELU6));
            p = p.fma(a, broadcast(F, GELU5));
            p = p.fma(a, broadcast(F, GELU4));
            p = p.fma(a, broadcast(F, GELU3));
            p = p.fma(a, broadcast(F, GELU2));
            p = p.fma(a, broadcast(F, GELU1));
            p = p.fma(a, broadcast(F, GELU0));
            p = p.mul(p);
            p = p.mul(p);
            p = p.mul(p);
            // NaN compares false and so stays in this term.
            FloatVector positivePart = v.blend(0f, v.compare(VectorOperators.LT, 0f));
            a.fma(p, positivePart).intoArray(out, to + column);
            column += L;
            if (column == columns) {
                column = 0;
                row += ldx;
                to += ldo;
            }
        }
    }
}
