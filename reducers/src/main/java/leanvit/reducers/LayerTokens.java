package leanvit.reducers;

/**
 * One image's tokens in one block, as a {@link TokenReducer} sees them. The first {@link #prefix()} tokens are class,
 * distillation and register tokens. Arrays belong to the host: they are to be read, and only until
 * {@link TokenReducer#reduce} returns. Score arrays start at index 0 and hold {@link #count()} values; they may be
 * longer.
 *
 * <p>A reducer can read only what it declared: a score without its {@link Need}, sizes without {@link
 * TokenReducer#tracksSize()} and rows without {@link TokenReducer#readsRows()} throw {@link IllegalStateException}. The
 * host's side, which fills this, is {@link TokenHost}.
 *
 * <p>Not thread-safe: a host uses one instance per thread.
 */
public final class LayerTokens {

    private static final int SIZES = 1 << 31;

    private ModelShape model;
    private int layer;
    private int count;
    private float[] rows;
    private int rowsOffset;
    private float[] sizes = {};
    private final float[][] scores = new float[Need.COUNT][0];
    /** A bit for each need that was prepared since the last reset, and {@link #SIZES}. */
    private int present;
    private final Scratch scratch = new Scratch();

    LayerTokens() {
    }

    void reset(ModelShape model, int layer, int count, float[] rows, int offset) {
        this.model = model;
        this.layer = layer;
        this.count = count;
        this.rows = rows;
        this.rowsOffset = offset;
        present = 0;
        scratch.release(0);
    }

    float[] prepare(Need need) {
        int length = need == Need.MEAN_KEY ? Math.multiplyExact(count, model.headDim()) : count;
        present |= 1 << need.ordinal();
        return scores[need.ordinal()] = grown(scores[need.ordinal()], length);
    }

    float[] prepareSizes() {
        present |= SIZES;
        return sizes = grown(sizes, count);
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length + length / 4];
    }

    private float[] score(Need need) {
        if ((present & 1 << need.ordinal()) == 0) {
            throw new IllegalStateException("the reducer reads " + need + ", which its needs() do not ask for");
        }
        return scores[need.ordinal()];
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

    /** Returns how many patch tokens the image has now, N - P. */
    public int patches() {
        return count - model.prefix();
    }

    /**
     * Returns the array that holds the token rows; row i starts at {@link #rowOffset}{@code (i)} and has C channels.
     *
     * @throws IllegalStateException where the reducer said that it does not read them
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

    /**
     * Returns the size of each token, in patches, [N].
     *
     * @throws IllegalStateException where the reducer did not declare {@link TokenReducer#tracksSize()}
     */
    public float[] sizes() {
        if ((present & SIZES) == 0) {
            throw new IllegalStateException("the reducer reads sizes, but its tracksSize() is false");
        }
        return sizes;
    }

    /**
     * Returns the keys averaged over heads, [N, headDim], unscaled.
     *
     * @throws IllegalStateException without {@link Need#MEAN_KEY}
     */
    public float[] meanKey() {
        return score(Need.MEAN_KEY);
    }

    /**
     * Returns how much the class token attends to each token, mean over heads, [N].
     *
     * @throws IllegalStateException without {@link Need#CLASS_ATTENTION}
     */
    public float[] classAttention() {
        return score(Need.CLASS_ATTENTION);
    }

    /**
     * Returns how much each token is attended to, mean over heads and all queries, [N]; sums to 1.
     *
     * @throws IllegalStateException without {@link Need#COLUMN_ATTENTION}
     */
    public float[] columnAttention() {
        return score(Need.COLUMN_ATTENTION);
    }

    /**
     * Returns, for each patch token, the sum over patch queries of the attention's maximum over heads, [N]; 0 for the
     * prefix.
     *
     * @throws IllegalStateException without {@link Need#HEAD_MAX_ATTENTION}
     */
    public float[] headMaxAttention() {
        return score(Need.HEAD_MAX_ATTENTION);
    }

    /**
     * Returns the sum over a head's features of the values' maximum over heads, [N].
     *
     * @throws IllegalStateException without {@link Need#HEAD_MAX_VALUE}
     */
    public float[] headMaxValue() {
        return score(Need.HEAD_MAX_VALUE);
    }

    /** Returns arrays to work in; all that a reducer takes is taken back once it has decided on this image. */
    public Scratch scratch() {
        return scratch;
    }
}
