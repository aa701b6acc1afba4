package leanvit.kernels;

import java.util.Arrays;

/** {@link HeadMax} without the Vector API. */
final class ScalarHeadMax implements HeadMax.Implementation {

    static final ScalarHeadMax KERNEL = new ScalarHeadMax();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                              float[] out, int outOffset, int outStride) {
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            Arrays.fill(out, outOffset, outOffset + columns, Float.NEGATIVE_INFINITY);
            for (int h = 0; h < heads; h++) {
                int from = offset + h * headStride;
                for (int c = 0; c < columns; c++) {
                    float value = x[from + c];
                    // Not by a branch, which half the values would mispredict: 10 times slower.
                    out[outOffset + c] = Math.max(out[outOffset + c], Float.isNaN(value) ? Float.NEGATIVE_INFINITY : value);
                }
            }
        }
    }
}
