package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link RmsNorm} on the Vector API: two passes over a row that stays in the L1 cache. */
final class SimdRmsNorm implements RmsNorm.Implementation {

    static final SimdRmsNorm KERNEL = new SimdRmsNorm();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float epsilon,
                     float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarRmsNorm.KERNEL.rows(x, offset, stride, rows, columns, weight, epsilon, out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = offset + r * stride;
            float mean = squares(x, from, columns) / columns;
            if (mean <= Float.MAX_VALUE) {
                scale(x, from, columns, 1f / (float) Math.sqrt(mean + epsilon), weight, out, outOffset + r * outStride);
            } else {
                // Overflow, infinities or NaN: in double the squares of floats cannot overflow.
                ScalarRmsNorm.KERNEL.rows(x, from, stride, 1, columns, weight, epsilon, out,
                        outOffset + r * outStride, outStride);
            }
        }
    }

    /** Pass 1: the sum of a row's squares. */
    private static float squares(float[] x, int offset, int columns) {
        FloatVector squares0 = FloatVector.zero(F);
        FloatVector squares1 = squares0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + c + L);
            squares0 = x0.fma(x0, squares0);
            squares1 = x1.fma(x1, squares1);
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            squares0 = x0.fma(x0, squares0);
        }
        // reduce: as LaneFolds says
        squares0 = FLOATS.cast(squares0).add(squares1);
        squares0 = squares0.add(squares0.rearrange(HALF));
        squares0 = L > 4 ? squares0.add(squares0.rearrange(QUARTER)) : squares0;
        squares0 = L > 8 ? squares0.add(squares0.rearrange(EIGHTH)) : squares0;
        float squares = squares0.lane(0) + squares0.lane(1);
        // scalar tail
        for (; c < columns; c++) {
            squares += x[offset + c] * x[offset + c];
        }
        return squares;
    }

    /** Pass 2: the result. */
    private static void scale(float[] x, int offset, int columns, float scale, float[] weight, float[] out,
                              int outOffset) {
        FloatVector scales = FloatVector.broadcast(F, scale);
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector.fromArray(F, x, offset + c).mul(scales).mul(FloatVector.fromArray(F, weight, c))
                    .intoArray(out, outOffset + c);
        }
        for (; c < columns; c++) {
            out[outOffset + c] = x[offset + c] * scale * weight[c];
        }
    }
}
