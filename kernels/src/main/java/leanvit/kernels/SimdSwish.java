package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.ScalarMath.SWISH_MOST_EXPONENT;
import static leanvit.kernels.ScalarMath.SWISH_MOST_SQUARE;
import static leanvit.kernels.ScalarMath.SWISH_ZERO;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Swish} on the Vector API, as {@code x / (1 + exp(-g(x)))}, to the bits of {@link ScalarMath#swish}. Three
 * passes over some rows in the first-level cache, of which {@link SimdSoftmax#exponentiate} is the middle one: in one
 * loop the formula would take more bytecodes than C2 inlines ({@link SimdGemm} tells what comes of that).
 */
final class SimdSwish implements Swish.Implementation {

    static final SimdSwish KERNEL = new SimdSwish();

    /** Values at a time: 4 KB, and as much of the exponentials. */
    private static final int BLOCK = 1024;
    private static final int MOST_SQUARE_BITS = Float.floatToRawIntBits(SWISH_MOST_SQUARE);
    private static final float[] NO_SHIFT = {0f};
    private static final Spares<float[]> SPARES = new Spares<>();

    @Override
    public void apply(Swish.Form form, float[] x, int offset, int n, float[] out, int outOffset) {
        float[] room = SPARES.take();
        room = room == null ? new float[BLOCK] : room;
        int whole = n - n % L;
        for (int i = 0; i < whole; i += BLOCK) {
            int count = Math.min(BLOCK, whole - i);
            rows(form, 1, count, x, offset + i, 0, out, outOffset + i, 0, room);
        }
        SPARES.giveBack(room);
        // scalar tail, of the same bits
        for (int i = whole; i < n; i++) {
            out[outOffset + i] = ScalarMath.swish(form.minusA, form.minusB, x[offset + i]);
        }
    }

    /**
     * Rows that are whole vectors.
     *
     * @param room receives their exponentials, rows·columns
     */
    static void rows(Swish.Form form, int rows, int columns, float[] x, int xo, int ldx, float[] out, int oo, int ldo,
                     float[] room) {
        int length = rows * columns;
        exponents(form.minusA, form.minusB, length, columns, x, xo, ldx, room);
        SimdSoftmax.exponentiate(1, length, NO_SHIFT, 0, room, 0, 0, room, 0, 0);
        quotients(length, columns, x, xo, ldx, room, out, oo, ldo);
    }

    /** Writes -g(x), where it is above {@link ScalarMath#SWISH_MOST_EXPONENT} that. One loop over all rows' vectors. */
    private static void exponents(float minusA, float minusB, int length, int columns, float[] x, int xo, int ldx,
                                  float[] room) {
        FloatVector a = FloatVector.broadcast(F, minusA);
        FloatVector b = FloatVector.broadcast(F, minusB);
        int row = xo;
        int column = 0;
        for (int t = 0; t < length; t += L) {
            FloatVector v = FloatVector.fromArray(F, x, row + column);
            // As ints, which order floats of one sign as floats do, in one operation; NaN comes back in the product.
            FloatVector square = v.mul(v).reinterpretAsInts().min(MOST_SQUARE_BITS).reinterpretAsFloats();
            FloatVector exponent = square.fma(b, a).mul(v);
            exponent.blend(SWISH_MOST_EXPONENT, exponent.compare(VectorOperators.GT, SWISH_MOST_EXPONENT))
                    .intoArray(room, t);
            column += L;
            if (column == columns) {
                column = 0;
                row += ldx;
            }
        }
    }

    /** Writes x / (1 + e), x no less than {@link ScalarMath#SWISH_ZERO}. */
    private static void quotients(int length, int columns, float[] x, int xo, int ldx, float[] room, float[] out,
                                  int oo, int ldo) {
        int row = xo;
        int to = oo;
        int column = 0;
        for (int t = 0; t < length; t += L) {
            FloatVector v = FloatVector.fromArray(F, x, row + column);
            v = v.blend(SWISH_ZERO, v.compare(VectorOperators.LT, SWISH_ZERO));
            v.div(FloatVector.fromArray(F, room, t).add(1f)).intoArray(out, to + column);
            column += L;
            if (column == columns) {
                column = 0;
                row += ldx;
                to += ldo;
            }
        }
    }
}
