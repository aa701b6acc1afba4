package leanvit.kernels.simd;

import static leanvit.kernels.simd.LaneFolds.EIGHTH;
import static leanvit.kernels.simd.LaneFolds.HALF;
import static leanvit.kernels.simd.LaneFolds.QUARTER;
import static leanvit.kernels.simd.LaneFolds.SIXTEENTH;
import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarL2Norm;

/** {@link leanvit.kernels.L2Norm} on the Vector API. */
public final class SimdL2Norm {

    /** Between these a sum of squares has neither overflowed nor lost a square that counts. */
    private static final float SMALLEST = 0x1p-90f;
    private static final float LARGEST = 0x1p126f;

    private SimdL2Norm() {
    }

    /** See {@link leanvit.kernels.L2Norm#rows}. */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float epsilon,
                            float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarL2Norm.rows(x, offset, stride, rows, columns, epsilon, out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++) {
            row(x, offset + r * stride, columns, epsilon, out, outOffset + r * outStride);
        }
    }

    /** One row of L columns or more. */
    private static void row(float[] x, int offset, int columns, float epsilon, float[] out, int outOffset) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + c + L);
            sum0 = x0.fma(x0, sum0);
            sum1 = x1.fma(x1, sum1);
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            sum0 = x0.fma(x0, sum0);
        }
        // reduce
        sum0 = sum0.add(sum1);
        sum0 = sum0.add(sum0.rearrange(HALF));
        sum0 = sum0.add(sum0.rearrange(QUARTER));
        sum0 = L > 4 ? sum0.add(sum0.rearrange(EIGHTH)) : sum0;
        sum0 = L > 8 ? sum0.add(sum0.rearrange(SIXTEENTH)) : sum0;
        float squares = sum0.lane(0);
        // scalar tail
        for (; c < columns; c++) {
            squares += x[offset + c] * x[offset + c];
        }
        if (!(squares > SMALLEST && squares < LARGEST)) {
            ScalarL2Norm.rows(x, offset, columns, 1, columns, epsilon, out, outOffset, columns);
            return;
        }

        float scale = (float) (1 / (Math.sqrt(squares) + epsilon));
        c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector.fromArray(F, x, offset + c).mul(scale).intoArray(out, outOffset + c);
        }
        for (; c < columns; c++) {
            out[outOffset + c] = x[offset + c] * scale;
        }
    }
}
