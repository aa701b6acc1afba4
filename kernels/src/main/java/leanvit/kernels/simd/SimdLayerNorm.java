package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarLayerNorm;

/** {@link leanvit.kernels.LayerNorm} on the Vector API: three passes over a row that stays in the L1 cache. */
public final class SimdLayerNorm {

    private SimdLayerNorm() {
    }

    /** See {@link leanvit.kernels.LayerNorm#rows}. */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride) {
        if (columns == 0) {
            return;
        }
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            float mean = sum(x, offset, columns) / columns;
            normalise(x, offset, columns, mean, weight, bias, epsilon, out, outOffset);
        }
    }

    /** Pass 1. Four sums: one alone would wait four cycles for every vector. */
    private static float sum(float[] x, int offset, int columns) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 4 * L; c += 4 * L) {
            sum0 = sum0.add(FloatVector.fromArray(F, x, offset + c));
            sum1 = sum1.add(FloatVector.fromArray(F, x, offset + c + L));
            sum2 = sum2.add(FloatVector.fromArray(F, x, offset + c + 2 * L));
            sum3 = sum3.add(FloatVector.fromArray(F, x, offset + c + 3 * L));
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            sum0 = sum0.add(FloatVector.fromArray(F, x, offset + c));
        }
        // reduce
        float sum = LaneSum.of(sum0.add(sum1).add(sum2.add(sum3)));
        // scalar tail
        for (; c < columns; c++) {
            sum += x[offset + c];
        }
        return sum;
    }

    /** Passes 2 and 3: the deviations' sum, which corrects the mean, and that of their squares; then the result. */
    private static void normalise(float[] x, int offset, int columns, float mean, float[] weight, float[] bias,
                                  float epsilon, float[] out, int outOffset) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector squares0 = sum0;
        FloatVector squares1 = sum0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c).sub(mean);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + c + L).sub(mean);
            sum0 = sum0.add(x0);
            sum1 = sum1.add(x1);
            squares0 = x0.fma(x0, squares0);
            squares1 = x1.fma(x1, squares1);
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c).sub(mean);
            sum0 = sum0.add(x0);
            squares0 = x0.fma(x0, squares0);
        }
        // reduce
        double sum = LaneSum.of(sum0.add(sum1));
        double squares = LaneSum.of(squares0.add(squares1));
        // scalar tail
        for (; c < columns; c++) {
            float deviation = x[offset + c] - mean;
            sum += deviation;
            squares += deviation * deviation;
        }

        if (!(squares <= Float.MAX_VALUE)) {
            // Overflow, infinities or NaN: squares of floats are no trouble in double.
            ScalarLayerNorm.rows(x, offset, columns, 1, columns, weight, bias, epsilon, out, outOffset, columns);
            return;
        }
        double correction = sum / columns;
        double variance = Math.max(0, squares / columns - correction * correction);
        float shift = (float) correction;
        float scale = (float) (1 / Math.sqrt(variance + epsilon));
        c = 0;
        // body
        for (; c <= columns - L; c += L) {
            FloatVector deviation = FloatVector.fromArray(F, x, offset + c).sub(mean).sub(shift);
            deviation.mul(scale).fma(FloatVector.fromArray(F, weight, c), FloatVector.fromArray(F, bias, c))
                    .intoArray(out, outOffset + c);
        }
        // scalar tail
        for (; c < columns; c++) {
            out[outOffset + c] = Math.fma((x[offset + c] - mean - shift) * scale, weight[c], bias[c]);
        }
    }
}
