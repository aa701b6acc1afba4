package leanvit.kernels;

/** {@link RmsNorm} without the Vector API. The sum is a double, in which squares of floats cannot overflow. */
final class ScalarRmsNorm implements RmsNorm.Implementation {

    static final ScalarRmsNorm KERNEL = new ScalarRmsNorm();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float epsilon,
                     float[] out, int outOffset, int outStride) {
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            double squares = 0;
            for (int c = 0; c < columns; c++) {
                squares += (double) x[offset + c] * x[offset + c];
            }
            double scale = 1 / Math.sqrt(squares / columns + epsilon);
            for (int c = 0; c < columns; c++) {
                out[outOffset + c] = (float) (x[offset + c] * scale) * weight[c];
            }
        }
    }
}
