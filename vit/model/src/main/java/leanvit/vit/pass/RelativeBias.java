package leanvit.vit.pass;

import java.io.IOException;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * A relative position bias (BEiT, Bao et al. 2022): what the scores of a query and a key gain for the difference of
 * their places, by head. Immutable.
 *
 * <p>A place is a row and a column of the patch grid. A merged token's is the mean of its patches' places, so it need
 * not be whole; the bias is then interpolated linearly between the table's four entries around the difference.
 */
public final class RelativeBias {

    static final String TABLE = "relative_position_bias_table";

    private final int rows;
    private final int columns;
    /** By head: rows of {@code 2·columns - 1} differences, (query - key + most), mirrored along the columns. */
    private final float[][] differences;
    private final float[] classToPatch;
    private final float[] patchToClass;
    private final float[] classToClass;

    private RelativeBias(int rows, int columns, float[][] differences, float[] classToPatch, float[] patchToClass,
                         float[] classToClass) {
        this.rows = rows;
        this.columns = columns;
        this.differences = differences;
        this.classToPatch = classToPatch;
        this.patchToClass = patchToClass;
        this.classToClass = classToClass;
    }

    /**
     * Reads a table [(2h-1)(2w-1) + 3, H]: entry (dy + h-1)(2w-1) + dx + w-1 for patches dy rows and dx columns apart
     * (query less key), then class to patch, patch to class, class to class.
     *
     * @param trained the shape that the table has; where that is another grid it is fitted, as {@link RelativeTable}
     * @param config  the same with the size of the images that are to come
     */
    static RelativeBias read(TensorSource tensors, String name, VitConfig trained, VitConfig config)
            throws IOException {
        int rows = config.gridRows();
        int columns = config.gridColumns();
        int heads = config.heads();
        int across = 2 * columns - 1;
        int entries = (2 * rows - 1) * across;
        int down = 2 * trained.gridRows() - 1;
        float[] table = tensors.tensor(name, down * (2 * trained.gridColumns() - 1) + 3, heads);
        if (trained.gridRows() != rows || trained.gridColumns() != columns) {
            table = RelativeTable.fit(config.parts().positionFit(), table, heads, down, 2 * rows - 1, across);
        }
        float[][] byHead = new float[heads][entries];
        float[][] ends = new float[3][heads];
        for (int head = 0; head < heads; head++) {
            for (int entry = 0; entry < entries; entry++) {
                int mirrored = entry / across * across + across - 1 - entry % across;
                byHead[head][mirrored] = table[entry * heads + head];
            }
            for (int end = 0; end < ends.length; end++) {
                ends[end][head] = table[(entries + end) * heads + head];
            }
        }
        return new RelativeBias(rows, columns, byHead, ends[0], ends[1], ends[2]);
    }

    /**
     * Writes a head's bias of an image that nothing was taken from or merged in: its patches in their order.
     *
     * @param queries the first so many tokens are queries
     * @param out     [queries, prefix + patches] from {@code offset}
     */
    void whole(int head, int queries, int prefix, float[] out, int offset) {
        int n = prefix + rows * columns;
        int across = 2 * columns - 1;
        float[] table = differences[head];
        for (int i = 0; i < queries; i++) {
            int to = offset + i * n;
            ends(head, i < prefix, prefix, n, out, to);
            for (int y = 0; i >= prefix && y < rows; y++) {
                int patch = i - prefix;
                int row = (patch / columns - y + rows - 1) * across;
                // Mirrored, so that keys side by side have entries side by side.
                System.arraycopy(table, row + columns - 1 - patch % columns, out, to + prefix + y * columns, columns);
            }
        }
    }

    /** Fills a query's bias with what it has for class tokens and, where it is one, for patches. */
    private void ends(int head, boolean isPrefix, int prefix, int n, float[] out, int to) {
        for (int j = 0; j < prefix; j++) {
            out[to + j] = isPrefix ? classToClass[head] : patchToClass[head];
        }
        for (int j = prefix; isPrefix && j < n; j++) {
            out[to + j] = classToPatch[head];
        }
    }

    /**
     * Writes a head's bias of tokens at any places.
     *
     * @param n      tokens, of which the first {@code queries} are queries
     * @param places row and column of each token, from token {@code start} on; those of prefix tokens count for nothing
     * @param out    [queries, n] from {@code offset}
     */
    void between(int head, int n, int queries, int prefix, float[] places, int start, float[] out, int offset) {
        int across = 2 * columns - 1;
        float[] table = differences[head];
        for (int i = 0; i < queries; i++) {
            int to = offset + i * n;
            ends(head, i < prefix, prefix, n, out, to);
            float row = places[2 * (start + i)] + rows - 1;
            float column = columns - 1 - places[2 * (start + i) + 1];
            for (int j = prefix; i >= prefix && j < n; j++) {
                float y = row - places[2 * (start + j)];
                float x = column + places[2 * (start + j) + 1];
                int y0 = (int) y;
                int x0 = (int) x;
                int entry = y0 * across + x0;
                float down = y - y0;
                float right = x - x0;
                if (down == 0f && right == 0f) {
                    out[to + j] = table[entry];
                } else {
                    int below = down == 0f ? entry : entry + across;
                    int beside = right == 0f ? 0 : 1;
                    float above = table[entry] + right * (table[entry + beside] - table[entry]);
                    float under = table[below] + right * (table[below + beside] - table[below]);
                    out[to + j] = above + down * (under - above);
                }
            }
        }
    }
}
