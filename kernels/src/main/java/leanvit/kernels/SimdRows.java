package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.LaneFolds.SIXTEENTH;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Steps on one padded row that several kernels share. */
final class SimdRows {

    private SimdRows() {
    }

    /**
     * Replaces a row, whole vectors long, by {@code exp(x - max)} and returns its sum; the row of scores is left as it is,
     * and the result 0, where no score is above -infinity. {@code lanes} is room for a vector.
     *
     * <p>Over 325 bytecodes, as here, C2 compiles a method by itself (FreqInlineSize). A shorter form was inlined, its vector
     * operations ran the caller into NodeCountInliningCutoff, and those left over boxed their vectors: 3 to 10 times
     * slower, in every second JVM.
     */
    static float softmax(int padded, float[] x, int row, int lanes) {
        FloatVector m0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        int j = 0;
        for (; j <= padded - 3 * L; j += 3 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + j);
            FloatVector x1 = FloatVector.fromArray(F, x, row + j + L);
            FloatVector x2 = FloatVector.fromArray(F, x, row + j + 2 * L);
            m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(x1, x1.compare(VectorOperators.GT, m1));
            m2 = m2.blend(x2, x2.compare(VectorOperators.GT, m2));
        }
        for (; j < padded; j += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + j);
            m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
        }
        m1 = m1.blend(m2, m2.compare(VectorOperators.GT, m1));
        m0.blend(m1, m1.compare(VectorOperators.GT, m0)).intoArray(x, lanes);
        float max = x[lanes];
        for (int i = 1; i < L; i++) {
            max = x[lanes + i] > max ? x[lanes + i] : max;
        }
        if (max == Float.NEGATIVE_INFINITY) {
            return 0f;
        }
        FloatVector shift = FloatVector.broadcast(F, max);
        FloatVector sum = FloatVector.zero(F);
        for (j = 0; j < padded; j += L) {
            FloatVector e = VectorMath.expNonPositive(FloatVector.fromArray(F, x, row + j).sub(shift));
            e.intoArray(x, row + j);
            sum = sum.add(e);
        }
        sum = sum.add(sum.rearrange(HALF));
        sum = sum.add(sum.rearrange(QUARTER));
        sum = L > 4 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(SIXTEENTH)) : sum;
        return sum.lane(0);
    }
}
