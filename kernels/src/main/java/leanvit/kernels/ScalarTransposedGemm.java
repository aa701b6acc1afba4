package leanvit.kernels;

/** {@link TransposedGemm} without the Vector API, {@link ScalarTile} by tile; the bits are the SIMD code's. */
final class ScalarTransposedGemm implements TransposedGemm.Implementation {

    static final ScalarTransposedGemm KERNEL = new ScalarTransposedGemm();

    @Override
    public void multiply(int m, int k, int n, float[] a, int ao, int lda, float[] b, int bo, int ldb, int fromPanel,
                         int toPanel, boolean add, float[] c, int co, int ldc) {
        ScalarTile tile = ScalarTile.acquire();
        int from = PanelLayout.column(n, fromPanel);
        int total = Math.min(n, PanelLayout.column(n, toPanel)) - from;
        int part = ScalarTile.part(total, ScalarTile.COLUMNS);
        int height = ScalarTile.part(m, ScalarTile.ROWS);
        if (k == 0 && !add && total > 0) {
            TransposedGemm.clear(m, total, c, co + from, ldc);
        }
        for (int j = 0; j < total; j += part) {
            int columns = Math.min(part, total - j);
            for (int p = 0; p < k; p += TransposedGemm.BLOCK_ROWS) {
                int rows = Math.min(TransposedGemm.BLOCK_ROWS, k - p);
                for (int i = 0; i < m; i += height) {
                    int count = Math.min(height, m - i);
                    sums(tile, count, columns, rows, a, ao + p * lda + i, lda, b, bo + p * ldb + from + j, ldb);
                    for (int r = 0; r < count; r++) {
                        store(columns, tile.sums[r], tile.row, add || p > 0, c, co + (i + r) * ldc + from + j);
                    }
                }
            }
        }
        tile.release();
    }

    private static void sums(ScalarTile tile, int rows, int columns, int k, float[] a, int ao, int lda, float[] b,
                             int bo, int ldb) {
        for (int r = 0; r < rows; r++) {
            tile.fill(r, columns, 0f);
        }
        for (int p = 0; p < k; p += ScalarTile.STEPS) {
            int steps = Math.min(ScalarTile.STEPS, k - p);
            for (int s = 0; s < steps; s++) {
                tile.copyRow(s, b, bo + (p + s) * ldb, columns);
            }
            tile.add(rows, columns, steps, a, ao + p * lda, 1, lda);
        }
    }

    private static void store(int columns, float[] sums, float[] room, boolean add, float[] c, int co) {
        if (add) {
            System.arraycopy(c, co, room, 0, columns);
            for (int j = 0; j < columns; j++) {
                sums[j] += room[j];
            }
        }
        System.arraycopy(sums, 0, c, co, columns);
    }
}
