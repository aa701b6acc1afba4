package leanvit.vit.pass;

import java.util.Arrays;
import leanvit.vit.weights.Parts.PositionFit;

/**
 * A table of relative positions, a row for each difference of rows and of columns that two patches may have, fitted to
 * another grid: linear along each side between the stored differences, which stand as each library places them.
 *
 * <pre>
 *   transformers  evenly, the ends of both tables' outermost entries upon each other (half-pixel centres)
 *   timm          as BEiT's authors: at 0, ±1, ±(1 + q), ±(1 + q + q²), ... of the new differences, with q so that the
 *                 outermost meet; near patches keep their bias
 * </pre>
 */
final class RelativeTable {

    /** timm's bounds of q, and how near it is sought. */
    private static final double LEAST_RATIO = 1.01;
    private static final double LARGEST_RATIO = 1.5;
    private static final double NEAR = 1e-6;

    private RelativeTable() {
    }

    /**
     * Fits a table.
     *
     * @param table [from·from + ends, heads], row-major; the ends, which belong to no difference, stay
     * @param from  differences along each side, 2·side - 1
     * @param rows  differences of rows in the new table
     * @return [rows·columns + ends, heads]
     */
    static float[] fit(PositionFit fit, float[] table, int heads, int from, int rows, int columns) {
        double[] down = places(fit, from, rows);
        double[] across = places(fit, from, columns);
        int ends = table.length - from * from * heads;
        float[] fitted = new float[rows * columns * heads + ends];
        for (int r = 0; r < rows; r++) {
            int above = Math.min((int) down[r], from - 2);
            double y = down[r] - above;
            for (int c = 0; c < columns; c++) {
                int left = Math.min((int) across[c], from - 2);
                double x = across[c] - left;
                int at = (above * from + left) * heads;
                for (int h = 0; h < heads; h++) {
                    double upper = (1 - x) * table[at + h] + x * table[at + heads + h];
                    double lower = (1 - x) * table[at + from * heads + h] + x * table[at + (from + 1) * heads + h];
                    fitted[(r * columns + c) * heads + h] = (float) ((1 - y) * upper + y * lower);
                }
            }
        }
        System.arraycopy(table, from * from * heads, fitted, rows * columns * heads, ends);
        return fitted;
    }

    /** Returns where each of {@code to} differences lies among {@code from} stored ones, from 0 to {@code from - 1}. */
    private static double[] places(PositionFit fit, int from, int to) {
        double[] places = new double[to];
        double[] stored = fit == PositionFit.ANTIALIASED ? geometric(from, to) : null;
        for (int i = 0; i < to; i++) {
            double place = stored == null ? (i + 0.5) * from / to - 0.5 : among(stored, i - to / 2);
            places[i] = Math.max(0, Math.min(from - 1, place));
        }
        return places;
    }

    /** Returns the place of a difference among those stored, the index before it and the way to the next. */
    private static double among(double[] stored, double difference) {
        int found = Arrays.binarySearch(stored, difference);
        if (found >= 0) {
            return found;
        }
        int before = -found - 2;
        return before < 0 || before == stored.length - 1 ? before
                : before + (difference - stored[before]) / (stored[before + 1] - stored[before]);
    }

    private static double[] geometric(int from, int to) {
        double low = LEAST_RATIO;
        double high = LARGEST_RATIO;
        double q = low;
        int half = from / 2;
        while (high - low > NEAR) {
            q = (low + high) / 2;
            if ((1 - Math.pow(q, half)) / (1 - q) > to / 2) {
                high = q;
            } else {
                low = q;
            }
        }
        double[] stored = new double[from];
        double at = 0;
        for (int i = 1; i <= half; i++) {
            at += Math.pow(q, i - 1);
            stored[half + i] = at;
            stored[half - i] = -at;
        }
        return stored;
    }
}
