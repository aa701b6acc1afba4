package leanvit.kernels;

import java.util.Arrays;

/** {@link Attention} without the Vector API, a query at a time; inner loops are ones that C2 vectorises. */
final class ScalarAttention implements Attention.Implementation {

    static final ScalarAttention KERNEL = new ScalarAttention();

    @Override
    public int scratchLength(int n, int heads, int headDim) {
        return Math.toIntExact((long) heads * n * headDim + 2L * n + headDim);
    }

    @Override
    public void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset, int stride,
                            float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                            float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset, float[] scratch) {
        int q = qkvOffset + head * headDim;
        int scores = n * headDim;
        transposeKeys(n, headDim, qkv, q + heads * headDim, stride, scratch, 0);
        if (columnSum != null) {
            Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
        }
        for (int i = 0; i < queries; i++) {
            softmaxRow(n, headDim, qkv, q + i * stride, keyBias, biasOffset, scratch, 0, scores);
            if (classRow != null && i == 0) {
                System.arraycopy(scratch, scores, classRow, classRowOffset, n);
            }
            if (columnSum != null) {
                axpy(n, 1f, scratch, scores, columnSum, columnSumOffset);
            }
            valuesRow(n, headDim, qkv, q + 2 * heads * headDim, stride, scratch, scores,
                    out, outOffset + i * outStride + head * headDim);
        }
    }

    @Override
    public void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                               float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                               float[] columns, int columnsOffset, float[] scratch) {
        int width = heads * headDim;
        int scores = heads * n * headDim;
        int maxima = scores + n + headDim;
        for (int h = 0; h < heads; h++) {
            transposeKeys(n, headDim, qkv, qkvOffset + width + h * headDim, stride, scratch, h * n * headDim);
        }
        Arrays.fill(columns, columnsOffset, columnsOffset + n, 0f);
        for (int i = 0; i < n; i++) {
            Arrays.fill(scratch, maxima, maxima + n, 0f);
            for (int h = 0; h < heads; h++) {
                int q = qkvOffset + h * headDim;
                softmaxRow(n, headDim, qkv, q + i * stride, keyBias, biasOffset, scratch, h * n * headDim, scores);
                for (int j = 0; j < n; j++) {
                    if (scratch[scores + j] > scratch[maxima + j]) {
                        scratch[maxima + j] = scratch[scores + j];
                    }
                }
                valuesRow(n, headDim, qkv, q + 2 * width, stride, scratch, scores, out, outOffset + i * outStride + h * headDim);
            }
            if (i >= prefix) {
                axpy(n - prefix, 1f, scratch, maxima + prefix, columns, columnsOffset + prefix);
            }
        }
    }

    private static void transposeKeys(int n, int headDim, float[] qkv, int k, int stride, float[] keys,
                                      int offset) {
        float scale = (float) (1 / Math.sqrt(headDim));
        for (int j = 0; j < n; j++) {
            for (int c = 0; c < headDim; c++) {
                keys[offset + c * n + j] = qkv[k + j * stride + c] * scale;
            }
        }
    }

    private static void softmaxRow(int n, int headDim, float[] qkv, int q, float[] keyBias, int biasOffset, float[] scratch,
                                   int keys, int scores) {
        if (keyBias == null) {
            Arrays.fill(scratch, scores, scores + n, 0f);
        } else {
            System.arraycopy(keyBias, biasOffset, scratch, scores, n);
        }
        for (int c = 0; c < headDim; c++) {
            axpy(n, qkv[q + c], scratch, keys + c * n, scratch, scores);
        }
        ScalarSoftmax.KERNEL.rows(scratch, scores, n, 1, n, scratch, scores, n);
    }

    private static void valuesRow(int n, int headDim, float[] qkv, int v, int stride, float[] scratch, int scores, float[] out,
                                  int outOffset) {
        int result = scores + n;
        Arrays.fill(scratch, result, result + headDim, 0f);
        for (int j = 0; j < n; j++) {
            axpy(headDim, scratch[scores + j], qkv, v + j * stride, scratch, result);
        }
        System.arraycopy(scratch, result, out, outOffset, headDim);
    }

    private static void axpy(int n, float factor, float[] x, int xo, float[] y, int yo) {
        for (int j = 0; j < n; j++) {
            y[yo + j] += factor * x[xo + j];
        }
    }
}
