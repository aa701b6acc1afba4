package leanvit.kernels;

import java.util.Arrays;

/** {@link Softmax} without the Vector API. */
final class ScalarSoftmax implements Softmax.Implementation {

    static final ScalarSoftmax KERNEL = new ScalarSoftmax();

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns,
                            float[] out, int outOffset, int outStride) {
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            float max = Float.NEGATIVE_INFINITY;
            for (int c = 0; c < columns; c++) {
                float value = x[offset + c];
                max = value > max ? value : max;
            }
            if (max == Float.NEGATIVE_INFINITY) {
                withoutMaximum(x, offset, columns, out, outOffset);
                continue;
            }
            double sum = 0;
            for (int c = 0; c < columns; c++) {
                float value = ScalarMath.exp(x[offset + c] - max);
                out[outOffset + c] = value;
                sum += value;
            }
            float scale = (float) (1 / sum);
            for (int c = 0; c < columns; c++) {
                out[outOffset + c] *= scale;
            }
        }
    }

    /** A row of nothing but -infinity and NaN: zeros, or NaN where there is one. */
    static void withoutMaximum(float[] x, int offset, int columns, float[] out, int outOffset) {
        float result = 0f;
        for (int c = 0; c < columns; c++) {
            result = Float.isNaN(x[offset + c]) ? Float.NaN : result;
        }
        Arrays.fill(out, outOffset, outOffset + columns, result);
    }
}
