package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link BipartiteMatching} on vectors: the matmul's tiles over destinations packed in panels, and each dot
 * product divided by both norms afterwards. Blocked destinations and padding have a bias of -infinity.
 *
 * <p>Scratch: the panels; 1 / norm of each destination; for listed rows the destinations, one after another; a tile of
 * a few sources; a tile of their scores; a vector; 1 / norm of each of them.
 */
final class SimdBipartiteMatching implements BipartiteMatching.Implementation {

    static final SimdBipartiteMatching KERNEL = new SimdBipartiteMatching();

    private static final int TILE_ROWS = SimdGemm.TILE_ROWS;
    /**
     * Rows whose sum of squares is outside this range are normalised beforehand, so that no product overflows or
     * vanishes.
     */
    private static final float SMALLEST = 0x1p-90f;
    private static final float LARGEST = 0x1p90f;

    @Override
    public int scratchLength(int destinations, int width) {
        int padded = PanelLayout.paddedColumns(destinations);
        return Math.toIntExact(FloatArena.START + (long) padded * (width + 2) + (long) destinations * width
                + TILE_ROWS * ((long) width + padded + 1) + L);
    }

    @Override
    public void match(float[] x, int sourceOffset, int sourceStride, int[] sources, int sourcesOffset, int nSources,
                             int destinationOffset, int destinationStride, int[] destinations, int destinationsOffset,
                             int nDestinations, int blocked, int[] excluded, int width, float epsilon, float[] best,
                             int[] partner, float[] scratch) {
        int padded = PanelLayout.paddedColumns(nDestinations);
        int factors = FloatArena.START + padded * (width + 1);
        int copies = factors + padded;
        int tile = copies + nDestinations * width;
        int scores = tile + TILE_ROWS * width;
        int lanes = scores + TILE_ROWS * padded;
        int sourceFactors = lanes + L;
        float[] rows = x;
        int first = destinationOffset;
        int stride = destinationStride;
        if (destinations != null) {
            for (int j = 0; j < nDestinations; j++) {
                System.arraycopy(x, destinationOffset + destinations[destinationsOffset + j] * destinationStride,
                        scratch, copies + j * width, width);
            }
            rows = scratch;
            first = copies;
            stride = width;
        }
        pack(rows, first, stride, nDestinations, blocked, width, scratch);
        Arrays.fill(scratch, factors, factors + padded, 1f);
        for (int j = blocked; j < nDestinations; j++) {
            float squares = squares(width, rows, first + j * stride);
            if (squares > SMALLEST && squares < LARGEST) {
                scratch[factors + j] = 1f / ((float) Math.sqrt(squares) + epsilon);
            } else {
                normaliseColumn(padded, j, width,
                        ScalarBipartiteMatching.factor(width, rows, first + j * stride, epsilon),
                        scratch);
            }
        }
        for (int i = 0; i < nSources; i += TILE_ROWS) {
            int height = Math.min(TILE_ROWS, nSources - i);
            for (int r = 0; r < height; r++) {
                int source = sources == null ? i + r : sources[sourcesOffset + i + r];
                int row = tile + r * width;
                System.arraycopy(x, sourceOffset + source * sourceStride, scratch, row, width);
                scratch[sourceFactors + r] = sourceFactor(width, scratch, row, epsilon);
            }
            for (int panel = 0; panel < PanelLayout.panels(padded); panel++) {
                int column = PanelLayout.column(padded, panel);
                SimdGemm.tile(height, width, scratch, tile, width, scratch, FloatArena.START + column * (width + 1),
                        PanelLayout.width(padded, panel), scratch, scores + column, padded);
            }
            for (int r = 0; r < height; r++) {
                int row = scores + r * padded;
                if (excluded != null && excluded[i + r] >= 0) {
                    scratch[row + excluded[i + r]] = Float.NEGATIVE_INFINITY;
                }
                float max = scaledMax(padded, scratch, row, factors, lanes);
                int j = blocked < nDestinations ? blocked : -1;
                if (max > Float.NEGATIVE_INFINITY) {
                    while (scratch[row + j] != max) {
                        j++;
                    }
                    max *= scratch[sourceFactors + r];
                }
                best[i + r] = max;
                partner[i + r] = j;
            }
        }
    }

    private static void pack(float[] x, int offset, int stride, int n, int blocked, int width, float[] packed) {
        int padded = PanelLayout.paddedColumns(n);
        for (int panel = 0; panel < PanelLayout.panels(padded); panel++) {
            int first = PanelLayout.column(padded, panel);
            int columns = PanelLayout.width(padded, panel);
            int valid = Math.min(columns, n - first);
            int bias = FloatArena.START + first * (width + 1);
            for (int j = 0; j < columns; j++) {
                packed[bias + j] = first + j >= blocked && j < valid ? 0f : Float.NEGATIVE_INFINITY;
            }
            SimdPanels.transpose(valid, columns, width, 1f, x, offset + first * stride, stride, packed, bias + columns);
        }
    }

    /** Multiplies a row, whole vectors long, by the factors and returns its largest value; NaN is passed over. */
    private static float scaledMax(int padded, float[] x, int row, int factors, int lanes) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < padded; j += L) {
            FloatVector score = FloatVector.fromArray(F, x, row + j).mul(FloatVector.fromArray(F, x, factors + j));
            score.intoArray(x, row + j);
            max = FLOATS.cast(max).blend(score, score.compare(VectorOperators.GT, max));
        }
        FLOATS.cast(max).intoArray(x, lanes);
        float largest = x[lanes];
        for (int i = 1; i < L; i++) {
            largest = x[lanes + i] > largest ? x[lanes + i] : largest;
        }
        return largest;
    }

    /** Returns 1 / (‖row‖ + epsilon), or normalises the row and returns 1. */
    private static float sourceFactor(int width, float[] x, int row, float epsilon) {
        float squares = squares(width, x, row);
        if (squares > SMALLEST && squares < LARGEST) {
            return 1f / ((float) Math.sqrt(squares) + epsilon);
        }
        float factor = ScalarBipartiteMatching.factor(width, x, row, epsilon);
        for (int c = 0; c < width; c++) {
            x[row + c] *= factor;
        }
        return 1f;
    }

    private static void normaliseColumn(int padded, int column, int width, float factor, float[] packed) {
        int panel = 0;
        while (column >= PanelLayout.column(padded, panel + 1)) {
            panel++;
        }
        int first = PanelLayout.column(padded, panel);
        int columns = PanelLayout.width(padded, panel);
        int at = FloatArena.START + first * (width + 1) + columns + column - first;
        for (int c = 0; c < width; c++, at += columns) {
            packed[at] *= factor;
        }
    }

    /**
     * Returns the sum of a row's squares. The last step of {@link LaneFolds} is done on floats: this method is inlined
     * twice into a large one, in which C2 would put off the last calls.
     */
    private static float squares(int width, float[] x, int row) {
        FloatVector squares = FloatVector.zero(F);
        int c = 0;
        for (; c <= width - L; c += L) {
            FloatVector v = FloatVector.fromArray(F, x, row + c);
            squares = v.fma(v, squares);
        }
        squares = FLOATS.cast(squares);
        squares = squares.add(squares.rearrange(HALF));
        squares = L > 4 ? squares.add(squares.rearrange(QUARTER)) : squares;
        squares = L > 8 ? squares.add(squares.rearrange(EIGHTH)) : squares;
        float sum = squares.lane(0) + squares.lane(1);
        for (; c < width; c++) {
            sum += x[row + c] * x[row + c];
        }
        return sum;
    }
}
