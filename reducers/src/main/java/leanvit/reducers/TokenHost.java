package leanvit.reducers;

/**
 * The host's side of {@link LayerTokens}: what a model fills before it asks a {@link TokenReducer}. For each image
 * {@link #reset}, then {@link #prepare} for each of the reducer's needs and {@link #prepareSizes} where it tracks
 * sizes, then {@link TokenReducer#reduce} with {@link #tokens()}. What was not prepared since the last reset cannot be
 * read.
 *
 * <p>Not thread-safe: use one instance per thread. A warm instance allocates nothing.
 */
public final class TokenHost {

    private final LayerTokens tokens = new LayerTokens();

    /**
     * Turns to an image: nothing is prepared yet, and the reducer's scratch is taken back.
     *
     * @param model  the host's shape
     * @param layer  the block, counted from 0
     * @param count  tokens that the image has now, prefix included, N
     * @param rows   token rows, [N, C], contiguous; null where the reducer may not read them
     * @param offset index of the first row's first channel
     */
    public void reset(ModelShape model, int layer, int count, float[] rows, int offset) {
        tokens.reset(model, layer, count, rows, offset);
    }

    /**
     * Returns the array that the host fills for {@code need}, from index 0: [N, headDim] for {@link Need#MEAN_KEY}, [N]
     * for the others. Until it has to grow, its contents stay from call to call.
     */
    public float[] prepare(Need need) {
        return tokens.prepare(need);
    }

    /** Returns the array that the host fills with the tokens' sizes, [N]. */
    public float[] prepareSizes() {
        return tokens.prepareSizes();
    }

    /** Returns what the reducer sees; the same instance for every image. */
    public LayerTokens tokens() {
        return tokens;
    }
}
