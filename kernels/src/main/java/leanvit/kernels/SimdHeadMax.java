package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** {@link HeadMax} on the Vector API: columns outside, heads inside, so that each result is stored once. */
final class SimdHeadMax implements HeadMax.Implementation {

    static final SimdHeadMax KERNEL = new SimdHeadMax();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                              float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarHeadMax.KERNEL.reduce(x, offset, headStride, heads, rowStride, rows, columns, out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            int c = 0;
            // unrolled body
            for (; c <= columns - 4 * L; c += 4 * L) {
                FloatVector max0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
                FloatVector max1 = max0;
                FloatVector max2 = max0;
                FloatVector max3 = max0;
                for (int h = 0, from = offset + c; h < heads; h++, from += headStride) {
                    FloatVector x0 = FloatVector.fromArray(F, x, from);
                    FloatVector x1 = FloatVector.fromArray(F, x, from + L);
                    FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * L);
                    FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * L);
                    max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
                    max1 = max1.blend(x1, x1.compare(VectorOperators.GT, max1));
                    max2 = max2.blend(x2, x2.compare(VectorOperators.GT, max2));
                    max3 = max3.blend(x3, x3.compare(VectorOperators.GT, max3));
                }
                max0.intoArray(out, outOffset + c);
                max1.intoArray(out, outOffset + c + L);
                max2.intoArray(out, outOffset + c + 2 * L);
                max3.intoArray(out, outOffset + c + 3 * L);
            }
            // vector tail; the last vector overlaps the one before, which computes some columns twice and none alone
            for (; c < columns; c += L) {
                int column = Math.min(c, columns - L);
                FloatVector max0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
                for (int h = 0, from = offset + column; h < heads; h++, from += headStride) {
                    FloatVector x0 = FloatVector.fromArray(F, x, from);
                    max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
                }
                max0.intoArray(out, outOffset + column);
            }
        }
    }
}
