package leanvit.kernels;

/**
 * {@link LayerNorm} without the Vector API. Sums are doubles, which costs a scalar processor nothing and
 * needs no correction.
 */
final class ScalarLayerNorm implements LayerNorm.Implementation {

    static final ScalarLayerNorm KERNEL = new ScalarLayerNorm();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] weight, float[] bias,
                            float epsilon, float[] out, int outOffset, int outStride, float[] statistics,
                            int statisticsOffset) {
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            double sum = 0;
            for (int c = 0; c < columns; c++) {
                sum += x[offset + c];
            }
            double mean = sum / columns;
            double squares = 0;
            for (int c = 0; c < columns; c++) {
                double deviation = x[offset + c] - mean;
                squares += deviation * deviation;
            }
            double scale = 1 / Math.sqrt(squares / columns + epsilon);
            if (statistics != null) {
                statistics[statisticsOffset + 2 * r] = (float) mean;
                statistics[statisticsOffset + 2 * r + 1] = (float) scale;
            }
            for (int c = 0; c < columns; c++) {
                float normalised = (float) ((x[offset + c] - mean) * scale);
                out[outOffset + c] = normalised * weight[c] + bias[c];
            }
        }
    }
}
