package leanvit.reducers;

/**
 * One image's tokens in one block, as a {@link TokenReducer} sees them. The first {@link #prefix()} tokens are class,
 * distillation and register tokens. Arrays belong to the host: they are to be read, and only until
 * {@link TokenReducer#reduce} returns. Score arrays start at index 0 and hold {@link #count()} values; they may be
 * longer.
 *
 * <p>Not thread-safe: the host uses one instance a thread.
 */
public final class LayerTokens {

    private ModelShape model;
    private int layer;
    private int count;
    private float[] rows;
    private int rowsOffset;
    private float[] sizes = {};
    private float[] meanKey = {};
    private float[] classAttention = {};
    private float[] columnAttention = {};
    private float[] headMaxAttention = {};
    private float[] headMaxValue = {};
    private float batchHeadMaxPeak;
    private final Scratch scratch = new Scratch();

    /**
     * Points this view at an image. The score arrays keep their contents; the host fills them through
     * {@link #prepare(Need)} and {@link #prepareSizes()} afterwards.
     *
     * @param rows   token rows, {@code count} x {@code model.width()}, contiguous; null where the reducer may not read them
     * @param offset index of the first row's first channel
     */
    public void reset(ModelShape model, int layer, int count, float[] rows, int offset) {
        this.model = model;
        this.layer = layer;
        this.count = count;
        this.rows = rows;
        this.rowsOffset = offset;
        this.batchHeadMaxPeak = Float.NaN;
    }

    /** Returns the array, with room for the present count, that the host fills for {@code need}. */
    public float[] prepare(Need need) {
        return switch (need) {
            case MEAN_KEY -> meanKey = grown(meanKey, count * model.headDim());
            case CLASS_ATTENTION -> classAttention = grown(classAttention, count);
            case COLUMN_ATTENTION -> columnAttention = grown(columnAttention, count);
            case HEAD_MAX_ATTENTION -> headMaxAttention = grown(headMaxAttention, count);
            case HEAD_MAX_VALUE -> headMaxValue = grown(headMaxValue, count);
        };
    }

    /** Returns the array, with room for the present count, that the host fills with the tokens' sizes. */
    public float[] prepareSizes() {
        return sizes = grown(sizes, count);
    }

    /** Tells the largest {@link #headMaxAttention()} of any image in the batch. */
    public void batchHeadMaxPeak(float peak) {
        this.batchHeadMaxPeak = peak;
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length + length / 4];
    }

    /** Returns the model's shape. */
    public ModelShape model() {
        return model;
    }

    /** Returns the block, counted from 0. */
    public int layer() {
        return layer;
    }

    /** Returns how many tokens the image has now, prefix included, N. */
    public int count() {
        return count;
    }

    /** Returns how many protected tokens stand first, P. */
    public int prefix() {
        return model.prefix();
    }

    /**
     * Returns the array that holds the token rows; row i starts at {@link #rowOffset}{@code (i)} and has C channels.
     *
     * @throws IllegalStateException where there are none, since the reducer said that it does not read them
     */
    public float[] rows() {
        if (rows == null) {
            throw new IllegalStateException("a reducer whose readsRows() is false reads rows");
        }
        return rows;
    }

    /** Returns where row {@code token} starts in {@link #rows()}. */
    public int rowOffset(int token) {
        return rowsOffset + token * model.width();
    }

    /** Returns the size of each token, in patches; filled where {@link TokenReducer#tracksSize()}. */
    public float[] sizes() {
        return sizes;
    }

    /**
     * Returns the keys averaged over heads, [N, headDim], unscaled; filled where {@link Need#MEAN_KEY} was asked for.
     */
    public float[] meanKey() {
        return meanKey;
    }

    /** Returns how much the class token attends to each token, mean over heads, [N]. */
    public float[] classAttention() {
        return classAttention;
    }

    /** Returns how much each token is attended to, mean over heads and all queries, [N]; sums to 1. */
    public float[] columnAttention() {
        return columnAttention;
    }

    /**
     * Returns, for each patch token, the sum over patch queries of the attention's maximum over heads, [N]; 0 for the
     * prefix.
     */
    public float[] headMaxAttention() {
        return headMaxAttention;
    }

    /** Returns the sum over a head's features of the values' maximum over heads, [N]. */
    public float[] headMaxValue() {
        return headMaxValue;
    }

    /** Returns the largest {@link #headMaxAttention()} of any image in the batch (for POMT's upstream form alone). */
    public float batchHeadMaxPeak() {
        return batchHeadMaxPeak;
    }

    /** Returns reusable arrays for this thread. */
    public Scratch scratch() {
        return scratch;
    }
}
