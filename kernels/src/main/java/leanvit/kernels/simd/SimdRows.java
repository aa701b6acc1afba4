package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Steps on one padded row that several kernels share. */
final class SimdRows {

    private SimdRows() {
    }

    /** Returns the largest value of a row that is whole vectors long; NaN is passed over. */
    static float max(int padded, float[] x, int row) {
        FloatVector m0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        int j = 0;
        for (; j < padded - L; j += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + j);
            FloatVector x1 = FloatVector.fromArray(F, x, row + j + L);
            m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(x1, x1.compare(VectorOperators.GT, m1));
        }
        if (j < padded) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + j);
            m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
        }
        m0 = m0.blend(m1, m1.compare(VectorOperators.GT, m0));
        // As ints that order like the floats: an integer maximum over lanes takes a third of the float one's steps.
        IntVector bits = m0.reinterpretAsInts();
        bits = bits.lanewise(VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(0x7FFFFFFF));
        int max = bits.reduceLanes(VectorOperators.MAX);
        return Float.intBitsToFloat(max ^ (max >> 31 & 0x7FFFFFFF));
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
        sum.intoArray(x, lanes);
        return treeSum(x, lanes);
    }

    /**
     * Returns the sum of a vector's lanes, halves added to halves; {@code scratch} lends room for a vector. Not by
     * reduceLanes, whose order of addition the interpreter and C2 choose differently.
     */
    static float sum(FloatVector v, float[] scratch, int offset) {
        v.intoArray(scratch, offset);
        return treeSum(scratch, offset);
    }

    private static float treeSum(float[] x, int o) {
        if (L == 16) {
            float s0 = (x[o] + x[o + 8]) + (x[o + 4] + x[o + 12]);
            float s1 = (x[o + 1] + x[o + 9]) + (x[o + 5] + x[o + 13]);
            float s2 = (x[o + 2] + x[o + 10]) + (x[o + 6] + x[o + 14]);
            float s3 = (x[o + 3] + x[o + 11]) + (x[o + 7] + x[o + 15]);
            return (s0 + s2) + (s1 + s3);
        }
        if (L == 8) {
            return ((x[o] + x[o + 4]) + (x[o + 2] + x[o + 6])) + ((x[o + 1] + x[o + 5]) + (x[o + 3] + x[o + 7]));
        }
        return (x[o] + x[o + 2]) + (x[o + 1] + x[o + 3]);
    }
}
