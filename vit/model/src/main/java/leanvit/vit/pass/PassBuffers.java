package leanvit.vit.pass;

import java.util.Arrays;
import leanvit.kernels.Attention;
import leanvit.kernels.FloatArena;
import leanvit.reducers.ModelShape;
import leanvit.vit.weights.VitConfig;

/**
 * What a pass works in, one array: token rows before and after a reduction, a group's normalised rows, its queries, keys and
 * values, its hidden layer, and each thread's room for attention. Sizes are checked here, once.
 */
final class PassBuffers {

    /**
     * The least length: half of a 4 MB region, what G1 takes up to 8 GB of heap, and from half a region on an array is placed at
     * a region's start, so that its areas are aligned. Costs the smallest models a megabyte.
     */
    private static final int LEAST_FLOATS = (2 << 20) / Float.BYTES;

    private final int images;
    private final int groupRows;
    final float[] floats;
    final int rows;
    final int reducedRows;
    final int normed;
    final int qkv;
    final int hidden;
    final int[] attention;

    /**
     * Makes room for {@code images} images of all their tokens.
     *
     * @param groupRows rows that go through a block together, at least one image's
     * @param headMax   whether attention has all heads at once
     * @throws IllegalArgumentException if one array cannot hold it; the message says which batch fits
     */
    PassBuffers(VitConfig config, ModelShape shape, int images, int groupRows, int threads, boolean headMax) {
        this.images = images;
        this.groupRows = groupRows;
        long width = shape.width();
        long tokenRows = (long) images * shape.tokens() * width;
        long scratch = headMax ? Attention.headMaxScratchLength(shape.tokens(), shape.heads(), shape.headDim())
                : Attention.scratchLength(shape.tokens(), shape.headDim());
        long[] lengths = new long[5 + threads];
        Arrays.fill(lengths, scratch);
        lengths[0] = tokenRows;
        lengths[1] = tokenRows;
        lengths[2] = groupRows * width;
        lengths[3] = 3 * groupRows * width;
        lengths[4] = (long) groupRows * config.mlpHidden();
        int[] areas = new int[lengths.length];
        long total = 0;
        for (int i = 0; i < lengths.length; i++) {
            total += lengths[i] + 16;
            areas[i] = (int) Math.min(Integer.MAX_VALUE, lengths[i]);
        }
        if (total > Integer.MAX_VALUE - 64) {
            long fixed = total - 2 * tokenRows;
            long fits = Math.max(0, (Integer.MAX_VALUE - 64 - fixed) / (2L * shape.tokens() * width));
            throw new IllegalArgumentException("a batch of " + images + " images of " + shape.tokens() + " tokens, " + width
                    + " wide, needs " + total + " floats, more than one array holds; a batch of "
                    + Math.min(fits, images - 1L) + " fits");
        }
        FloatArena arena = new FloatArena(Math.max(LEAST_FLOATS, FloatArena.sizeOf(areas)));
        floats = arena.array();
        rows = arena.allocate(areas[0]);
        reducedRows = arena.allocate(areas[1]);
        normed = arena.allocate(areas[2]);
        qkv = arena.allocate(areas[3]);
        hidden = arena.allocate(areas[4]);
        attention = new int[threads];
        for (int i = 0; i < threads; i++) {
            attention[i] = arena.allocate(areas[5 + i]);
        }
    }

    /** Returns whether there is room for so many images in groups of so many rows. */
    boolean hold(int images, int groupRows) {
        return images <= this.images && groupRows <= this.groupRows;
    }
}
