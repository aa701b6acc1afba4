package leanvit.kernels;

/**
 * Packs rows of activations into the panels of {@link PanelLayout}, for products whose right operand is not a weight.
 */
final class SimdPanels {

    private SimdPanels() {
    }

    /**
     * Packs {@code valid} rows of {@code length} floats transposed and scaled into a panel's rows, from {@code to} on,
     * and zeros beside them; 4 rows at a time, so that 4 stores meet in a cache line.
     */
    static void transpose(int valid, int width, int length, float scale, float[] x, int xo, int stride,
                                  float[] out, int to) {
        int j = 0;
        for (; j <= valid - 4; j += 4) {
            int x0 = xo + j * stride;
            int x1 = x0 + stride;
            int x2 = x1 + stride;
            int x3 = x2 + stride;
            int o = to + j;
            for (int c = 0; c < length; c++, o += width) {
                out[o] = x[x0 + c] * scale;
                out[o + 1] = x[x1 + c] * scale;
                out[o + 2] = x[x2 + c] * scale;
                out[o + 3] = x[x3 + c] * scale;
            }
        }
        for (; j < width; j++) {
            for (int c = 0; c < length; c++) {
                out[to + c * width + j] = j < valid ? x[xo + j * stride + c] * scale : 0f;
            }
        }
    }
}
