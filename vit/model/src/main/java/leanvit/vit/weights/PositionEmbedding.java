package leanvit.vit.weights;

import java.util.Arrays;
import leanvit.vit.weights.Parts.PositionFit;

/**
 * Fits a learned position embedding to another grid of patches, bicubic with half-pixel centres, as PyTorch's
 * {@code interpolate(mode="bicubic", align_corners=False)} does it.
 *
 * <p>Along an axis of n old and m new places, s = n / m, new place i takes from old place j the weight
 * {@code k((j + 0.5 - s (i + 0.5)) / t)}; k is Keys' cubic convolution kernel: {@code (a+2)|x|^3 - (a+3)x^2 + 1} up to
 * 1, {@code a (|x|^3 - 5x^2 + 8|x| - 4)} up to 2, else 0 (R. Keys, Cubic Convolution Interpolation for Digital Image
 * Processing, 1981).
 * <ul>
 * <li>{@link PositionFit#ANTIALIASED}, timm's {@code resample_abs_pos_embed}: a = -0.5, t = max(s, 1), and weights are
 *     divided by their sum over the places that there are.
 * <li>{@link PositionFit#BICUBIC}, transformers' {@code interpolate_pos_encoding}: a = -0.75, t = 1, and a place beyond
 *     the edge is the edge's.
 * </ul>
 * Computed in double, rounded to float once.
 */
public final class PositionEmbedding {

    private static final double ANTIALIASED_A = -0.5;
    private static final double BICUBIC_A = -0.75;
    private static final double SUPPORT = 2;

    private PositionEmbedding() {
    }

    /** {@link #resize(PositionFit, float[], int, int, int, int, int, int) Resizes} as timm does, antialiased. */
    public static float[] resize(float[] embedding, int prefix, int channels, int fromRows, int fromColumns,
                                 int toRows, int toColumns) {
        return resize(PositionFit.ANTIALIASED, embedding, prefix, channels, fromRows, fromColumns, toRows, toColumns);
    }

    /**
     * Returns the embedding for another grid. The rows of the prefix tokens stay as they are; an unchanged grid gives
     * an exact copy. NaN and infinities spread to the patches whose weights reach them.
     *
     * @param fit         which rule
     * @param embedding   [prefix + fromRows * fromColumns, C], row-major
     * @param prefix      rows that belong to no patch and stand first
     * @param channels    C
     * @param fromRows    rows of the old grid
     * @param fromColumns columns of the old grid
     * @param toRows      rows of the new grid
     * @param toColumns   columns of the new grid
     * @return [prefix + toRows * toColumns, C], row-major
     * @throws IllegalArgumentException if a grid's side or C is under 1, prefix under 0, or the embedding has another
     *                                  length
     */
    public static float[] resize(PositionFit fit, float[] embedding, int prefix, int channels, int fromRows,
                                 int fromColumns, int toRows, int toColumns) {
        if (prefix < 0 || channels < 1 || fromRows < 1 || fromColumns < 1 || toRows < 1 || toColumns < 1) {
            throw new IllegalArgumentException("expected prefix >= 0 and all else >= 1, came prefix " + prefix
                    + ", channels " + channels + ", grids " + fromRows + "x" + fromColumns + " and " + toRows + "x"
                    + toColumns);
        }
        if (embedding.length != ((long) prefix + (long) fromRows * fromColumns) * channels) {
            throw new IllegalArgumentException("expected (" + prefix + " + " + fromRows + " * " + fromColumns + ") * "
                    + channels + " values, came " + embedding.length);
        }
        if (fromRows == toRows && fromColumns == toColumns) {
            return embedding.clone();
        }
        int patches = prefix * channels;
        double[] grid = new double[embedding.length - patches];
        for (int i = 0; i < grid.length; i++) {
            grid[i] = embedding[patches + i];
        }
        double[] wide = resample(fit, grid, fromRows, fromColumns, toColumns, channels);
        double[] whole = resample(fit, wide, 1, fromRows, toRows, toColumns * channels);
        float[] result = Arrays.copyOf(embedding, Math.addExact(patches, whole.length));
        for (int i = 0; i < whole.length; i++) {
            result[patches + i] = (float) whole[i];
        }
        return result;
    }

    /** Resamples the middle axis: [outer, from, inner] to [outer, to, inner]. */
    private static double[] resample(PositionFit fit, double[] in, int outer, int from, int to, int inner) {
        double[] out = new double[Math.multiplyExact(Math.multiplyExact(outer, to), inner)];
        boolean antialiased = fit == PositionFit.ANTIALIASED;
        double a = antialiased ? ANTIALIASED_A : BICUBIC_A;
        double scale = (double) from / to;
        double stretch = antialiased ? Math.max(scale, 1) : 1;
        for (int i = 0; i < to; i++) {
            double centre = scale * (i + 0.5);
            int first = (int) Math.floor(centre - SUPPORT * stretch + 0.5);
            int end = (int) Math.floor(centre + SUPPORT * stretch + 0.5);
            if (antialiased) {
                first = Math.max(0, first);
                end = Math.min(from, end);
            }
            double[] weights = new double[end - first];
            double sum = 0;
            for (int j = 0; j < weights.length; j++) {
                weights[j] = cubic(a, (first + j + 0.5 - centre) / stretch);
                sum += weights[j];
            }
            for (int j = 0; j < weights.length; j++) {
                double weight = weights[j] / sum;
                int place = Math.min(Math.max(first + j, 0), from - 1);
                for (int o = 0; o < outer; o++) {
                    int source = (o * from + place) * inner;
                    int target = (o * to + i) * inner;
                    for (int c = 0; c < inner; c++) {
                        out[target + c] += weight * in[source + c];
                    }
                }
            }
        }
        return out;
    }

    private static double cubic(double a, double x) {
        double distance = Math.abs(x);
        if (distance < 1) {
            return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
        }
        return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0;
    }
}
