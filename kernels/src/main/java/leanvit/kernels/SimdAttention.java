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
    public void head(Attention call, int head, int queries) {
        int n = call.n;
        int headDim = call.headDim;
        int stride = call.stride;
        float[] qkv = call.qkv;
        float[] scratch = call.scratch;
        int packed = call.scratchOffset;
        int tile = packed + packedHead(n, headDim);
        int padded = PanelLayout.paddedColumns(n);
        int sums = sumsOffset(tile, padded, headDim);
        int width = call.heads * headDim;
        int q = call.qkvOffset + head * headDim;
        pack(n, headDim, qkv, q + width, q + 2 * width, stride, call.keyBias, call.keyBiasOffset, scratch, packed);
        float[] classRow = call.classRow;
        float[] columnSum = call.columnSum;
        if (columnSum != null) {
            Arrays.fill(columnSum, call.columnSumOffset, call.columnSumOffset + n, 0f);
        }
        int out = call.outOffset + head * headDim;
        for (int i = 0; i < queries; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, queries - i);
            softmaxTile(call, head, i, rows, packed, tile, sums);
            if (classRow != null && i == 0) {
                for (int j = 0; j < n; j++) {
                    classRow[call.classRowOffset + j] = scratch[tile + j] * scratch[sums];
                }
            }
            if (columnSum != null) {
                for (int r = 0; r < rows; r++) {
                    axpy(n, scratch[sums + r], scratch, tile + r * padded, columnSum, call.columnSumOffset);
                }
            }
            valuesTile(rows, n, headDim, scratch, packed, tile, sums, call.out, out + i * call.outStride,
                    call.outStride);
        }
    }

    @Override
    public void headMax(Attention call, int prefix, float[] columns, int columnsOffset) {
        int n = call.n;
        int heads = call.heads;
        int headDim = call.headDim;
        int width = heads * headDim;
        float[] scratch = call.scratch;
        int headLength = packedHead(n, headDim);
        int tile = call.scratchOffset + heads * headLength;
        int padded = PanelLayout.paddedColumns(n);
        int sums = sumsOffset(tile, padded, headDim);
        int maxima = tile + TILE_ROWS * (padded + PanelLayout.paddedColumns(headDim));
        for (int h = 0; h < heads; h++) {
            int k = call.qkvOffset + width + h * headDim;
            pack(n, headDim, call.qkv, k, k + width, call.stride, call.keyBias, call.keyBiasOffset, scratch,
                    call.scratchOffset + h * headLength);
        }
        Arrays.fill(columns, columnsOffset, columnsOffset + n, 0f);
        for (int i = 0; i < n; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, n - i);
            Arrays.fill(scratch, maxima, maxima + rows * padded, 0f);
            for (int h = 0; h < heads; h++) {
                int packed = call.scratchOffset + h * headLength;
                softmaxTile(call, h, i, rows, packed, tile, sums);
                for (int r = 0; r < rows; r++) {
                    SimdHeadMax.raise(padded, scratch[sums + r], scratch, tile + r * padded, scratch,
                            maxima + r * padded);
                }
                valuesTile(rows, n, headDim, scratch, packed, tile, sums, call.out,
                        call.outOffset + i * call.outStride + h * headDim, call.outStride);
            }
            for (int r = Math.max(0, prefix - i); r < rows; r++) {
                axpy(n - prefix, 1f, scratch, maxima + r * padded + prefix, columns, columnsOffset + prefix);
            }
        }
    }

    private static int sumsOffset(int tile, int padded, int headDim) {
        return tile + TILE_ROWS * (2 * padded + PanelLayout.paddedColumns(headDim));
    }

    private static void pack(int n, int headDim, float[] qkv, int k, int v, int stride, float[] keyBias, int biasOffset,
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

    /** Fills a tile with exp(score - row maximum) of some queries, and the reciprocals of its rows' sums. */
    private static void softmaxTile(Attention call, int head, int query, int rows, int packed, int tile, int sums) {
        int n = call.n;
        int headDim = call.headDim;
        float[] scratch = call.scratch;
        int padded = PanelLayout.paddedColumns(n);
        int q = call.qkvOffset + query * call.stride + head * headDim;
        for (int panel = 0; panel < PanelLayout.panels(padded); panel++) {
            int first = PanelLayout.column(padded, panel);
            SimdGemm.tile(rows, headDim, call.qkv, q, call.stride, scratch, packed + first * (headDim + 1),
                    PanelLayout.width(padded, panel), scratch, tile + first, padded);
        }
        if (call.pairBias != null) {
            int bias = call.pairBiasOffset + head * call.pairBiasHeadStride + query * call.pairBiasStride;
            for (int r = 0; r < rows; r++) {
                add(n, call.pairBias, bias + r * call.pairBiasStride, scratch, tile + r * padded);
            }
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
    private static void valuesTile(int rows, int n, int headDim, float[] scratch, int packed, int tile, int sums,
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

    private static void add(int n, float[] x, int xo, float[] y, int yo) {
        int j = 0;
        for (; j <= n - L; j += L) {
            FloatVector.fromArray(F, y, yo + j).add(FloatVector.fromArray(F, x, xo + j)).intoArray(y, yo + j);
        }
        for (; j < n; j++) {
            y[yo + j] += x[xo + j];
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
