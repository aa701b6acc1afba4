package leanvit.vit.pass;

import java.util.Arrays;
import java.util.function.LongFunction;
import leanvit.kernels.Attention;
import leanvit.kernels.FloatArena;
import leanvit.reducers.ModelShape;
import leanvit.vit.weights.VitConfig;

/**
 * What a pass works in, one array: token rows before and after a reduction; a group's normalised rows, its queries,
 * keys and values, and its hidden layer; and each thread's room for attention. Sizes are checked here, once.
 */
final class PassBuffers {

    /**
     * The least length: half of a 4 MB region, which is what G1 takes up to 8 GB of heap. An array of half a region or
     * more is placed at a region's start, so that its areas are aligned. This costs the smallest models a megabyte.
     */
    private static final int LEAST_FLOATS = (2 << 20) / Float.BYTES;

    private static final long MOST_FLOATS = Integer.MAX_VALUE - 64;
    /** What an area may lose to alignment. */
    private static final int ALIGNMENT = 16;
    private static final int AREAS_BEFORE_THREADS = 5;

    private final int images;
    final float[] floats;
    final int rows;
    final int reducedRows;
    final int normed;
    final int qkv;
    final int hidden;
    final int[] attention;
    /** Each thread's room for what a relative position bias adds to scores. */
    final int[] pairs;

    /**
     * Makes room for all tokens of {@code images} images.
     *
     * @param groupRows rows that go through a block together; at least those of one image do
     * @param headMax   whether attention has all heads at once
     * @param pairs     whether blocks have a relative position bias
     * @throws IllegalArgumentException if one array cannot hold it; the message says which batch fits
     */
    PassBuffers(VitConfig config, ModelShape shape, int images, int groupRows, int threads, boolean headMax,
                boolean pairs) {
        this.images = images;
        LongFunction<long[]> areasOf = batch -> areas(config, shape, batch, groupRows, threads, headMax, pairs);
        long[] lengths = areasOf.apply(images);
        if (sum(lengths) > MOST_FLOATS) {
            throw new IllegalArgumentException("a batch of " + images + " images of " + shape.tokens() + " tokens, "
                    + shape.width() + " wide, needs " + sum(lengths) + " floats, more than one array holds; a batch of "
                    + largest(images, areasOf) + " fits");
        }
        int[] areas = Arrays.stream(lengths).mapToInt(Math::toIntExact).toArray();
        FloatArena arena = new FloatArena(Math.max(LEAST_FLOATS, FloatArena.sizeOf(areas)));
        floats = arena.array();
        rows = arena.allocate(areas[0]);
        reducedRows = arena.allocate(areas[1]);
        normed = arena.allocate(areas[2]);
        qkv = arena.allocate(areas[3]);
        hidden = arena.allocate(areas[4]);
        attention = new int[threads];
        this.pairs = new int[threads];
        for (int i = 0; i < threads; i++) {
            attention[i] = arena.allocate(areas[AREAS_BEFORE_THREADS + 2 * i]);
            this.pairs[i] = arena.allocate(areas[AREAS_BEFORE_THREADS + 2 * i + 1]);
        }
    }

    private static long[] areas(VitConfig config, ModelShape shape, long images, int groupRows, int threads,
                                boolean headMax, boolean pairs) {
        long width = shape.width();
        long all = images * shape.tokens();
        long group = Math.min(all, Math.max(groupRows, shape.tokens()));
        long[] lengths = new long[AREAS_BEFORE_THREADS + 2 * threads];
        for (int i = 0; i < threads; i++) {
            lengths[AREAS_BEFORE_THREADS + 2 * i] = Math.max(attentionFloats(shape, shape.headDim(), headMax),
                    attentionFloats(shape, config.width() / config.poolHeads(), false));
            lengths[AREAS_BEFORE_THREADS + 2 * i + 1] =
                    pairs ? (long) shape.tokens() * shape.tokens() * (headMax ? shape.heads() : 1) : 0;
        }
        lengths[0] = all * width;
        lengths[1] = all * width;
        lengths[2] = group * width;
        lengths[3] = 3 * group * width;
        lengths[4] = group * Math.max(config.mlpHidden(), config.parts().postNorm() ? width : 0);
        return lengths;
    }

    private static long attentionFloats(ModelShape shape, int headDim, boolean headMax) {
        try {
            return headMax ? Attention.headMaxScratchLength(shape.tokens(), shape.heads(), headDim)
                    : Attention.scratchLength(shape.tokens(), headDim);
        } catch (ArithmeticException e) {
            // More than an array holds.
            return Integer.MAX_VALUE;
        }
    }

    private static long sum(long[] lengths) {
        return Arrays.stream(lengths).sum() + (long) ALIGNMENT * lengths.length;
    }

    /** Returns the largest batch below {@code images} that one array holds; 0 where none does. */
    private static long largest(int images, LongFunction<long[]> areasOf) {
        long fits = 0;
        long tooMany = images;
        while (tooMany - fits > 1) {
            long between = (fits + tooMany) / 2;
            if (sum(areasOf.apply(between)) <= MOST_FLOATS) {
                fits = between;
            } else {
                tooMany = between;
            }
        }
        return fits;
    }

    /** Returns whether there is room for so many images. */
    boolean hold(int images) {
        return images <= this.images;
    }
}
