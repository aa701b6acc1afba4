package leanvit.vit;

import leanvit.kernels.Gemm;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;

/** A matrix product as a step of {@link Workers}: split by panels first, so that each thread streams its own weights. */
final class Gemms {

    /** Rows of a piece are multiples of it: the height of the matmul's tile. */
    private static final int TILE_ROWS = 6;
    private static final int LEAST_ROWS = 48;
    /** Pieces a thread, so that a thread that is late leaves little to wait for. */
    private static final int PIECES_A_THREAD = 4;

    private final Workers workers;
    private final Workers.Step step = this::piece;
    private int m;
    private float[] a;
    private int aOffset;
    private int aStride;
    private PackedMatrix b;
    private int fromPanel;
    private int panels;
    private int panelPieces;
    private int rowPieces;
    private Epilogue epilogue;
    private float[] c;
    private int cOffset;
    private int cStride;

    Gemms(Workers workers) {
        this.workers = workers;
    }

    /** Computes all of C; see {@link Gemm}. */
    void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, Epilogue epilogue, float[] c, int cOffset,
                  int cStride) {
        multiply(m, a, aOffset, aStride, b, 0, b.panels(), epilogue, c, cOffset, cStride);
    }

    /** Computes C = [A·b, A·beside] with the columns of both side by side. */
    void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, PackedMatrix beside, Epilogue epilogue,
                  float[] c, int cOffset, int cStride) {
        multiply(m, a, aOffset, aStride, b, epilogue, c, cOffset, cStride);
        multiply(m, a, aOffset, aStride, beside, epilogue, c, cOffset + b.columns(), cStride);
    }

    /** Computes the columns of C that belong to some panels. */
    void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, int fromPanel, int toPanel, Epilogue epilogue,
                  float[] c, int cOffset, int cStride) {
        if (workers.threads() == 1) {
            Gemm.multiply(m, a, aOffset, aStride, b, fromPanel, toPanel, epilogue, c, cOffset, cStride);
            return;
        }
        this.m = m;
        this.a = a;
        this.aOffset = aOffset;
        this.aStride = aStride;
        this.b = b;
        this.fromPanel = fromPanel;
        this.panels = toPanel - fromPanel;
        this.epilogue = epilogue;
        this.c = c;
        this.cOffset = cOffset;
        this.cStride = cStride;
        int wanted = PIECES_A_THREAD * workers.threads();
        panelPieces = Math.min(panels, wanted);
        rowPieces = Math.max(1, Math.min((wanted + panelPieces - 1) / Math.max(1, panelPieces), m / LEAST_ROWS));
        workers.run(panelPieces * rowPieces, step);
    }

    private void piece(int worker, int piece) {
        int p = piece % panelPieces;
        int r = piece / panelPieces;
        int from = rowBoundary(r);
        int to = rowBoundary(r + 1);
        Gemm.multiply(to - from, a, aOffset + from * aStride, aStride, b, fromPanel + panels * p / panelPieces,
                fromPanel + panels * (p + 1) / panelPieces, epilogue, c, cOffset + from * cStride, cStride);
    }

    private int rowBoundary(int piece) {
        int row = (int) ((long) m * piece / rowPieces);
        return piece == rowPieces ? m : row - row % TILE_ROWS;
    }
}
