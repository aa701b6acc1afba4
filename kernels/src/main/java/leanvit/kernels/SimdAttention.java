package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * {@link Attention} on vectors. Keys are packed transposed and scaled, values as they are, both into the
 * panels of {@link PanelLayout}; a key panel's bias row holds the key's bias, and -infinity where columns are padding,
 * so that padding drops out of the softmax by itself.
 *
 * <p>Scratch: for each head its key panels and its value panels; then a tile of scores (5 x padded N), a tile of
 * results (5 x padded d), a tile of maxima (headMax alone), and 5 reciprocal row sums.
 */
final class SimdAttention implements Attention.Implementation {

    static final SimdAttention KERNEL = new SimdAttention();

    private static final int TILE_ROWS = SimdGemm.TILE_ROWS;

    @Override
    public int scratchLength(int n, int heads, int headDim) {
        long length = (long) heads * packedHead(n, headDim)
                + (2L * PanelLayout.paddedColumns(n) + PanelLayout.paddedColumns(headDim)) * TILE_ROWS + TILE_ROWS;
        return Math.toIntExact(length);
    }

    private static int packedHead(int n, int headDim) {
        return packedKeys(n, headDim) + PanelLayout.paddedColumns(headDim) * (n + 1);
    }

    private static int packedKeys(int n, int headDim) {
        return PanelLayout.paddedColumns(n) * (headDim + 1);
    }

