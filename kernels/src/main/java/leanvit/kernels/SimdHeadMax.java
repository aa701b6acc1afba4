package leanvit.kernels;

import static jdk.incubator.vector.VectorOperators.GT;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.Lanes.LEAST_VALUES;

import jdk.incubator.vector.FloatVector;

/** {@link HeadMax} on the Vector API: columns outside, heads inside, so that each result is stored once. */
final class SimdHeadMax implements HeadMax.Implementation {

    static final SimdHeadMax KERNEL = new SimdHeadMax();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                       float[] out, int outOffset, int outStride) {
        if (columns < L || (long) rows * columns * heads < LEAST_VALUES) {
            ScalarHeadMax.KERNEL.reduce(x, offset, headStride, heads, rowStride, rows, columns,
                    out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            int c = 0;
            for (; c <= columns - 4 * L; c += 4 * L) {
                fourVectors(x, offset + c, headStride, heads, out, outOffset + c);
            }
            for (; c <= columns - L; c += L) {
                vector(x, offset + c, headStride, heads, out, outOffset + c);
            }
            if (c < columns) {
                // The last vector overlaps the one before: some columns are computed twice, none alone.
                vector(x, offset + columns - L, headStride, heads, out, outOffset + columns - L);
            }
        }
    }

    /**
     * The maximum over heads of 4L columns, in four chains of comparisons: in a single one each would wait for the one
     * before.
     */
    private static void fourVectors(float[] x, int offset, int headStride, int heads, float[] out, int outOffset) {
        FloatVector max0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector max1 = max0;
        FloatVector max2 = max0;
        FloatVector max3 = max0;
        for (int h = 0; h < heads; h++, offset += headStride) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + L);
            FloatVector x2 = FloatVector.fromArray(F, x, offset + 2 * L);
            FloatVector x3 = FloatVector.fromArray(F, x, offset + 3 * L);
            max0 = FLOATS.cast(max0).blend(x0, x0.compare(GT, max0));
            max1 = FLOATS.cast(max1).blend(x1, x1.compare(GT, max1));
            max2 = FLOATS.cast(max2).blend(x2, x2.compare(GT, max2));
            max3 = FLOATS.cast(max3).blend(x3, x3.compare(GT, max3));
        }
        FLOATS.cast(max0).intoArray(out, outOffset);
        FLOATS.cast(max1).intoArray(out, outOffset + L);
        FLOATS.cast(max2).intoArray(out, outOffset + 2 * L);
        FLOATS.cast(max3).intoArray(out, outOffset + 3 * L);
    }

    /** The maximum over heads of L columns. */
    private static void vector(float[] x, int offset, int headStride, int heads, float[] out, int outOffset) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int h = 0; h < heads; h++, offset += headStride) {
            FloatVector values = FloatVector.fromArray(F, x, offset);
            max = FLOATS.cast(max).blend(values, values.compare(GT, max));
        }
        FLOATS.cast(max).intoArray(out, outOffset);
    }

    /**
     * Raises maxima: {@code max[j] = x[j] * factor} for j = 0 .. columns-1 where that is the larger of the two. For
     * attention, which has one head's row at a time. NaN never wins, and of equal values the old one stays.
     *
     * @param columns whole vectors: a multiple of L
     */
    static void raise(int columns, float factor, float[] x, int row, float[] max, int maxOffset) {
        FloatVector factors = FloatVector.broadcast(F, factor);
        for (int j = 0; j < columns; j += L) {
            FloatVector scaled = FloatVector.fromArray(F, x, row + j).mul(factors);
            FloatVector old = FloatVector.fromArray(F, max, maxOffset + j);
            old.blend(scaled, scaled.compare(GT, old)).intoArray(max, maxOffset + j);
        }
    }
}
