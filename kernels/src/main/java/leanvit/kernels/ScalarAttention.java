package leanvit.kernels;

import java.util.Arrays;

/**
 * {@link Attention} without the Vector API, transposed: a row of a {@link ScalarTile} is a key's scores by all queries
 * of a block, then a channel of their results. Rows are long so, and a softmax over keys needs no sum within a row.
 *
 * <p>Scratch: queries [d, block], scores [N, block], then maxima over heads [N, block] (headMax alone).
 */
final class ScalarAttention implements Attention.Implementation {

    static final ScalarAttention KERNEL = new ScalarAttention();

    @Override
    public int scratchLength(int n, int heads, int headDim) {
        return Math.toIntExact((2L * n + headDim) * ScalarTile.part(n, ScalarTile.COLUMNS));
    }

    @Override
    public void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int qkvOffset, int stride,
                            float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                            float[] classRow, int classRowOffset, float[] columnSum, int columnSumOffset,
                            float[] scratch, int scratchOffset) {
        ScalarTile tile = ScalarTile.acquire();
        int width = heads * headDim;
        int q = qkvOffset + head * headDim;
        if (columnSum != null) {
            Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
        }
        // Of n, as scratch is: 208 of 209 queries would make one block, where 209 make two.
        int block = ScalarTile.part(n, ScalarTile.COLUMNS);
        for (int i = 0; i < queries; i += block) {
            int columns = Math.min(block, queries - i);
            exponentials(tile, columns, n, headDim, qkv, q + i * stride, q + width, stride, keyBias, biasOffset,
                    scratch, scratchOffset);
            int scores = scratchOffset + headDim * columns;
            for (int j = 0; classRow != null && i == 0 && j < n; j++) {
                classRow[classRowOffset + j] = scratch[scores + j * columns] * tile.row[0];
            }
            for (int j = 0; columnSum != null && j < n; j++) {
                int to = columnSumOffset + j;
                columnSum[to] = sum(columnSum[to], columns, scratch, scores + j * columns, tile.row);
            }
            values(tile, columns, n, headDim, qkv, q + 2 * width, stride, scratch, scores,
                    out, outOffset + i * outStride + head * headDim, outStride);
        }
        tile.release();
    }

    @Override
    public void headMax(int n, int prefix, int heads, int headDim, float[] qkv, int qkvOffset, int stride,
                               float[] keyBias, int biasOffset, float[] out, int outOffset, int outStride,
                               float[] columnSum, int columnSumOffset, float[] scratch, int scratchOffset) {
        ScalarTile tile = ScalarTile.acquire();
        int width = heads * headDim;
        Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
        int block = ScalarTile.part(n, ScalarTile.COLUMNS);
        for (int i = 0; i < n; i += block) {
            int columns = Math.min(block, n - i);
            int scores = scratchOffset + headDim * columns;
            int maxima = scores + n * columns;
            Arrays.fill(scratch, maxima, maxima + n * columns, 0f);
            for (int h = 0; h < heads; h++) {
                int q = qkvOffset + h * headDim;
                exponentials(tile, columns, n, headDim, qkv, q + i * stride, q + width, stride, keyBias, biasOffset,
                    scratch, scratchOffset);
                for (int j = 0; j < n; j++) {
                    maximum(columns, scratch, scores + j * columns, tile.row, maxima + j * columns);
                }
                values(tile, columns, n, headDim, qkv, q + 2 * width, stride, scratch, scores,
                        out, outOffset + i * outStride + h * headDim, outStride);
            }
            int from = Math.max(0, prefix - i);
            for (int j = prefix; j < n; j++) {
                float sum = columnSum[columnSumOffset + j];
                for (int c = from; c < columns; c++) {
                    sum += scratch[maxima + j * columns + c];
                }
                columnSum[columnSumOffset + j] = sum;
            }
        }
        tile.release();
    }

    /**
     * Fills scratch with exp(score - maximum of its query) and the tile's row with the reciprocals of each query's sum.
     */
    private static void exponentials(ScalarTile tile, int columns, int n, int headDim, float[] qkv, int q, int k,
                                     int stride, float[] keyBias, int biasOffset, float[] scratch, int queries) {
        transposeQueries(columns, headDim, qkv, q, stride, scratch, queries);
        int scores = queries + headDim * columns;
        Arrays.fill(tile.row, 0, columns, Float.NEGATIVE_INFINITY);
        int height = ScalarTile.part(n, ScalarTile.ROWS);
        for (int j = 0; j < n; j += height) {
            int rows = Math.min(height, n - j);
            for (int r = 0; r < rows; r++) {
                tile.fill(r, columns, keyBias == null ? 0f : keyBias[biasOffset + j + r]);
            }
            product(tile, rows, columns, headDim, qkv, k + j * stride, stride, 1, scratch, queries);
            for (int r = 0; r < rows; r++) {
                maximum(columns, tile.sums[r], tile.row);
                System.arraycopy(tile.sums[r], 0, scratch, scores + (j + r) * columns, columns);
            }
        }
        for (int c = 0; c < columns; c++) {
            // Nothing to attend to: any finite number makes exponentials of 0.
            tile.row[c] = tile.row[c] == Float.NEGATIVE_INFINITY ? 0f : tile.row[c];
        }
        Arrays.fill(tile.totals, 0, columns, 0);
        for (int j = 0; j < n; j++) {
            exponentials(columns, scratch, scores + j * columns, tile.row, tile.totals);
        }
        for (int c = 0; c < columns; c++) {
            tile.row[c] = tile.totals[c] == 0 ? 0f : (float) (1 / tile.totals[c]);
        }
    }

    private static void transposeQueries(int columns, int headDim, float[] qkv, int q, int stride, float[] scratch,
                                         int to) {
        float scale = (float) (1 / Math.sqrt(headDim));
        for (int i = 0; i < columns; i++) {
            for (int c = 0; c < headDim; c++) {
                scratch[to + c * columns + i] = qkv[q + i * stride + c] * scale;
            }
        }
    }

    /** Adds to a tile the product of rows of a with the k rows of scratch from {@code b} on. */
    private static void product(ScalarTile tile, int rows, int columns, int k, float[] a, int ao, int rowStep, int step,
                                float[] scratch, int b) {
        for (int p = 0; p < k; p += ScalarTile.STEPS) {
            int steps = Math.min(ScalarTile.STEPS, k - p);
            for (int s = 0; s < steps; s++) {
                tile.copyRow(s, scratch, b + (p + s) * columns, columns);
            }
            tile.add(rows, columns, steps, a, ao + p * step, rowStep, step);
        }
    }

    private static void maximum(int columns, float[] x, float[] max) {
        for (int c = 0; c < columns; c++) {
            max[c] = Math.max(max[c], x[c]);
        }
    }

    private static void exponentials(int columns, float[] x, int offset, float[] max, double[] totals) {
        for (int c = 0; c < columns; c++) {
            float value = ScalarMath.expNonPositive(x[offset + c] - max[c]);
            x[offset + c] = value;
            totals[c] += value;
        }
    }

    /** Keeps the larger of maxima and shares; NaN is never larger. */
    private static void maximum(int columns, float[] x, int offset, float[] factors, int maxima) {
        for (int c = 0; c < columns; c++) {
            float share = x[offset + c] * factors[c];
            x[maxima + c] = share > x[maxima + c] ? share : x[maxima + c];
        }
    }

    private static float sum(float sum, int columns, float[] x, int offset, float[] factors) {
        for (int c = 0; c < columns; c++) {
            sum += x[offset + c] * factors[c];
        }
        return sum;
    }

    private static void values(ScalarTile tile, int columns, int n, int headDim, float[] qkv, int v, int stride,
                               float[] scratch, int scores, float[] out, int outOffset, int outStride) {
        int height = ScalarTile.part(headDim, ScalarTile.ROWS);
        for (int channel = 0; channel < headDim; channel += height) {
            int rows = Math.min(height, headDim - channel);
            for (int r = 0; r < rows; r++) {
                tile.fill(r, columns, 0f);
            }
            product(tile, rows, columns, n, qkv, v + channel, 1, stride, scratch, scores);
            for (int i = 0; i < columns; i++) {
                int to = outOffset + i * outStride + channel;
                for (int r = 0; r < rows; r++) {
                    out[to + r] = tile.sums[r][i] * tile.row[i];
                }
            }
        }
    }
}
