package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import leanvit.kernels.Gemm.Epilogue;

/** {@link Gemm} on vectors: every panel meets all row tiles while it is in cache. */
final class SimdGemm implements Gemm.Implementation {

    static final SimdGemm KERNEL = new SimdGemm();

    private static final int TILE_ROWS = 6;

    @Override
    public void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel, int toPanel,
                                Epilogue epilogue, float[] c, int co, int ldc) {
        boolean add = epilogue == Epilogue.RESIDUAL;
        for (int panel = fromPanel; panel < toPanel; panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int valid = Math.min(width, n - first);
            int bo = bOffset + PanelLayout.offset(k, n, panel);
            for (int i = 0; i < m; i += TILE_ROWS) {
                int height = Math.min(TILE_ROWS, m - i);
                int tile = co + i * ldc + first;
                tile(height, k, a, ao + i * lda, lda, b, bo, width, c, tile, ldc, valid, add);
                if (epilogue == Epilogue.GELU) {
                    // The vector loop is kept from calls without a whole vector: they would make C2 think its body cold.
                    if (valid < L) {
                        ScalarGemm.gelu(height, valid, c, tile, ldc);
                    } else {
                        gelu(height, valid, c, tile, ldc);
                    }
                }
            }
        }
    }

    /** Computes up to 6 rows by one panel; the heights 5 and 4 are two tiles. */
    static void tile(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co,
                     int ldc, int valid, boolean add) {
        boolean wide = PanelLayout.isWide(width);
        if (valid < width) {
            for (int r = 0; r < rows; r++) {
                if (valid < L) {
                    narrow(k, a, ao + r * lda, b, bo, width, c, co + r * ldc, valid, add);
                } else if (wide) {
                    SimdTile3.rows1Tail(k, a, ao + r * lda, b, bo, 3 * L, c, co + r * ldc, valid, add);
                } else {
                    SimdTile2.rows1Tail(k, a, ao + r * lda, b, bo, 2 * L, c, co + r * ldc, valid, add);
                }
            }
        } else if (wide) {
            tile3(rows, k, a, ao, lda, b, bo, c, co, ldc, add);
        } else {
            tile2(rows, k, a, ao, lda, b, bo, c, co, ldc, add);
        }
    }

    /** One row by fewer columns than a vector has lanes. */
    private static void narrow(int k, float[] a, int a0, float[] b, int bo, int width, float[] c, int co, int columns,
                               boolean add) {
        for (int j = 0; j < columns; j++) {
            float sum = b[bo + j];
            int bi = bo + width + j;
            for (int p = 0; p < k; p++, bi += width) {
                sum = Math.fma(a[a0 + p], b[bi], sum);
            }
            c[co + j] = add ? sum + c[co + j] : sum;
        }
    }

    private static void tile3(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co,
                              int ldc, boolean add) {
        if (rows == TILE_ROWS) {
            SimdTile3.rows6(k, a, ao, lda, b, bo, 3 * L, c, co, ldc, add);
            return;
        }
        int done = 0;
        if (rows >= 3) {
            SimdTile3.rows3(k, a, ao, lda, b, bo, 3 * L, c, co, ldc, add);
            done = 3;
        }
        if (rows - done == 2) {
            SimdTile3.rows2(k, a, ao + done * lda, lda, b, bo, 3 * L, c, co + done * ldc, ldc, add);
        } else if (rows - done == 1) {
            SimdTile3.rows1(k, a, ao + done * lda, b, bo, 3 * L, c, co + done * ldc, add);
        }
    }

    private static void tile2(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co,
                              int ldc, boolean add) {
        if (rows == TILE_ROWS) {
            SimdTile2.rows6(k, a, ao, lda, b, bo, 2 * L, c, co, ldc, add);
            return;
        }
        int done = 0;
        if (rows >= 3) {
            SimdTile2.rows3(k, a, ao, lda, b, bo, 2 * L, c, co, ldc, add);
            done = 3;
        }
        if (rows - done == 2) {
            SimdTile2.rows2(k, a, ao + done * lda, lda, b, bo, 2 * L, c, co + done * ldc, ldc, add);
        } else if (rows - done == 1) {
            SimdTile2.rows1(k, a, ao + done * lda, b, bo, 2 * L, c, co + done * ldc, add);
        }
    }

    /**
     * The tile has just been written and lies in the first-level cache. One loop over the whole vectors of all rows: a loop a
     * row, of 3 steps, spent half its time entering and leaving.
     */
    private static void gelu(int rows, int columns, float[] c, int co, int ldc) {
        int body = columns - columns % L;
        int row = co;
        int column = 0;
        for (int v = rows * (body / L); v > 0; v--) {
            VectorMath.gelu(FloatVector.fromArray(F, c, row + column)).intoArray(c, row + column);
            column += L;
            if (column == body) {
                column = 0;
                row += ldc;
            }
        }
        ScalarGemm.gelu(rows, columns - body, c, co + body, ldc);
    }
}
