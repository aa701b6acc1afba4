package leanvit.vit.grad;

import java.util.Arrays;
import leanvit.kernels.ColumnSums;
import leanvit.kernels.Gelu;
import leanvit.kernels.GeluGradient;
import leanvit.kernels.Gemm;
import leanvit.kernels.TransposedGemm;
import leanvit.vit.pass.Gemms;
import leanvit.vit.pass.Workers;

/**
 * The steps of a training pass that layers share, each cut into pieces for the caller's threads; and their scratch.
 * Pieces and the order of sums depend on shapes alone: the bits are the same for every number of threads.
 */
final class Steps {

    /** Rows of a piece in the steps that go by rows. */
    static final int PIECE_ROWS = 48;
    /** Rows that a step goes over at once: two images of 197, so that activations stay in cache. */
    private static final int GROUP_ROWS = 400;
    /** Pieces that a weight's gradient is cut into, a thread. */
    private static final int WEIGHT_PIECES = 3;
    /** Rows that a piece of a weight's gradient has a multiple of; three tiles are what the kernel copies at a time. */
    private static final int WEIGHT_ROWS = 3 * Gemm.TILE_ROWS;

    /** Work on some rows. */
    interface RowStep {
        void run(int worker, int row, int count);
    }

    private final Workers workers;
    private final Gemms gemms;
    private float[][] scratch = new float[8][0];
    private float[][] workerScratch;
    private float[] partialSums = {};

    Steps(Workers workers) {
        this.workers = workers;
        gemms = new Gemms(workers);
        workerScratch = new float[workers.threads()][0];
    }

    Workers workers() {
        return workers;
    }

    Gemms gemms() {
        return gemms;
    }

    /** Returns how many rows go at once where an image has {@code rows}: whole images. */
    static int groupRows(int rows) {
        return Math.max(1, GROUP_ROWS / Math.max(1, rows)) * rows;
    }

    /** Returns a scratch array that lives from step to step; two of the same number are the same array. */
    float[] scratch(int number, int length) {
        if (scratch[number].length < length) {
            scratch[number] = new float[length];
        }
        return scratch[number];
    }

    /** Returns a thread's own scratch. */
    float[] workerScratch(int worker, int length) {
        if (workerScratch[worker].length < length) {
            workerScratch[worker] = new float[length];
        }
        return workerScratch[worker];
    }

    /** Runs a step on pieces of {@link #PIECE_ROWS} rows. */
    void rows(int rows, RowStep step) {
        workers.run((rows + PIECE_ROWS - 1) / PIECE_ROWS, (worker, piece) -> {
            int row = piece * PIECE_ROWS;
            step.run(worker, row, Math.min(PIECE_ROWS, rows - row));
        });
    }

    /** Returns room for a row of sums per piece of rows. */
    float[] partialSums(int rows, int columns) {
        int length = (rows + PIECE_ROWS - 1) / PIECE_ROWS * columns;
        if (partialSums.length < length) {
            partialSums = new float[length];
        }
        return partialSums;
    }

    /** Adds the pieces' rows of sums in their order. */
    void addParts(int rows, int columns, float[] partial, int offset, int stride, float[] sums, int so) {
        ColumnSums.add(partial, offset, stride, (rows + PIECE_ROWS - 1) / PIECE_ROWS, columns, sums, so);
    }

    /** dW [out, in] += dyᵀ [out, R] · x [R, in]. */
    void weightGradient(int rows, int out, int in, float[] x, int xo, float[] dy, int dyo, float[] dW, int dwo) {
        int pieces = workers.alone() ? 1 : WEIGHT_PIECES * workers.threads();
        int tiles = (out + WEIGHT_ROWS - 1) / WEIGHT_ROWS;
        int height = (tiles + pieces - 1) / pieces * WEIGHT_ROWS;
        workers.run((out + height - 1) / height, (worker, piece) -> {
            int first = piece * height;
            TransposedGemm.multiply(Math.min(height, out - first), rows, in, dy, dyo + first, out, x, xo, in, true, dW,
                    dwo + first * in, in);
        });
    }

    /** sums [C] += the rows of x [R, C]. */
    void columnSums(int rows, int columns, float[] x, int xo, float[] sums, int so) {
        float[] partial = partialSums(rows, columns);
        rows(rows, (worker, row, count) -> {
            int part = row / PIECE_ROWS * columns;
            Arrays.fill(partial, part, part + columns, 0f);
            ColumnSums.add(x, xo + row * columns, columns, count, columns, partial, part);
        });
        addParts(rows, columns, partial, 0, columns, sums, so);
    }

    /** a = gelu(u). */
    void gelu(int rows, int columns, float[] u, int uo, float[] a, int ao) {
        rows(rows, (worker, row, count) -> Gelu.apply(u, uo + row * columns, count * columns, a, ao + row * columns));
    }

    /** u becomes gelu'(u), where a is gelu(u). */
    void geluSlopes(int rows, int columns, float[] u, int uo, float[] a, int ao) {
        rows(rows, (worker, row, count) -> GeluGradient.slopes(count * columns, u, uo + row * columns, a,
                ao + row * columns, u, uo + row * columns));
    }

    /** du = dy * gelu'(u), in place of dy. */
    void geluGradient(int rows, int columns, float[] u, int uo, float[] a, int ao, float[] dy, int dyo) {
        rows(rows, (worker, row, count) -> GeluGradient.apply(count * columns, u, uo + row * columns, a,
                ao + row * columns, dy, dyo + row * columns, dy, dyo + row * columns));
    }
}
