package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * {@link Gemm} on vectors: every panel meets all row tiles while it is in cache. Epilogues that read C, and columns
 * that do not fill a panel, go through a small tile in the first-level cache; so the register tile has one form, which
 * is compiled once and always hot.
 *
 * <p>Why the tile is 5 rows by 3 vectors (5 by 2 with 16 registers), and ends as it does:
 * <ul>
 * <li>C2 counts the nodes that it makes while it parses: 400 per multiply-add, 310 per load, 140 per broadcast. After
 *     18,000 (NodeCountInliningCutoff) it puts the remaining calls off, and then all it knows of their result is
 *     FloatVector. On JDK 17 the next call on such a result asks a type profile, and a store whose profile came too
 *     early or too late is boxed for the life of the JVM. What others did with the Vector API makes the same call up to
 *     540 nodes.
 * <li>{@code do while}: after it the sums are the results of the loop's body, whose class C2 knows; after {@code for}
 *     they are what goes round the loop, whose class it does not know while it parses.
 * <li>On JDK 17 the loop of 5 x 3 begins with a branch. C2 parses a loop twice, once for the first step and once for
 *     the rest, if the block at its head can leave it; a {@code do while} without a branch is one block. Twice, 5 x 3
 *     took 17,000 nodes at best, and one start in fifteen under JitStress was over, each step boxing a vector. Once, it
 *     takes 9,400. The branch is on a constant: nothing of it is left. 5 x 2 needs none, and got slower by one.
 * <li>The panel's index is {@code first + p * constant}: C2 then hoists the range checks. A second counter was as fast
 *     on AMD, but left two checks and two reloads in every step, which cost a quarter of the speed on Intel. On JDK 17
 *     C2 cannot hoist them, since it turns 48 p into two shifts and a sum; there a second counter is 3 to 5 % faster on
 *     AMD, and by llvm-mca a quarter on Intel.
 * </ul>
 */
final class SimdGemm implements Gemm.Implementation {

    static final SimdGemm KERNEL = new SimdGemm();

    /** Rows of a tile. */
    static final int TILE_ROWS = Gemm.TILE_ROWS;

    private static final int TILE_COLUMNS = 3 * L;
    /** Whether C2 is one that wants {@code rowsStepping}. */
    static final boolean STEPPING = Runtime.version().feature() < 21;
    private static final Spares<float[]> TILES = new Spares<>();

