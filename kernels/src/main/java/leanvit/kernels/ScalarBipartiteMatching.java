package leanvit.kernels;

/**
 * {@link BipartiteMatching} without the Vector API: similarities by {@link ScalarTile}.
 *
 * <p>Scratch: normalised destinations transposed, then a tile's normalised sources.
 */
final class ScalarBipartiteMatching implements BipartiteMatching.Implementation {

    static final ScalarBipartiteMatching KERNEL = new ScalarBipartiteMatching();

    @Override
    public int scratchLength(int destinations, int width) {
        return Math.toIntExact(((long) destinations + ScalarTile.ROWS) * width);
    }

    @Override
    public void match(float[] x, int sourceOffset, int sourceStride, int[] sources, int sourcesOffset, int nSources,
                             int destinationOffset, int destinationStride, int[] destinations, int destinationsOffset,
                             int nDestinations, int blocked, int[] excluded, int width, float epsilon, float[] best,
                             int[] partner, float[] scratch) {
        ScalarTile tile = ScalarTile.acquire();
        for (int j = 0; j < nDestinations; j++) {
            int from = destinationOffset + row(destinations, destinationsOffset, j) * destinationStride;
            normalise(width, x, from, epsilon, scratch, j, nDestinations);
        }
        int normalised = nDestinations * width;
        int height = ScalarTile.part(nSources, ScalarTile.ROWS);
        int block = ScalarTile.part(nDestinations, ScalarTile.COLUMNS);
        for (int i = 0; i < nSources; i += height) {
            int rows = Math.min(height, nSources - i);
            for (int r = 0; r < rows; r++) {
                int from = sourceOffset + row(sources, sourcesOffset, i + r) * sourceStride;
                normalise(width, x, from, epsilon, scratch, normalised + r * width, 1);
                best[i + r] = Float.NEGATIVE_INFINITY;
                partner[i + r] = blocked < nDestinations ? blocked : -1;
            }
            for (int j = 0; j < nDestinations; j += block) {
                int columns = Math.min(block, nDestinations - j);
                similarities(tile, rows, columns, width, scratch, normalised, j, nDestinations);
                for (int r = 0; r < rows; r++) {
                    int self = excluded == null ? -1 : excluded[i + r] - j;
                    if (self >= 0 && self < columns) {
                        tile.sums[r][self] = Float.NEGATIVE_INFINITY;
                    }
                    nearest(tile.sums[r], columns, j, Math.max(0, blocked - j), best, partner, i + r);
                }
            }
        }
        tile.release();
    }

    private static void normalise(int width, float[] x, int from, float epsilon, float[] to, int offset, int step) {
        float factor = factor(width, x, from, epsilon);
        for (int c = 0; c < width; c++) {
            to[offset + c * step] = x[from + c] * factor;
        }
    }

    private static void similarities(ScalarTile tile, int rows, int columns, int width, float[] scratch, int normalised,
                                     int first, int nDestinations) {
        for (int r = 0; r < rows; r++) {
            tile.fill(r, columns, 0f);
        }
        for (int c = 0; c < width; c += ScalarTile.STEPS) {
            int steps = Math.min(ScalarTile.STEPS, width - c);
            for (int s = 0; s < steps; s++) {
                tile.copyRow(s, scratch, (c + s) * nDestinations + first, columns);
            }
            tile.add(rows, columns, steps, scratch, normalised + c, width, 1);
        }
    }

    private static void nearest(float[] similarities, int columns, int first, int from, float[] best, int[] partner,
                                int i) {
        for (int j = from; j < columns; j++) {
            if (similarities[j] > best[i]) {
                best[i] = similarities[j];
                partner[i] = first + j;
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
}
