package leanvit.kernels;

import java.util.Arrays;

/** {@link HeadMean} without the Vector API. */
final class ScalarHeadMean implements HeadMean.Implementation {

    static final ScalarHeadMean KERNEL = new ScalarHeadMean();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                       float[] out, int outOffset, int outStride) {
        float share = 1f / heads;
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            Arrays.fill(out, outOffset, outOffset + columns, 0f);
            for (int h = 0; h < heads; h++) {
                int from = offset + h * headStride;
                for (int c = 0; c < columns; c++) {
                    out[outOffset + c] += x[from + c];
                }
            }
            for (int c = 0; c < columns; c++) {
                out[outOffset + c] *= share;
            }
        }
    }
}
