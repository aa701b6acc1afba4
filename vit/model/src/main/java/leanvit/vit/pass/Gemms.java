package leanvit.vit.pass;

import leanvit.kernels.Gemm;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;

/**
 * A matrix product as a step of {@link Workers}, cut into pieces. A piece is one panel, which streams through one
 * thread's cache once; where there are many panels, several of them; where there are few, some rows of one. Whichever
 * thread is free takes the next piece.
 */
public final class Gemms {

    /** The rows of a piece are a multiple of this, the height of the matmul's tile. */
    private static final int TILE_ROWS = Gemm.TILE_ROWS;
    private static final int LEAST_ROWS = 48;
    /**
     * Pieces per thread where there are few panels: a thread that is late by one piece makes the others wait only
     * briefly.
     */
    private static final int LEAST_PIECES = 8;
    private static final int MOST_PIECES = 32;
    /**
     * From so many rows on, threads share the rows out and not the panels: a thread's rows then stay in its cache from
     * step to step.
     */
    private static final int ROWS_A_THREAD = 160;

    private final Workers workers;
    private final Workers.Step step = this::piece;
    private int m;
    private float[] a;
    private int aOffset;
    private int aStride;
    private PackedMatrix b;
    private PackedMatrix beside;
    private int panels;
    private int panelPieces;
    private int rowPieces;
    private Epilogue epilogue;
    private float[] c;
    private int cOffset;
    private int cStride;

    public Gemms(Workers workers) {
        this.workers = workers;
    }

    /** Computes all of C; see {@link Gemm}. */
    public void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, Epilogue epilogue, float[] c,
            int cOffset,
                  int cStride) {
        multiply(m, a, aOffset, aStride, b, null, epilogue, c, cOffset, cStride);
    }

    /**
     * Computes C = [A·b, A·beside] with the columns of both side by side, in one step.
     *
     * @param beside has as many rows as {@code b}; null for none
     */
    public void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, PackedMatrix beside,
            Epilogue epilogue,
                  float[] c, int cOffset, int cStride) {
        this.m = m;
        this.a = a;
        this.aOffset = aOffset;
        this.aStride = aStride;
        this.b = b;
        this.beside = beside;
        this.epilogue = epilogue;
        this.c = c;
        this.cOffset = cOffset;
        this.cStride = cStride;
        panels = b.panels() + (beside == null ? 0 : beside.panels());
        if (workers.alone()) {
            multiply(0, m, 0, panels);
            return;
        }
        int least = LEAST_PIECES * workers.threads();
        panelPieces = Math.min(panels, MOST_PIECES * workers.threads());
        rowPieces = Math.max(1, Math.min((least + panelPieces - 1) / Math.max(1, panelPieces), m / LEAST_ROWS));
        if (m >= ROWS_A_THREAD * workers.threads()) {
            rowPieces = Math.max(rowPieces, workers.threads());
        }
        workers.run(panelPieces * rowPieces, step);
    }

    private void piece(int worker, int piece) {
        int p = piece % panelPieces;
        int r = piece / panelPieces;
        multiply(rowBoundary(r), rowBoundary(r + 1), (int) ((long) panels * p / panelPieces),
                (int) ((long) panels * (p + 1) / panelPieces));
    }

    private void multiply(int fromRow, int toRow, int fromPanel, int toPanel) {
        int between = b.panels();
        if (fromPanel < between) {
            Gemm.multiply(toRow - fromRow, a, aOffset + fromRow * aStride, aStride, b, fromPanel,
                    Math.min(toPanel, between), epilogue, c, cOffset + fromRow * cStride, cStride);
        }
        if (toPanel > between) {
            Gemm.multiply(toRow - fromRow, a, aOffset + fromRow * aStride, aStride, beside,
                    Math.max(0, fromPanel - between), toPanel - between, epilogue, c,
                    cOffset + fromRow * cStride + b.columns(), cStride);
        }
    }

    private int rowBoundary(int piece) {
        int row = (int) ((long) m * piece / rowPieces);
        return piece == rowPieces ? m : row - row % TILE_ROWS;
    }
}
