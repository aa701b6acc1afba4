package leanvit.kernels.simd;

import static leanvit.kernels.simd.LaneFolds.EIGHTH;
import static leanvit.kernels.simd.LaneFolds.HALF;
import static leanvit.kernels.simd.LaneFolds.QUARTER;
import static leanvit.kernels.simd.LaneFolds.SIXTEENTH;
import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarLayerNorm;

/** {@link leanvit.kernels.LayerNorm} on the Vector API: two passes over a row that stays in the L1 cache. */
public final class SimdLayerNorm {

    private SimdLayerNorm() {
    }

    /** See {@link leanvit.kernels.LayerNorm#rows}. */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarLayerNorm.rows(x, offset, stride, rows, columns, weight, bias, epsilon, out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = offset + r * stride;
            row(x, from, columns, x[from], false, weight, bias, epsilon, out, outOffset + r * outStride);
        }
    }

    /**
     * One row of L columns or more. Sums are taken of the deviations from a pivot, the row's first value. Where that turns out
     * to lie over 2 standard deviations from the mean, so that digits cancelled, the row is done over with the mean as pivot.
     */
    private static void row(float[] x, int offset, int columns, float pivot, boolean again, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset) {
        // pass 1
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
            sum0 = sum0.add(x0);
            sum1 = sum1.add(x1);
            squares0 = x0.fma(x0, squares0);
            squares1 = x1.fma(x1, squares1);
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c).sub(pivots);
            sum0 = sum0.add(x0);
            squares0 = x0.fma(x0, squares0);
        }
        // reduce
        sum0 = sum0.add(sum1);
        sum0 = sum0.add(sum0.rearrange(HALF));
        sum0 = sum0.add(sum0.rearrange(QUARTER));
        sum0 = L > 4 ? sum0.add(sum0.rearrange(EIGHTH)) : sum0;
        sum0 = L > 8 ? sum0.add(sum0.rearrange(SIXTEENTH)) : sum0;
        float sum = sum0.lane(0);
        squares0 = squares0.add(squares1);
        squares0 = squares0.add(squares0.rearrange(HALF));
        squares0 = squares0.add(squares0.rearrange(QUARTER));
        squares0 = L > 4 ? squares0.add(squares0.rearrange(EIGHTH)) : squares0;
        squares0 = L > 8 ? squares0.add(squares0.rearrange(SIXTEENTH)) : squares0;
        float squares = squares0.lane(0);
        // scalar tail
        for (; c < columns; c++) {
            float deviation = x[offset + c] - pivot;
            sum += deviation;
            squares += deviation * deviation;
        }
        if (!(squares <= Float.MAX_VALUE)) {
            // Overflow, infinities or NaN: squares of floats are no trouble in double.
            ScalarLayerNorm.rows(x, offset, columns, 1, columns, weight, bias, epsilon, out, outOffset, columns);
            return;
        }
        float shift = sum / columns;
        float variance = squares / columns - shift * shift;
        if (!again && shift * shift > 4 * variance) {
            row(x, offset, columns, pivot + shift, true, weight, bias, epsilon, out, outOffset);
            return;
        }

        // pass 2: the result
        float scale = 1f / (float) Math.sqrt((variance > 0f ? variance : 0f) + epsilon);
        FloatVector shifts = FloatVector.broadcast(F, shift);
        FloatVector scales = FloatVector.broadcast(F, scale);
        c = 0;
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
