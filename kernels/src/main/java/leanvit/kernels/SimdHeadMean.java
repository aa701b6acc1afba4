package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.Lanes.LEAST_VALUES;

import jdk.incubator.vector.FloatVector;

/**
 * {@link HeadMean} on the Vector API: columns outside, heads inside, so that each result is stored once. A sum that a
 * loop carries is always the argument, never the receiver, of a call: {@link Lanes#FLOATS} tells why.
 */
final class SimdHeadMean implements HeadMean.Implementation {

    static final SimdHeadMean KERNEL = new SimdHeadMean();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                       float[] out, int outOffset, int outStride) {
        if (columns < L || (long) rows * columns * heads < LEAST_VALUES) {
            ScalarHeadMean.KERNEL.reduce(x, offset, headStride, heads, rowStride, rows, columns,
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

    /** The mean over heads of 4L columns, in four sums: in a single one each addition would wait for the one before. */
    private static void fourVectors(float[] x, int offset, int headStride, int heads, float[] out, int outOffset) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int h = 0; h < heads; h++, offset += headStride) {
            sum0 = FloatVector.fromArray(F, x, offset).add(sum0);
            sum1 = FloatVector.fromArray(F, x, offset + L).add(sum1);
            sum2 = FloatVector.fromArray(F, x, offset + 2 * L).add(sum2);
            sum3 = FloatVector.fromArray(F, x, offset + 3 * L).add(sum3);
        }
        FloatVector share = FloatVector.broadcast(F, 1f / heads);
        share.mul(sum0).intoArray(out, outOffset);
        share.mul(sum1).intoArray(out, outOffset + L);
        share.mul(sum2).intoArray(out, outOffset + 2 * L);
        share.mul(sum3).intoArray(out, outOffset + 3 * L);
    }

    /** The mean over heads of L columns. */
    private static void vector(float[] x, int offset, int headStride, int heads, float[] out, int outOffset) {
        FloatVector sum = FloatVector.zero(F);
        for (int h = 0; h < heads; h++, offset += headStride) {
            sum = FloatVector.fromArray(F, x, offset).add(sum);
        }
        FloatVector.broadcast(F, 1f / heads).mul(sum).intoArray(out, outOffset);
    }
}
