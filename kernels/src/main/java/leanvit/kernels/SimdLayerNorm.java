package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link LayerNorm} on the Vector API: two passes over a row that stays in the L1 cache. */
final class SimdLayerNorm implements LayerNorm.Implementation {

    static final SimdLayerNorm KERNEL = new SimdLayerNorm();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride, float[] statistics,
                            int statisticsOffset) {
        if (columns < L) {
            ScalarLayerNorm.KERNEL.rows(x, offset, stride, rows, columns, weight, bias, epsilon, out, outOffset,
                    outStride, statistics, statisticsOffset);
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = offset + r * stride;
            float pivot = x[from];
            long moments = moments(x, from, columns, pivot);
            float shift = FloatPair.first(moments);
            float variance = FloatPair.second(moments);
            if (shift * shift > 4 * variance) {
                // The pivot is more than 2 standard deviations from the mean: digits were lost to cancellation.
                pivot += shift;
                moments = moments(x, from, columns, pivot);
                shift = FloatPair.first(moments);
                variance = FloatPair.second(moments);
            }
            if (variance <= Float.MAX_VALUE) {
                float scale = 1f / (float) Math.sqrt((variance > 0f ? variance : 0f) + epsilon);
                if (statistics != null) {
                    statistics[statisticsOffset + 2 * r] = pivot + shift;
                    statistics[statisticsOffset + 2 * r + 1] = scale;
                }
                normalise(x, from, columns, pivot, shift, scale, weight, bias, out, outOffset + r * outStride);
            } else {
                // Overflow, infinities or NaN: in double the squares of floats cannot overflow.
                ScalarLayerNorm.KERNEL.rows(x, from, stride, 1, columns, weight, bias, epsilon,
                        out, outOffset + r * outStride, outStride, statistics, statisticsOffset + 2 * r);
            }
        }
    }

    /**
     * Pass 1: returns the mean less the pivot, and the variance, of a row of L columns or more. It sums deviations from
     * a pivot, which may be any value of the row that is not far out.
     */
    private static long moments(float[] x, int offset, int columns, float pivot) {
        FloatVector pivots = FloatVector.broadcast(F, pivot);
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector squares0 = sum0;
        FloatVector squares1 = sum0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c).sub(pivots);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + c + L).sub(pivots);
            sum0 = x0.add(sum0);
            sum1 = x1.add(sum1);
            squares0 = x0.fma(x0, squares0);
            squares1 = x1.fma(x1, squares1);
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c).sub(pivots);
            sum0 = x0.add(sum0);
            squares0 = x0.fma(x0, squares0);
        }
        // reduce: as LaneFolds says, but the last step outside, for the fewer inlined bytecodes
        sum0 = FLOATS.cast(sum0).add(sum1);
        sum0 = sum0.add(sum0.rearrange(HALF));
        sum0 = L > 4 ? sum0.add(sum0.rearrange(QUARTER)) : sum0;
        sum0 = L > 8 ? sum0.add(sum0.rearrange(EIGHTH)) : sum0;
        float sum = sum0.lane(0) + sum0.lane(1);
        squares0 = FLOATS.cast(squares0).add(squares1);
        squares0 = squares0.add(squares0.rearrange(HALF));
        squares0 = L > 4 ? squares0.add(squares0.rearrange(QUARTER)) : squares0;
        squares0 = L > 8 ? squares0.add(squares0.rearrange(EIGHTH)) : squares0;
        float squares = squares0.lane(0) + squares0.lane(1);
        // scalar tail
        for (; c < columns; c++) {
            float deviation = x[offset + c] - pivot;
            sum += deviation;
            squares += deviation * deviation;
        }
        float shift = sum / columns;
        return FloatPair.of(shift, squares / columns - shift * shift);
    }

    /** Pass 2: the result. */
    private static void normalise(float[] x, int offset, int columns, float pivot, float shift, float scale,
                                  float[] weight, float[] bias, float[] out, int outOffset) {
        FloatVector pivots = FloatVector.broadcast(F, pivot);
        FloatVector shifts = FloatVector.broadcast(F, shift);
        FloatVector scales = FloatVector.broadcast(F, scale);
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector deviation = FloatVector.fromArray(F, x, offset + c).sub(pivots).sub(shifts);
            deviation.mul(scales).fma(FloatVector.fromArray(F, weight, c), FloatVector.fromArray(F, bias, c))
                    .intoArray(out, outOffset + c);
        }
        for (; c < columns; c++) {
            out[outOffset + c] = Math.fma((x[offset + c] - pivot - shift) * scale, weight[c], bias[c]);
        }
    }
}
