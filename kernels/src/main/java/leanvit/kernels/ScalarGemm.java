package leanvit.kernels;

import leanvit.kernels.Gemm.Epilogue;

/**
 * {@link Gemm} without the Vector API: tile by tile ({@link ScalarTile}), as many panels at a time as a tile has
 * columns. An element is the chain that the contract describes, so that its bits are those of the SIMD code (where
 * there is FMA).
 */
final class ScalarGemm implements Gemm.Implementation {

    static final ScalarGemm KERNEL = new ScalarGemm();

    @Override
    public void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel,
            int toPanel,
                                Epilogue epilogue, float[] c, int co, int ldc) {
        ScalarTile tile = ScalarTile.acquire();
        int height = ScalarTile.part(m, ScalarTile.ROWS);
        int panel = fromPanel;
        while (panel < toPanel) {
            int end = endOfGroup(n, panel, toPanel);
            int first = PanelLayout.column(n, panel);
            int columns = Math.min(n, PanelLayout.column(n, end)) - first;
            for (int i = 0; i < m; i += height) {
                int rows = Math.min(height, m - i);
                sums(tile, rows, columns, a, ao + i * lda, lda, k, n, b, bOffset, panel, end);
                for (int r = 0; r < rows; r++) {
                    store(epilogue, columns, tile.sums[r], tile.row, c, co + (i + r) * ldc + first);
                }
            }
            panel = end;
        }
        tile.release();
    }

    /** Returns the end (exclusive) of the panels that fit a tile together, beginning with {@code panel}. */
    private static int endOfGroup(int n, int panel, int toPanel) {
        int end = panel + 1;
        while (end < toPanel && PanelLayout.column(n, end + 1) - PanelLayout.column(n, panel) <= ScalarTile.COLUMNS) {
            end++;
        }
        return end;
    }

    private static void sums(ScalarTile tile, int rows, int columns, float[] a, int ao, int lda, int k, int n,
                             float[] b, int bOffset, int panel, int end) {
        copyRow(k, n, b, bOffset, panel, end, 0, tile.b, 0);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(tile.b, 0, tile.sums[r], 0, columns);
        }
        for (int p = 0; p < k; p += ScalarTile.STEPS) {
            int steps = Math.min(ScalarTile.STEPS, k - p);
            for (int s = 0; s < steps; s++) {
                copyRow(k, n, b, bOffset, panel, end, 1 + p + s, tile.b, s * ScalarTile.COLUMNS);
            }
            tile.add(rows, columns, steps, a, ao + p, lda, 1);
        }
    }

    /** Copies one row of all panels, row 0 being the bias, so that they stand side by side. */
    private static void copyRow(int k, int n, float[] b, int bOffset, int panel, int end, int row, float[] to,
                                int offset) {
        for (int q = panel; q < end; q++) {
            int first = PanelLayout.column(n, q);
            int width = PanelLayout.width(n, q);
            int valid = Math.min(width, n - first);
            System.arraycopy(b, bOffset + PanelLayout.offset(k, n, q) + row * width, to, offset, valid);
            offset += valid;
        }
    }

    private static void store(Epilogue epilogue, int columns, float[] sums, float[] room, float[] c, int co) {
        switch (epilogue) {
            case NONE -> {
            }
            case GELU -> {
                System.arraycopy(sums, 0, room, 0, columns);
                ScalarGelu.row(columns, room, sums);
            }
            case RESIDUAL -> {
                System.arraycopy(c, co, room, 0, columns);
                for (int j = 0; j < columns; j++) {
                    sums[j] += room[j];
                }
            }
            case PRODUCT -> {
                System.arraycopy(c, co, room, 0, columns);
                for (int j = 0; j < columns; j++) {
                    sums[j] *= room[j];
                }
            }
            case SILU, QUICK_GELU, GELU_TANH -> {
                System.arraycopy(sums, 0, room, 0, columns);
                ScalarSwish.row(epilogue.swish, columns, room, sums);
            }
            default -> throw new AssertionError(epilogue);
        }
        System.arraycopy(sums, 0, c, co, columns);
    }
}
