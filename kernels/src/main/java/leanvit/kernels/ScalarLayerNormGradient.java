package leanvit.kernels;

/** {@link LayerNormGradient} without the Vector API; sums within a row are doubles. */
final class ScalarLayerNormGradient implements LayerNormGradient.Implementation {

    static final ScalarLayerNormGradient KERNEL = new ScalarLayerNormGradient();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns, float[] statistics,
                     int statisticsOffset, float[] weight, float[] dy, int dyOffset, int dyStride, float[] dx,
                     int dxOffset, int dxStride, float[] dWeight, int dWeightOffset, float[] dBias, int dBiasOffset) {
        for (int r = 0; r < rows; r++) {
            int from = offset + r * stride;
            int fromDy = dyOffset + r * dyStride;
            int to = dxOffset + r * dxStride;
            float mean = statistics[statisticsOffset + 2 * r];
            float scale = statistics[statisticsOffset + 2 * r + 1];
            double sum = 0;
            double product = 0;
            for (int c = 0; c < columns; c++) {
                float g = dy[fromDy + c] * weight[c];
                sum += g;
                product += g * ((x[from + c] - mean) * scale);
            }
            float meanG = (float) (sum / columns);
            float meanProduct = (float) (product / columns);
            for (int c = 0; c < columns; c++) {
                float n = (x[from + c] - mean) * scale;
                float g = dy[fromDy + c] * weight[c];
                dx[to + c] += scale * (g - meanG - n * meanProduct);
            }
            for (int c = 0; dWeight != null && c < columns; c++) {
                float n = (x[from + c] - mean) * scale;
                dWeight[dWeightOffset + c] += dy[fromDy + c] * n;
                dBias[dBiasOffset + c] += dy[fromDy + c];
            }
        }
    }
}
