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
                    out[outOffset + c] = larger(out[outOffset + c], x[from + c]);
                }
            }
        }
    }

    /**
     * Returns {@code value > max ? value : max}, where {@code max} is not NaN.
     *
     * <p>Not written so, because half the values would mispredict that branch: 10 times slower. {@code Math.max} has
     * none, but takes NaN for the largest and 0.0 for larger than -0.0; the tests that set this right nearly always go
     * one way.
     */
    private static float larger(float max, float value) {
        float larger = Math.max(max, Float.isNaN(value) ? Float.NEGATIVE_INFINITY : value);
        return larger == 0f && max == 0f ? max : larger;
    }
}
