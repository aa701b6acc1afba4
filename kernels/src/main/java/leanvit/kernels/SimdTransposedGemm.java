package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * {@link TransposedGemm} on vectors, by tiles like the matmul's: some panels of a block of B's rows are copied and stay
 * in the second-level cache; fifteen columns of A at a time, a strip, are copied, stay in the first, and meet all of
 * these panels.
 *
 * <p>A's columns are not read in place: its rows are so far apart that each step of a tile would touch another page,
 * and that rows of 3 KB share four sets of the first-level cache. (Read in place, by a tile of three rows, a
 * multiply-add took 1.7 to 1.9 times as long as one of {@link Gemm}.) C is written from left to right, as prefetching
 * likes it.
 *
 * <p>The tiles' loops test at their heads. With a {@code do while}, as {@link SimdGemm} has it, C2 parsed the body
 * twice, put calls off in the middle of the second time, and asked a type profile.
 */
final class SimdTransposedGemm implements TransposedGemm.Implementation {

    static final SimdTransposedGemm KERNEL = new SimdTransposedGemm();

    /** Panels of B that are copied at a time: 390 rows of them are 600 KB. */
    private static final int PANELS = 8;
    private static final int TILE_ROWS = SimdGemm.TILE_ROWS;
    /** Floats from a row of a strip of A to the next: the columns of three tiles, and one more. */
    private static final int STRIDE = 16;
    private static final int STRIP_COLUMNS = 3 * TILE_ROWS;
    private static final int TILE_COLUMNS = 3 * L;
    private static final int STRIP = FloatArena.START;
    private static final int TILE = STRIP + TransposedGemm.BLOCK_ROWS * STRIDE;
    /** Where the panels begin. */
    private static final int PANEL = TILE + TILE_ROWS * TILE_COLUMNS;
    private static final int LENGTH = PANEL + PANELS * TransposedGemm.BLOCK_ROWS * TILE_COLUMNS;
    private static final Spares<float[]> SPARES = new Spares<>();

    @Override
    public void multiply(int m, int k, int n, float[] a, int ao, int lda, float[] b, int bo, int ldb, int fromPanel,
                         int toPanel, boolean add, float[] c, int co, int ldc) {
        float[] spare = SPARES.take();
        if (spare == null) {
            spare = new float[LENGTH];
        }
        for (int from = fromPanel; from < toPanel; from += PANELS) {
            int to = Math.min(from + PANELS, toPanel);
            int first = PanelLayout.column(n, from);
            if (k == 0 && !add) {
                TransposedGemm.clear(m, Math.min(n, PanelLayout.column(n, to)) - first, c, co + first, ldc);
            }
            for (int p = 0; p < k; p += TransposedGemm.BLOCK_ROWS) {
                int rows = Math.min(TransposedGemm.BLOCK_ROWS, k - p);
                for (int panel = from; panel < to; panel++) {
                    pack(rows, n, panel, b, bo + p * ldb, ldb, spare, panel(n, from, panel, rows));
                }
                block(m, rows, n, from, to, a, ao + p * lda, lda, spare, add || p > 0, c, co, ldc);
            }
        }
        SPARES.giveBack(spare);
    }

    /** Returns where a panel lies in the spare array. */
    private static int panel(int n, int from, int panel, int rows) {
        return PANEL + (PanelLayout.column(n, panel) - PanelLayout.column(n, from)) * rows;
    }

    private static void pack(int rows, int n, int panel, float[] b, int bo, int ldb, float[] spare, int at) {
        int first = PanelLayout.column(n, panel);
        int width = PanelLayout.width(n, panel);
        int columns = Math.min(width, n - first);
        if (columns == width) {
            copy(rows, width, b, bo + first, ldb, spare, at);
            return;
        }
        int to = at;
        for (int r = 0; r < rows; r++, to += width) {
            System.arraycopy(b, bo + r * ldb + first, spare, to, columns);
            Arrays.fill(spare, to + columns, to + width, 0f);
        }
    }

    /** Copies rows of whole vectors next to one another; one loop over all, as in {@link SimdGelu#tile}. */
    private static void copy(int rows, int width, float[] x, int xo, int stride, float[] out, int oo) {
        int row = xo;
        int column = 0;
        int end = oo + rows * width;
        for (int to = oo; to < end; to += L) {
            FloatVector.fromArray(F, x, row + column).intoArray(out, to);
            column += L;
            if (column == width) {
                column = 0;
                row += stride;
            }
        }
    }

    private static void block(int m, int rows, int n, int from, int to, float[] a, int ao, int lda, float[] spare,
                              boolean add, float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int column = i % STRIP_COLUMNS;
            if (column == 0) {
                strip(Math.min(STRIP_COLUMNS, m - i), rows, a, ao + i, lda, spare);
            }
            int height = Math.min(TILE_ROWS, m - i);
            for (int panel = from; panel < to; panel++) {
                int first = PanelLayout.column(n, panel);
                tile(height, Math.min(PanelLayout.width(n, panel), n - first), rows, spare, STRIP + column,
                        panel(n, from, panel, rows), PanelLayout.width(n, panel), add, c, co + i * ldc + first, ldc);
            }
        }
    }

    /** Copies columns of A, and what stands beside them; a tile that is not full has its last one several times. */
    private static void strip(int columns, int rows, float[] a, int ao, int lda, float[] spare) {
        int within = Math.max(0, Math.min(rows, (a.length - STRIDE - ao + lda) / lda));
        copy(within, STRIDE, a, ao, lda, spare, STRIP);
        for (int p = within; p < rows; p++) {
            System.arraycopy(a, ao + p * lda, spare, STRIP + p * STRIDE, columns);
        }
        int full = (columns + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
        for (int p = 0; columns < full && p < rows; p++) {
            int last = STRIP + p * STRIDE + columns - 1;
            Arrays.fill(spare, last + 1, STRIP + p * STRIDE + full, spare[last]);
        }
    }

    private static void tile(int height, int columns, int k, float[] spare, int strip, int panel, int width,
                             boolean add, float[] c, int co, int ldc) {
        if (!add && columns == width) {
            tile(height, k, spare, strip, panel, width, c, co, ldc);
            return;
        }
        tile(height, k, spare, strip, panel, width, spare, TILE, width);
        if (columns == width) {
            SimdGemm.add(height, width, spare, TILE, c, co, ldc);
            return;
        }
        for (int r = 0; r < height; r++) {
            for (int j = 0; j < columns; j++) {
                float sum = spare[TILE + r * width + j];
                c[co + r * ldc + j] = add ? c[co + r * ldc + j] + sum : sum;
            }
        }
    }

    private static void tile(int height, int k, float[] spare, int strip, int panel, int width, float[] c, int co,
                             int ldc) {
        if (PanelLayout.isWide(width)) {
            if (SimdGemm.STEPPING) {
                SimdTransposedTile5x3.rowsStepping(k, spare, strip, height - 1, spare, panel, width, c, co, ldc);
            } else {
                SimdTransposedTile5x3.rows(k, spare, strip, height - 1, spare, panel, c, co, ldc);
            }
        } else if (SimdGemm.STEPPING) {
            SimdTransposedTile5x2.rowsStepping(k, spare, strip, height - 1, spare, panel, width, c, co, ldc);
        } else {
            SimdTransposedTile5x2.rows(k, spare, strip, height - 1, spare, panel, c, co, ldc);
        }
    }
}