    @Override
    public void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset, int stride,
                            float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                            float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset,
                            float[] scratch, int scratchOffset) {
        int packed = scratchOffset;
        int tile = packed + packedHead(n, headDim);
        int padded = PanelLayout.paddedColumns(n);
        int sums = sumsOffset(tile, padded, headDim);
        int q = qkvOffset + head * headDim;
        pack(n, headDim, qkv, q + heads * headDim, q + 2 * heads * headDim, stride, keyBias, biasOffset, scratch,
                packed);
        if (columnSum != null) {
            Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
        }
        for (int i = 0; i < queries; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, queries - i);
            softmaxTile(rows, n, headDim, qkv, q + i * stride, stride, scratch, packed, tile, sums);
            if (classRow != null && i == 0) {
                for (int j = 0; j < n; j++) {
                    classRow[classRowOffset + j] = scratch[tile + j] * scratch[sums];
                }
            }
            if (columnSum != null) {
                for (int r = 0; r < rows; r++) {
                    axpy(n, scratch[sums + r], scratch, tile + r * padded, columnSum, columnSumOffset);
                }
            }
            valuesTile(rows, n, headDim, scratch, packed, tile, sums, out, outOffset + i * outStride + head * headDim,
                    outStride);
        }
    }

    @Override
    public void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                               float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                               float[] columns, int columnsOffset, float[] scratch, int scratchOffset) {
        int width = heads * headDim;
        int headLength = packedHead(n, headDim);
        int tile = scratchOffset + heads * headLength;
        int padded = PanelLayout.paddedColumns(n);
        int sums = sumsOffset(tile, padded, headDim);
        int maxima = tile + TILE_ROWS * (padded + PanelLayout.paddedColumns(headDim));
        for (int h = 0; h < heads; h++) {
            int k = qkvOffset + width + h * headDim;
            pack(n, headDim, qkv, k, k + width, stride, keyBias, biasOffset, scratch, scratchOffset + h * headLength);
        }
        Arrays.fill(columns, columnsOffset, columnsOffset + n, 0f);
        for (int i = 0; i < n; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, n - i);
            Arrays.fill(scratch, maxima, maxima + rows * padded, 0f);
            for (int h = 0; h < heads; h++) {
                int packed = scratchOffset + h * headLength;
                softmaxTile(rows, n, headDim, qkv, qkvOffset + h * headDim + i * stride, stride, scratch, packed, tile,
                        sums);
                for (int r = 0; r < rows; r++) {
                    SimdHeadMax.raise(padded, scratch[sums + r], scratch, tile + r * padded, scratch,
                            maxima + r * padded);
                }
                valuesTile(rows, n, headDim, scratch, packed, tile, sums, out, outOffset + i * outStride + h * headDim,
                        outStride);
            }
            for (int r = Math.max(0, prefix - i); r < rows; r++) {
                axpy(n - prefix, 1f, scratch, maxima + r * padded + prefix, columns, columnsOffset + prefix);
            }
        }
    }

    private static int sumsOffset(int tile, int padded, int headDim) {
        return tile + TILE_ROWS * (2 * padded + PanelLayout.paddedColumns(headDim));
    }

    static void pack(int n, int headDim, float[] qkv, int k, int v, int stride, float[] keyBias, int biasOffset,
                             float[] packed, int offset) {
        float scale = (float) (1 / Math.sqrt(headDim));
        int columns = PanelLayout.paddedColumns(n);
        for (int panel = 0; panel < PanelLayout.panels(columns); panel++) {
            int first = PanelLayout.column(columns, panel);
            int width = PanelLayout.width(columns, panel);
            int valid = Math.min(width, n - first);
            int bias = offset + first * (headDim + 1);
            Arrays.fill(packed, bias, bias + valid, 0f);
            Arrays.fill(packed, bias + valid, bias + width, Float.NEGATIVE_INFINITY);
            if (keyBias != null) {
                System.arraycopy(keyBias, biasOffset + first, packed, bias, valid);
            }
            SimdPanels.transpose(valid, width, headDim, scale, qkv, k + first * stride, stride, packed, bias + width);
        }
        int values = offset + packedKeys(n, headDim);
        columns = PanelLayout.paddedColumns(headDim);
        for (int panel = 0; panel < PanelLayout.panels(columns); panel++) {
            int first = PanelLayout.column(columns, panel);
            int width = PanelLayout.width(columns, panel);
            int valid = Math.min(width, headDim - first);
            int to = values + first * (n + 1);
            Arrays.fill(packed, to, to + width, 0f);
            copyRows(n, valid, width, qkv, v + first, stride, packed, to + width);
        }
    }

    private static void copyRows(int rows, int valid, int width, float[] x, int xo, int stride, float[] out, int to) {
        for (int i = 0; i < rows; i++) {
            int c = 0;
            for (; c <= valid - L; c += L) {
                FloatVector.fromArray(F, x, xo + c).intoArray(out, to + c);
            }
            for (; c < width; c++) {
                out[to + c] = c < valid ? x[xo + c] : 0f;
            }
            xo += stride;
            to += width;
        }
    }

    /** Fills a tile with exp(score - row maximum), and the reciprocals of its rows' sums. */
    static void softmaxTile(int rows, int n, int headDim, float[] qkv, int q, int stride, float[] scratch, int packed,
                                    int tile, int sums) {
        int padded = PanelLayout.paddedColumns(n);
        for (int panel = 0; panel < PanelLayout.panels(padded); panel++) {
            int first = PanelLayout.column(padded, panel);
            SimdGemm.tile(rows, headDim, qkv, q, stride, scratch, packed + first * (headDim + 1),
                    PanelLayout.width(padded, panel), scratch, tile + first, padded);
        }
        for (int r = 0; r < rows; r++) {
            float max = SimdSoftmax.max(padded, scratch, tile + r * padded);
            scratch[sums + r] = max == Float.NEGATIVE_INFINITY ? 0f : -max;
        }
        SimdSoftmax.exponentiate(rows, padded, scratch, sums, scratch, tile, padded, scratch, tile, padded);
        SimdSoftmax.sum(rows, padded, scratch, tile, padded, scratch, sums);
        for (int r = 0; r < rows; r++) {
            float sum = scratch[sums + r];
            if (sum > 0f) {
                scratch[sums + r] = 1f / sum;
            } else {
                withoutSum(n, padded, scratch, tile + r * padded, sums + r);
            }
        }
    }

    /** A row without a number above -infinity: zeros; with a NaN: NaN. */
    private static void withoutSum(int n, int padded, float[] scratch, int row, int factor) {
        boolean allMasked = noNaN(n, scratch, row);
        Arrays.fill(scratch, row, row + n, allMasked ? 0f : Float.NaN);
        Arrays.fill(scratch, row + n, row + padded, 0f);
        scratch[factor] = allMasked ? 0f : Float.NaN;
    }

    private static boolean noNaN(int n, float[] x, int row) {
        for (int j = 0; j < n; j++) {
            if (Float.isNaN(x[row + j])) {
                return false;
            }
        }
        return true;
    }

    /** Multiplies a tile of exponentials with the values and scales each row to its share. */
    static void valuesTile(int rows, int n, int headDim, float[] scratch, int packed, int tile, int sums,
                                   float[] out, int outOffset, int outStride) {
        int padded = PanelLayout.paddedColumns(n);
        int values = packed + packedKeys(n, headDim);
        int result = tile + TILE_ROWS * padded;
        int resultStride = PanelLayout.paddedColumns(headDim);
        for (int panel = 0; panel < PanelLayout.panels(resultStride); panel++) {
            int first = PanelLayout.column(resultStride, panel);
            SimdGemm.tile(rows, n, scratch, tile, padded, scratch, values + first * (n + 1),
                    PanelLayout.width(resultStride, panel), scratch, result + first, resultStride);
        }
        for (int r = 0; r < rows; r++) {
            scale(headDim, scratch[sums + r], scratch, result + r * resultStride, out, outOffset + r * outStride);
        }
    }

    private static void scale(int n, float factor, float[] x, int xo, float[] y, int yo) {
        FloatVector f = FloatVector.broadcast(F, factor);
        int j = 0;
        for (; j <= n - L; j += L) {
            FloatVector.fromArray(F, x, xo + j).mul(f).intoArray(y, yo + j);
        }
        for (; j < n; j++) {
            y[yo + j] = x[xo + j] * factor;
        }
    }

    private static void axpy(int n, float factor, float[] x, int xo, float[] y, int yo) {
        FloatVector f = FloatVector.broadcast(F, factor);
        int j = 0;
        for (; j <= n - L; j += L) {
            FloatVector.fromArray(F, y, yo + j).add(FloatVector.fromArray(F, x, xo + j).mul(f)).intoArray(y, yo + j);
        }
        for (; j < n; j++) {
            y[yo + j] += x[xo + j] * factor;
        }
    }
}
