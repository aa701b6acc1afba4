package leanvit.vit.embed;

import leanvit.kernels.Gemm;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;

/** Exact nearest neighbours among vectors, by cosine: every one with every other. All methods are pure. */
public final class NearestNeighbours {

    /** Vectors that are packed at a time, and queries that meet them: some MB of scores. */
    private static final int SLICE = 1024;

    private NearestNeighbours() {
    }

    /**
     * Returns the nearest others of each vector, nearest first; of equally near ones the lower index first.
     *
     * @param vectors [count, width]; those of length 0 or with NaN are nobody's neighbours before all others
     * @param most    how many neighbours, at least 1; fewer where there are no more
     * @throws IllegalArgumentException if a number is below 1 or the length is another
     */
    public static int[][] of(float[] vectors, int count, int width, int most) {
        if (count < 1 || width < 1 || most < 1 || vectors.length != (long) count * width) {
            throw new IllegalArgumentException(vectors.length + " values, expected " + count + " x " + width
                    + ", and 1 neighbour or more, not " + most);
        }
        float[] unit = unit(vectors, count, width);
        int neighbours = Math.min(most, count - 1);
        int[][] nearest = new int[count][neighbours];
        float[][] scores = new float[count][neighbours];
        int[] found = new int[count];
        float[] block = new float[Math.min(SLICE, count) * Math.min(SLICE, count)];
        for (int base = 0; base < count; base += SLICE) {
            int columns = Math.min(SLICE, count - base);
            PackedMatrix packed = PackedMatrix.ofTransposed(unit, base * width, width, columns, width, null);
            for (int query = 0; query < count; query += SLICE) {
                int rows = Math.min(SLICE, count - query);
                Gemm.multiply(rows, unit, query * width, width, packed, Epilogue.NONE, block, 0, columns);
                for (int i = 0; i < rows; i++) {
                    int self = query + i;
                    for (int j = 0; j < columns; j++) {
                        if (base + j != self) {
                            found[self] = insert(nearest[self], scores[self], found[self], base + j,
                                    block[i * columns + j]);
                        }
                    }
                }
            }
        }
        return nearest;
    }

    private static float[] unit(float[] vectors, int count, int width) {
        float[] unit = vectors.clone();
        float[] row = new float[width];
        for (int i = 0; i < count; i++) {
            System.arraycopy(vectors, i * width, row, 0, width);
            Embeddings.normalize(row);
            System.arraycopy(row, 0, unit, i * width, width);
        }
        return unit;
    }

    /** Puts a candidate among the nearest so far, which came in the order of their indices; returns how many are. */
    private static int insert(int[] nearest, float[] scores, int found, int candidate, float given) {
        float score = given == given ? given : Float.NEGATIVE_INFINITY;
        int place = found;
        while (place > 0 && score > scores[place - 1]) {
            place--;
        }
        if (place == nearest.length) {
            return found;
        }
        int last = Math.min(found, nearest.length - 1);
        System.arraycopy(nearest, place, nearest, place + 1, last - place);
        System.arraycopy(scores, place, scores, place + 1, last - place);
        nearest[place] = candidate;
        scores[place] = score;
        return Math.min(found + 1, nearest.length);
    }

    /**
     * Returns the mean share of the first {@code most} of {@code expected} that are among the first {@code most} of
     * {@code found}; 1 where nothing has neighbours.
     *
     * @throws IllegalArgumentException if they are of different numbers of vectors
     */
    public static double recall(int[][] expected, int[][] found, int most) {
        if (expected.length != found.length) {
            throw new IllegalArgumentException(expected.length + " and " + found.length + " vectors");
        }
        long hits = 0;
        long all = 0;
        for (int i = 0; i < expected.length; i++) {
            int count = Math.min(most, expected[i].length);
            all += count;
            for (int e = 0; e < count; e++) {
                for (int f = 0; f < Math.min(most, found[i].length); f++) {
                    hits += expected[i][e] == found[i][f] ? 1 : 0;
                }
            }
        }
        return all == 0 ? 1 : (double) hits / all;
    }
}
