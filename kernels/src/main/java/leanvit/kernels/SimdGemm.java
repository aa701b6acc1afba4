package leanvit.kernels;

/** {@link Gemm} on vectors: every panel meets all row tiles while it is in cache. */
final class SimdGemm implements Gemm.Implementation {

    static final SimdGemm KERNEL = new SimdGemm();

    private static final int TILE_ROWS = 6;

    @Override
    public void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel,
                         int toPanel, Gemm.Epilogue epilogue, float[] c, int co, int ldc) {
        for (int panel = fromPanel; panel < toPanel; panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int bo = bOffset + PanelLayout.offset(k, n, panel);
            if (first + width > n) {
                ragged(m, a, ao, lda, k, n - first, b, bo, width, epilogue, c, co + first, ldc);
            } else if (epilogue == Gemm.Epilogue.RESIDUAL) {
                add(m, a, ao, lda, k, b, bo, width, c, co + first, ldc);
            } else if (epilogue == Gemm.Epilogue.GELU) {
                gelu(m, a, ao, lda, k, b, bo, width, c, co + first, ldc);
            } else {
                store(m, a, ao, lda, k, b, bo, width, c, co + first, ldc);
            }
        }
    }

    /** All rows by one whole panel. */
    static void store(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            storeTile(Math.min(TILE_ROWS, m - i), k, a, ao + i * lda, lda, b, bo, width, c, co + i * ldc, ldc);
        }
    }

    private static void gelu(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] c, int co,
                             int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            storeTile(rows, k, a, ao + i * lda, lda, b, bo, width, c, co + i * ldc, ldc);
            // The tile has just been written and lies in the first-level cache.
            SimdGelu.tile(rows, width, c, co + i * ldc, ldc);
        }
    }

    private static void add(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] c, int co,
                            int ldc) {
        boolean wide = PanelLayout.isWide(width);
        for (int i = 0; i < m; i += TILE_ROWS) {
            int last = Math.min(TILE_ROWS, m - i) - 1;
            if (wide) {
                SimdTile3.add(k, a, ao + i * lda, lda, last, b, bo, c, co + i * ldc, ldc);
            } else {
                SimdTile2.add(k, a, ao + i * lda, lda, last, b, bo, c, co + i * ldc, ldc);
            }
        }
    }

    /** Computes 1 to 6 rows by one whole panel. */
    static void storeTile(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co,
                          int ldc) {
        if (PanelLayout.isWide(width)) {
            SimdTile3.store(k, a, ao, lda, rows - 1, b, bo, c, co, ldc);
        } else {
            SimdTile2.store(k, a, ao, lda, rows - 1, b, bo, c, co, ldc);
        }
    }

    /** All rows by the columns, fewer than two vectors of them, that fill no panel. */
    private static void ragged(int m, float[] a, int ao, int lda, int k, int columns, float[] b, int bo, int width,
                               Gemm.Epilogue epilogue, float[] c, int co, int ldc) {
        boolean add = epilogue == Gemm.Epilogue.RESIDUAL;
        boolean gelu = epilogue == Gemm.Epilogue.GELU;
        for (int i = 0; i < m; i++) {
            int row = ao + i * lda;
            for (int j = 0; j < columns; j++) {
                float sum = b[bo + j];
                int bi = bo + width + j;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma(a[row + p], b[bi + p * width], sum);
                }
                int to = co + i * ldc + j;
                c[to] = add ? c[to] + sum : gelu ? ScalarMath.gelu(sum) : sum;
            }
        }
    }
}
