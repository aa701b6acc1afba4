package leanvit.kernels;

import java.util.Arrays;

/**
 * {@link BipartiteMatching} without the Vector API.
 *
 * <p>Scratch: normalised destinations transposed, and a row of scores.
 */
final class ScalarBipartiteMatching implements BipartiteMatching.Implementation {

    static final ScalarBipartiteMatching KERNEL = new ScalarBipartiteMatching();

    @Override
    public int scratchLength(int destinations, int width) {
        return Math.toIntExact((long) destinations * (width + 1));
    }

    @Override
    public void match(float[] x, int sourceOffset, int sourceStride, int[] sources, int sourcesOffset, int nSources,
                             int destinationOffset, int destinationStride, int[] destinations, int destinationsOffset,
                             int nDestinations, int blocked, int width, float epsilon, float[] best, int[] partner,
                             float[] scratch) {
        int scores = nDestinations * width;
        for (int j = 0; j < nDestinations; j++) {
            int from = destinationOffset + row(destinations, destinationsOffset, j) * destinationStride;
            float factor = factor(width, x, from, epsilon);
            for (int c = 0; c < width; c++) {
                scratch[c * nDestinations + j] = x[from + c] * factor;
            }
        }
        for (int i = 0; i < nSources; i++) {
            int from = sourceOffset + row(sources, sourcesOffset, i) * sourceStride;
            float factor = factor(width, x, from, epsilon);
            Arrays.fill(scratch, scores, scores + nDestinations, 0f);
            for (int c = 0; c < width; c++) {
                axpy(nDestinations, x[from + c] * factor, scratch, c * nDestinations, scores);
            }
            best[i] = Float.NEGATIVE_INFINITY;
            partner[i] = blocked < nDestinations ? blocked : -1;
            for (int j = blocked; j < nDestinations; j++) {
                if (scratch[scores + j] > best[i]) {
                    best[i] = scratch[scores + j];
                    partner[i] = j;
                }
            }
        }
    }

    private static int row(int[] list, int offset, int i) {
        return list == null ? i : list[offset + i];
    }

    /** Returns 1 / (‖row‖ + epsilon), and 0 for a zero row. */
    static float factor(int width, float[] x, int row, float epsilon) {
        double squares = 0;
        for (int c = 0; c < width; c++) {
            squares += (double) x[row + c] * x[row + c];
        }
        double norm = Math.sqrt(squares) + epsilon;
        return norm < Float.MIN_NORMAL ? 0f : (float) (1 / norm);
    }

    private static void axpy(int n, float factor, float[] x, int xo, int yo) {
        for (int j = 0; j < n; j++) {
            x[yo + j] += factor * x[xo + j];
        }
    }
}
