package leanvit.reducers;

import java.util.Set;

/**
 * A method that shortens a token sequence: it looks at one image's tokens in one block and writes a {@link TokenMap}.
 * Applying the map, tracking sizes, tracing where each patch went, drawing and undoing it are done for every method alike.
 *
 * <p>A reducer is immutable and safe to share between threads; it keeps its scratch in {@link LayerTokens}. It decides by
 * one image alone, so that an image gets the same answer in any batch.
 */
public interface TokenReducer {

    /** Where in a block the tokens are cut. */
    enum Position {
        /** On the block's input; the reducer sees no attention. */
        BEFORE_BLOCK,
        /** After the attention residual and before the MLP. */
        AFTER_ATTENTION
    }

    /** Returns the SPEC that {@link Reducers#parse} reads back, such as {@code tome:r=8}. */
    String spec();

    /**
     * Checks this reducer against a model before it runs in it.
     *
     * @throws IllegalArgumentException naming the parameter, what was given and what the model allows
     */
    default void check(ModelShape model) {
    }

    /** Returns where this reducer cuts; the same in all its blocks. */
    default Position position() {
        return Position.AFTER_ATTENTION;
    }

    /** Returns whether block {@code layer}, counted from 0, is one in which this reducer may shorten the sequence. */
    boolean reducesAt(int layer);

    /** Returns what {@link #reduce} reads of the attention. Gathered in the blocks of {@link #reducesAt} alone. */
    Set<Need> needs();

    /** Returns whether tokens carry a size (the patches they stand for), which merging adds up. */
    default boolean tracksSize() {
        return false;
    }

    /** Returns whether attention adds {@code ln(size)} to each key's logit (ToMe, section 3, "proportional attention"). */
    default boolean proportionalAttention() {
        return false;
    }

    /**
     * Decides where every token of one image goes.
     *
     * @param tokens the image's tokens in this block, with what {@link #needs()} asked for
     * @param map    reset to {@code tokens.count()} undecided inputs; each must be kept, merged or dropped on return
     */
    void reduce(LayerTokens tokens, TokenMap map);
}
