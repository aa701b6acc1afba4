package leanvit.kernels.simd;

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
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            float squares = squares(x, offset, columns);
            if (squares > SMALLEST && squares < LARGEST) {
                scale(x, offset, columns, (float) (1 / (Math.sqrt(squares) + epsilon)), out, outOffset);
            } else {
                ScalarL2Norm.rows(x, offset, stride, 1, columns, epsilon, out, outOffset, outStride);
            }
        }
    }

    private static float squares(float[] x, int offset, int columns) {
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
        float sum = LaneSum.of(sum0.add(sum1));
        // scalar tail
        for (; c < columns; c++) {
            sum += x[offset + c] * x[offset + c];
        }
        return sum;
    }

    private static void scale(float[] x, int offset, int columns, float scale, float[] out, int outOffset) {
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector.fromArray(F, x, offset + c).mul(scale).intoArray(out, outOffset + c);
        }
        for (; c < columns; c++) {
            out[outOffset + c] = x[offset + c] * scale;
        }
    }
}
