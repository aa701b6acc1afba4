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
    public void head(Attention call, int head, int queries) {
        ScalarTile tile = ScalarTile.acquire();
        int n = call.n;
        int headDim = call.headDim;
        float[] scratch = call.scratch;
        float[] classRow = call.classRow;
        float[] columnSum = call.columnSum;
        int v = call.qkvOffset + (2 * call.heads + head) * headDim;
        if (columnSum != null) {
            Arrays.fill(columnSum, call.columnSumOffset, call.columnSumOffset + n, 0f);
        }
        // Of n, as scratch is: 208 of 209 queries would make one block, where 209 make two.
        int block = ScalarTile.part(n, ScalarTile.COLUMNS);
        for (int i = 0; i < queries; i += block) {
            int columns = Math.min(block, queries - i);
            exponentials(tile, call, head, i, columns);
            int scores = call.scratchOffset + headDim * columns;
            for (int j = 0; classRow != null && i == 0 && j < n; j++) {
                classRow[call.classRowOffset + j] = scratch[scores + j * columns] * tile.row[0];
            }
            for (int j = 0; columnSum != null && j < n; j++) {
                int to = call.columnSumOffset + j;
                columnSum[to] = sum(columnSum[to], columns, scratch, scores + j * columns, tile.row);
            }
            values(tile, columns, n, headDim, call.qkv, v, call.stride, scratch, scores,
                    call.out, call.outOffset + i * call.outStride + head * headDim, call.outStride);
        }
        tile.release();
    }

    @Override
    public void headMax(Attention call, int prefix, float[] columnSum, int columnSumOffset) {
        ScalarTile tile = ScalarTile.acquire();
        int n = call.n;
        int heads = call.heads;
        int headDim = call.headDim;
        float[] scratch = call.scratch;
        Arrays.fill(columnSum, columnSumOffset, columnSumOffset + n, 0f);
        int block = ScalarTile.part(n, ScalarTile.COLUMNS);
        for (int i = 0; i < n; i += block) {
            int columns = Math.min(block, n - i);
            int scores = call.scratchOffset + headDim * columns;
            int maxima = scores + n * columns;
            Arrays.fill(scratch, maxima, maxima + n * columns, 0f);
            for (int h = 0; h < heads; h++) {
                exponentials(tile, call, h, i, columns);
                for (int j = 0; j < n; j++) {
                    maximum(columns, scratch, scores + j * columns, tile.row, maxima + j * columns);
                }
                values(tile, columns, n, headDim, call.qkv, call.qkvOffset + (2 * heads + h) * headDim, call.stride,
                        scratch, scores, call.out, call.outOffset + i * call.outStride + h * headDim, call.outStride);
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
     * Fills scratch with exp(score - maximum of its query) of some queries of a head, and the tile's row with the
     * reciprocals of each query's sum.
     */
    private static void exponentials(ScalarTile tile, Attention call, int head, int query, int columns) {
        int n = call.n;
        int headDim = call.headDim;
        int stride = call.stride;
        float[] scratch = call.scratch;
        int queries = call.scratchOffset;
        int q = call.qkvOffset + head * headDim;
        int k = q + call.heads * headDim;
        transposeQueries(columns, headDim, call.qkv, q + query * stride, stride, scratch, queries);
        int scores = queries + headDim * columns;
        Arrays.fill(tile.row, 0, columns, Float.NEGATIVE_INFINITY);
        int height = ScalarTile.part(n, ScalarTile.ROWS);
        for (int j = 0; j < n; j += height) {
            int rows = Math.min(height, n - j);
            for (int r = 0; r < rows; r++) {
                tile.fill(r, columns, call.keyBias == null ? 0f : call.keyBias[call.keyBiasOffset + j + r]);
            }
            product(tile, rows, columns, headDim, call.qkv, k + j * stride, stride, 1, scratch, queries);
            if (call.pairBias != null) {
                addPairBias(tile, call, head, query, columns, j, rows);
            }
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

    /** Adds the bias of queries from {@code query} on, and keys from {@code key} on, to a tile of scores. */
    private static void addPairBias(ScalarTile tile, Attention call, int head, int query, int columns, int key,
                                    int keys) {
        int bias = call.pairBiasOffset + head * call.pairBiasHeadStride + query * call.pairBiasStride + key;
        for (int c = 0; c < columns; c++) {
            for (int r = 0; r < keys; r++) {
                tile.sums[r][c] += call.pairBias[bias + c * call.pairBiasStride + r];
            }
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
            float value = ScalarMath.exp(x[offset + c] - max[c]);
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
