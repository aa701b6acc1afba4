package leanvit.kernels;

import java.util.Arrays;

/** {@link MergeRows} without the Vector API. */
final class ScalarMergeRows implements MergeRows.Implementation {

    static final ScalarMergeRows KERNEL = new ScalarMergeRows();

    @Override
    public void apply(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, float[] weight,
                      int width, float[] out, int outOffset, int outStride) {
        for (int i = 0; i < k; i++) {
            int row = order[i];
            int t = target[row];
            if (t >= 0) {
                float factor = weight == null ? 1f : weight[row];
                int from = offset + row * stride;
                int to = outOffset + t * outStride;
                if (first != null && first[t] == row) {
                    scale(width, factor, x, from, out, to);
                } else {
                    add(width, factor, x, from, out, to);
                }
            }
        }
    }

    @Override
    public void max(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, int width,
                    float[] out, int outOffset, int outStride) {
        for (int i = 0; i < k; i++) {
            int row = order[i];
            int t = target[row];
            if (t >= 0) {
                int from = offset + row * stride;
                int to = outOffset + t * outStride;
                if (first != null && first[t] == row) {
                    System.arraycopy(x, from, out, to, width);
                } else {
                    raise(width, x, from, out, to);
                }
            }
        }
    }

    @Override
    public void transposed(float[] dOut, int offset, int stride, int[] target, float[] weight, int n, int width,
                           float[] dIn, int inOffset, int inStride) {
        for (int i = 0; i < n; i++) {
            int to = inOffset + i * inStride;
            if (target[i] < 0) {
                Arrays.fill(dIn, to, to + width, 0f);
            } else {
                float factor = weight == null ? 1f : weight[i];
                scale(width, factor, dOut, offset + target[i] * stride, dIn, to);
            }
        }
    }

    @Override
    public void weightGradients(float[] dOut, int offset, int stride, int[] target, int n, int width,
                                float[] x, int xOffset, int xStride, float[] dWeight, int weightOffset) {
        for (int i = 0; i < n; i++) {
            dWeight[weightOffset + i] =
                    target[i] < 0 ? 0f : product(width, dOut, offset + target[i] * stride, x, xOffset + i * xStride);
        }
    }

    /**
     * Returns the dot product of two rows, in four sums: in a single one each addition would wait for the one before.
     */
    private static float product(int width, float[] a, int aFrom, float[] b, int bFrom) {
        float sum0 = 0f;
        float sum1 = 0f;
        float sum2 = 0f;
        float sum3 = 0f;
        int c = 0;
        for (; c <= width - 4; c += 4) {
            sum0 = ScalarMath.fma(a[aFrom + c], b[bFrom + c], sum0);
            sum1 = ScalarMath.fma(a[aFrom + c + 1], b[bFrom + c + 1], sum1);
            sum2 = ScalarMath.fma(a[aFrom + c + 2], b[bFrom + c + 2], sum2);
            sum3 = ScalarMath.fma(a[aFrom + c + 3], b[bFrom + c + 3], sum3);
        }
        float sum = (sum0 + sum2) + (sum1 + sum3);
        for (; c < width; c++) {
            sum = ScalarMath.fma(a[aFrom + c], b[bFrom + c], sum);
        }
        return sum;
    }

    /** {@code out = factor * x}; where the factor is 1 a copy, which keeps even a NaN's bits. */
    static void scale(int columns, float factor, float[] x, int from, float[] out, int to) {
        if (factor == 1f) {
            System.arraycopy(x, from, out, to, columns);
        } else {
            multiply(columns, factor, x, from, out, to);
        }
    }

    /** {@code out = factor * x}. */
    static void multiply(int columns, float factor, float[] x, int from, float[] out, int to) {
        for (int c = 0; c < columns; c++) {
            out[to + c] = factor * x[from + c];
        }
    }

    /** {@code out += factor * x}. */
    static void add(int columns, float factor, float[] x, int from, float[] out, int to) {
        for (int c = 0; c < columns; c++) {
            out[to + c] = ScalarMath.fma(factor, x[from + c], out[to + c]);
        }
    }

    /** {@code out = max(out, x)}. */
    static void raise(int columns, float[] x, int from, float[] out, int to) {
        for (int c = 0; c < columns; c++) {
            out[to + c] = Math.max(out[to + c], x[from + c]);
        }
    }
}
