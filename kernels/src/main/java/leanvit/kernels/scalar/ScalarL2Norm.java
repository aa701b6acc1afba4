package leanvit.kernels.scalar;

/** {@link leanvit.kernels.L2Norm} without the Vector API, in double: no float's square overflows or vanishes there. */
public final class ScalarL2Norm {

    private ScalarL2Norm() {
    }

    /** See {@link leanvit.kernels.L2Norm#rows}. */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float epsilon,
                            float[] out, int outOffset, int outStride) {
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            double squares = 0;
            for (int c = 0; c < columns; c++) {
                double value = x[offset + c];
                squares += value * value;
            }
            double length = Math.sqrt(squares) + epsilon;
            // 0 / 0 would be NaN: any divisor leaves a row of zeros as it is.
            double divisor = length == 0 ? 1 : length;
            for (int c = 0; c < columns; c++) {
                out[outOffset + c] = (float) (x[offset + c] / divisor);
            }
        }
    }
}
