package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * {@link leanvit.kernels.BipartiteMatching} on vectors: the matmul's tiles over normalised destinations packed in panels.
 * Blocked destinations and padding have a bias of -infinity.
 *
 * <p>Scratch: the panels, a tile of 6 normalised sources, a tile of their scores, and a vector.
 */
public final class SimdBipartiteMatching {

    private static final int TILE_ROWS = 6;

    private SimdBipartiteMatching() {
    }

    /** Returns the scratch floats. */
    public static int scratchLength(int destinations, int width) {
        int padded = PanelLayout.paddedColumns(destinations);
        return Math.toIntExact(PanelLayout.START + (long) padded * (width + 1) + TILE_ROWS * ((long) width + padded) + L);
    }

    /**
     * Matches rows {@code x[sourceOffset + s·sourceStride]}, s listed or 0, 1, ..., with rows of destinations likewise; the
     * first {@code blocked} destinations are no partners.
     */
    public static void match(float[] x, int sourceOffset, int sourceStride, int[] sources, int sourcesOffset, int nSources,
                             int destinationOffset, int destinationStride, int[] destinations, int destinationsOffset,
                             int nDestinations, int blocked, int width, float epsilon, float[] best, int[] partner,
                             float[] scratch) {
        int padded = PanelLayout.paddedColumns(nDestinations);
        int tile = PanelLayout.START + padded * (width + 1);
        int scores = tile + TILE_ROWS * width;
        int lanes = scores + TILE_ROWS * padded;
        int firstAllowed = blocked < nDestinations ? blocked : -1;
        for (int panel = 0; panel < PanelLayout.panels(nDestinations); panel++) {
            int first = PanelLayout.column(nDestinations, panel);
            int columns = PanelLayout.width(nDestinations, panel);
            int bias = PanelLayout.START + first * (width + 1);
            for (int j = 0; j < columns; j++) {
                int d = first + j;
                int to = bias + columns + j;
                boolean allowed = d >= blocked && d < nDestinations;
                scratch[bias + j] = allowed ? 0f : Float.NEGATIVE_INFINITY;
                if (allowed) {
                    int from = destinationOffset + row(destinations, destinationsOffset, d) * destinationStride;
                    float factor = factor(width, x, from, epsilon, scratch, lanes);
                    for (int c = 0; c < width; c++) {
                        scratch[to + c * columns] = x[from + c] * factor;
                    }
                } else {
                    for (int c = 0; c < width; c++) {
                        scratch[to + c * columns] = 0f;
                    }
                }
            }
        }
        for (int i = 0; i < nSources; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, nSources - i);
            for (int r = 0; r < rows; r++) {
                int from = sourceOffset + row(sources, sourcesOffset, i + r) * sourceStride;
                float factor = factor(width, x, from, epsilon, scratch, lanes);
                for (int c = 0; c < width; c++) {
                    scratch[tile + r * width + c] = x[from + c] * factor;
                }
            }
            for (int panel = 0; panel < PanelLayout.panels(nDestinations); panel++) {
                int first = PanelLayout.column(nDestinations, panel);
                int columns = PanelLayout.width(nDestinations, panel);
                SimdGemm.tile(rows, width, scratch, tile, width, scratch, PanelLayout.START + first * (width + 1), columns,
                        scratch, scores + first, padded, columns, false);
            }
            for (int r = 0; r < rows; r++) {
                int row = scores + r * padded;
                float max = SimdRows.max(padded, scratch, row);
                int j = firstAllowed;
                if (max > Float.NEGATIVE_INFINITY) {
                    while (scratch[row + j] != max) {
                        j++;
                    }
                }
                best[i + r] = max;
                partner[i + r] = j;
            }
        }
    }

    private static int row(int[] list, int offset, int i) {
        return list == null ? i : list[offset + i];
    }

    /** Returns 1 / (‖row‖ + epsilon), and 0 for a zero row. */
    private static float factor(int width, float[] x, int row, float epsilon, float[] scratch, int lanes) {
        FloatVector sum = FloatVector.zero(F);
        int c = 0;
        for (; c <= width - L; c += L) {
            FloatVector v = FloatVector.fromArray(F, x, row + c);
            sum = v.fma(v, sum);
        }
        float tail = 0f;
        for (; c < width; c++) {
            tail += x[row + c] * x[row + c];
        }
        float norm = (float) Math.sqrt(SimdRows.sum(sum, scratch, lanes) + tail) + epsilon;
        return norm == 0f ? 0f : 1f / norm;
    }
}
