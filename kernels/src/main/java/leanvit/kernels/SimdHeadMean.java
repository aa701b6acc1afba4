package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link HeadMean} on the Vector API: columns outside, heads inside, so that each result is stored once. */
final class SimdHeadMean implements HeadMean.Implementation {

    static final SimdHeadMean KERNEL = new SimdHeadMean();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                              float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarHeadMean.KERNEL.reduce(x, offset, headStride, heads, rowStride, rows, columns, out, outOffset, outStride);
            return;
        }
        float share = 1f / heads;
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            int c = 0;
            // unrolled body
            for (; c <= columns - 4 * L; c += 4 * L) {
                FloatVector sum0 = FloatVector.broadcast(F, 0f);
                FloatVector sum1 = sum0;
                FloatVector sum2 = sum0;
                FloatVector sum3 = sum0;
                for (int h = 0, from = offset + c; h < heads; h++, from += headStride) {
                    sum0 = sum0.add(FloatVector.fromArray(F, x, from));
                    sum1 = sum1.add(FloatVector.fromArray(F, x, from + L));
                    sum2 = sum2.add(FloatVector.fromArray(F, x, from + 2 * L));
                    sum3 = sum3.add(FloatVector.fromArray(F, x, from + 3 * L));
                }
                sum0.mul(share).intoArray(out, outOffset + c);
                sum1.mul(share).intoArray(out, outOffset + c + L);
                sum2.mul(share).intoArray(out, outOffset + c + 2 * L);
                sum3.mul(share).intoArray(out, outOffset + c + 3 * L);
            }
            // vector tail; the last vector overlaps the one before, which computes some columns twice and none alone
            for (; c < columns; c += L) {
                int column = Math.min(c, columns - L);
                FloatVector sum0 = FloatVector.broadcast(F, 0f);
                for (int h = 0, from = offset + column; h < heads; h++, from += headStride) {
                    sum0 = sum0.add(FloatVector.fromArray(F, x, from));
                }
                sum0.mul(share).intoArray(out, outOffset + column);
            }
        }
    }
}