    @Override
    public void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel,
                         int toPanel, Gemm.Epilogue epilogue, float[] c, int co, int ldc) {
        float[] tile = TILES.take();
        tile = tile == null ? new float[TILE_ROWS * TILE_COLUMNS] : tile;
        for (int panel = fromPanel; panel < toPanel; panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int bo = bOffset + PanelLayout.offset(k, n, panel);
            if (first + width > n) {
                ragged(m, a, ao, lda, k, n - first, b, bo, width, epilogue, tile, c, co + first, ldc);
            } else if (epilogue == Gemm.Epilogue.RESIDUAL) {
                residual(m, a, ao, lda, k, b, bo, width, tile, c, co + first, ldc);
            } else if (epilogue == Gemm.Epilogue.PRODUCT) {
                product(m, a, ao, lda, k, b, bo, width, tile, c, co + first, ldc);
            } else if (epilogue.swish != null) {
                swish(epilogue.swish, m, a, ao, lda, k, b, bo, width, tile, c, co + first, ldc);
            } else if (epilogue == Gemm.Epilogue.GELU) {
                gelu(m, a, ao, lda, k, b, bo, width, c, co + first, ldc);
            } else {
                store(m, a, ao, lda, k, b, bo, width, c, co + first, ldc);
            }
        }
        TILES.giveBack(tile);
    }

    private static void store(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] c, int co,
                              int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            tile(Math.min(TILE_ROWS, m - i), k, a, ao + i * lda, lda, b, bo, width, c, co + i * ldc, ldc);
        }
    }

    private static void gelu(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] c, int co,
                             int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            tile(rows, k, a, ao + i * lda, lda, b, bo, width, c, co + i * ldc, ldc);
            // The tile has just been written and lies in the first-level cache.
            SimdGelu.tile(rows, width, c, co + i * ldc, ldc);
        }
    }

    private static void swish(Swish.Form form, int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width,
                              float[] tile, float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            tile(rows, k, a, ao + i * lda, lda, b, bo, width, c, co + i * ldc, ldc);
            SimdSwish.rows(form, rows, width, c, co + i * ldc, ldc, c, co + i * ldc, ldc, tile);
        }
    }

    private static void product(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] tile,
                                float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            tile(rows, k, a, ao + i * lda, lda, b, bo, width, tile, 0, width);
            multiply(rows, width, tile, c, co + i * ldc, ldc);
        }
    }

    /** Multiplies C by a tile of whole vectors, as {@link #add} adds one. */
    private static void multiply(int rows, int width, float[] tile, float[] c, int co, int ldc) {
        int row = co;
        int column = 0;
        int length = rows * width;
        for (int t = 0; t < length; t += L) {
            int to = row + column;
            FloatVector.fromArray(F, c, to).mul(FloatVector.fromArray(F, tile, t)).intoArray(c, to);
            column += L;
            if (column == width) {
                column = 0;
                row += ldc;
            }
        }
    }

    private static void residual(int m, float[] a, int ao, int lda, int k, float[] b, int bo, int width, float[] tile,
                                 float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            tile(rows, k, a, ao + i * lda, lda, b, bo, width, tile, 0, width);
            add(rows, width, tile, 0, c, co + i * ldc, ldc);
        }
    }

    /** Adds a tile of whole vectors to C; one loop over the vectors of all rows, as in {@link SimdGelu#tile}. */
    static void add(int rows, int width, float[] tile, int from, float[] c, int co, int ldc) {
        int row = co;
        int column = 0;
        int length = rows * width;
        for (int t = 0; t < length; t += L) {
            int to = row + column;
            FloatVector.fromArray(F, c, to).add(FloatVector.fromArray(F, tile, from + t)).intoArray(c, to);
            column += L;
            if (column == width) {
                column = 0;
                row += ldc;
            }
        }
    }

    /**
     * The columns, fewer than two vectors of them, that fill no panel: whole vectors into the tile, plain loops out of
     * it.
     */
    private static void ragged(int m, float[] a, int ao, int lda, int k, int columns, float[] b, int bo, int width,
                               Gemm.Epilogue epilogue, float[] tile, float[] c, int co, int ldc) {
        for (int i = 0; i < m; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, m - i);
            tile(rows, k, a, ao + i * lda, lda, b, bo, width, tile, 0, width);
            for (int r = 0; r < rows; r++) {
                finish(epilogue, columns, tile, r * width, c, co + (i + r) * ldc);
            }
        }
    }

    private static void finish(Gemm.Epilogue epilogue, int columns, float[] tile, int row, float[] c, int to) {
        for (int j = 0; j < columns; j++) {
            float sum = tile[row + j];
            c[to + j] = switch (epilogue) {
                case NONE -> sum;
                case GELU -> ScalarMath.gelu(sum);
                case RESIDUAL -> c[to + j] + sum;
                case PRODUCT -> c[to + j] * sum;
                case SILU, QUICK_GELU, GELU_TANH ->
                    ScalarMath.swish(epilogue.swish.minusA, epilogue.swish.minusB, sum);
            };
        }
    }

    /** Computes 1 to {@link #TILE_ROWS} rows by one panel, padding included. */
    static void tile(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co,
            int ldc) {
        if (k == 0) {
            biasAlone(rows, b, bo, width, c, co, ldc);
        } else if (STEPPING) {
            stepping(rows, k, a, ao, lda, b, bo, width, c, co, ldc);
        } else if (PanelLayout.isWide(width)) {
            SimdTile5x3.rows(k, a, ao, lda, rows - 1, b, bo, c, co, ldc);
        } else {
            SimdTile5x2.rows(k, a, ao, lda, rows - 1, b, bo, c, co, ldc);
        }
    }

    private static void stepping(int rows, int k, float[] a, int ao, int lda, float[] b, int bo, int width, float[] c,
            int co, int ldc) {
        if (PanelLayout.isWide(width)) {
            SimdTile5x3.rowsStepping(k, a, ao, lda, rows - 1, b, bo, width, c, co, ldc);
        } else {
            SimdTile5x2.rowsStepping(k, a, ao, lda, rows - 1, b, bo, width, c, co, ldc);
        }
    }

    private static void biasAlone(int rows, float[] b, int bo, int width, float[] c, int co, int ldc) {
        for (int r = 0; r < rows; r++) {
            System.arraycopy(b, bo, c, co + r * ldc, width);
        }
    }
}
