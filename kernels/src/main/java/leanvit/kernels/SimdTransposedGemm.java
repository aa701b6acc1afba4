package leanvit.kernels;

import java.util.Arrays;

/**
 * {@link TransposedGemm} on vectors: a panel's columns of a block of B's rows are copied next to one another, and every
 * row tile of C meets them while they are in cache. A is read in place, three or five neighbours of a row at a step.
 */
final class SimdTransposedGemm implements TransposedGemm.Implementation {

    static final SimdTransposedGemm KERNEL = new SimdTransposedGemm();

    private static final int TILE_ROWS = SimdGemm.TILE_ROWS;
    /**
     * Rows of the wide tile. The index p * aStride makes more too many for C2: with four rows that of JDK 17, with five
     * that of JDK 25 asks a type profile for the class of vectors ({@link SimdGemm} tells of that).
     */
    private static final int WIDE_ROWS = 3;
    private static final int TILE_COLUMNS = 3 * Lanes.L;
    private static final int PANEL = (TransposedGemm.BLOCK_ROWS + 1) * TILE_COLUMNS;
    private static final Spares<float[]> SPARES = new Spares<>();

    @Override
    public void multiply(int m, int k, int n, float[] a, int ao, int lda, float[] b, int bo, int ldb, int fromPanel,
                         int toPanel, boolean add, float[] c, int co, int ldc) {
        float[] spare = SPARES.take();
        if (spare == null) {
            // The panel, its row of biases 0; then a tile.
            spare = new float[FloatArena.START + PANEL + TILE_ROWS * TILE_COLUMNS];
        }
        for (int panel = fromPanel; panel < toPanel; panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int columns = Math.min(width, n - first);
            if (k == 0 && !add) {
                TransposedGemm.clear(m, columns, c, co + first, ldc);
            }
            for (int p = 0; p < k; p += TransposedGemm.BLOCK_ROWS) {
                int rows = Math.min(TransposedGemm.BLOCK_ROWS, k - p);
                pack(rows, columns, width, b, bo + p * ldb + first, ldb, spare);
                block(m, rows, columns, a, ao + p * lda, lda, width, spare, add || p > 0, c, co + first, ldc);
            }
        }
        SPARES.giveBack(spare);
    }

    private static void pack(int rows, int columns, int width, float[] b, int bo, int ldb, float[] spare) {
        int to = FloatArena.START;
        Arrays.fill(spare, to, to + width, 0f);
        for (int r = 0; r < rows; r++) {
            to += width;
            System.arraycopy(b, bo + r * ldb, spare, to, columns);
            if (columns < width) {
                Arrays.fill(spare, to + columns, to + width, 0f);
            }
        }
    }

    private static void block(int m, int rows, int columns, float[] a, int ao, int lda, int width, float[] spare,
                              boolean add, float[] c, int co, int ldc) {
        int tile = FloatArena.START + PANEL;
        int step = PanelLayout.isWide(width) ? WIDE_ROWS : TILE_ROWS;
        for (int i = 0; i < m; i += step) {
            int height = Math.min(step, m - i);
            int to = co + i * ldc;
            if (!add && columns == width) {
                tile(height, rows, a, ao + i, lda, spare, width, c, to, ldc);
                continue;
            }
            tile(height, rows, a, ao + i, lda, spare, width, spare, tile, width);
            if (columns == width) {
                SimdGemm.add(height, width, spare, tile, c, to, ldc);
            } else {
                ragged(height, columns, spare, tile, width, add, c, to, ldc);
            }
        }
    }

    private static void tile(int height, int k, float[] a, int ao, int lda, float[] panel, int width, float[] c, int co,
                             int ldc) {
        int bo = FloatArena.START;
        if (!PanelLayout.isWide(width)) {
            SimdTransposedTile5x2.rows(k, a, ao, lda, height - 1, panel, bo, c, co, ldc);
        } else {
            SimdTransposedTile3x3.rows(k, a, ao, lda, height - 1, panel, bo, c, co, ldc);
        }
    }

    private static void ragged(int height, int columns, float[] spare, int tile, int width, boolean add, float[] c,
                               int co, int ldc) {
        for (int r = 0; r < height; r++) {
            for (int j = 0; j < columns; j++) {
                float sum = spare[tile + r * width + j];
                c[co + r * ldc + j] = add ? c[co + r * ldc + j] + sum : sum;
            }
        }
    }
}
