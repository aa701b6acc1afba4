package leanvit.reducers;

import java.util.Set;

/**
 * A method that shortens a token sequence: it looks at one image's tokens in one block and writes a {@link TokenMap}.
 * Applying the map, tracking sizes, tracing where each patch went, drawing and undoing it are done for every method
 * alike.
 *
 * <p>A reducer is immutable and safe to share between threads; it keeps its scratch in {@link LayerTokens}. It decides
 * by one image alone, so that an image gets the same answer in any batch.
 *
 * <p>A method of one's own is this interface and, for SPEC, command line, comparison and pictures to know it, a
 * {@link ReducerMethod}; one file has both. Here is one that keeps the half of the patches with the largest norm:
 *
 * <pre>{@code
 * package mine;
 *
 * public record LargestHalf(int layer) implements TokenReducer {
 *     public String spec() { return "largest-half:layer=" + layer; }
 *     public boolean reducesAt(ModelShape model, int block) { return block == layer; }
 *     public Set<Need> needs() { return Set.of(); }                     // looks at the token rows alone
 *     public void reduce(LayerTokens tokens, TokenMap map) {
 *         int prefix = tokens.prefix();
 *         int patches = tokens.patches();
 *         float[] norms = tokens.scratch().floats(tokens.count());
 *         for (int i = 0; i < tokens.count(); i++) {
 *             norms[i] = squaredNorm(tokens.rows(), tokens.rowOffset(i), tokens.model().width());
 *         }
 *         int[] order = tokens.scratch().ints(patches);
 *         ArgSort.descending(norms, prefix, patches, order, 0, tokens.scratch().longs(patches));
 *         map.keepRange(0, prefix);                                     // the prefix stays first
 *         for (int i = 0; i < patches; i++) {
 *             if (i < (patches + 1) / 2) map.keep(prefix + order[i]);
 *             else map.drop(prefix + order[i]);
 *         }
 *     }
 *
 *     public static final class Method implements ReducerMethod { // META-INF/services: mine.LargestHalf$Method
 *         public String name() { return "largest-half"; }
 *         public String summary() { return "The half of the patches with the largest norm stays."; }
 *         public List<Key> keys() { return List.of(new Key("layer", "the block", "0")); }
 *         public String example() { return "largest-half:layer=3"; }
 *         public TokenReducer parse(Settings settings, TensorFiles files) {
 *             return new LargestHalf(settings.whole("layer", 0));
 *         }
 *     }
 * }
 * }</pre>
 */
public interface TokenReducer {

    /** Where in a block the tokens are cut. */
    enum Position {
        /** On the block's input; the reducer sees no attention. */
        BEFORE_BLOCK,
        /** After the attention residual and before the MLP. */
        AFTER_ATTENTION
    }

    /**
     * Returns the SPEC that {@link Reducers#parse} reads back, such as {@code tome:r=8}: the name under which the
     * method is registered ({@link ReducerMethod}), and all settings that are not by default. A value that may be any
     * text goes through {@link Settings#quote}. A method that is not registered says what tables and messages are to
     * call it.
     */
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

    /**
     * Returns whether block {@code layer} of a model, counted from 0, is one in which this reducer may shorten the
     * sequence.
     */
    boolean reducesAt(ModelShape model, int layer);

    /** Returns what {@link #reduce} reads of the attention. Gathered in the blocks of {@link #reducesAt} alone. */
    Set<Need> needs();

    /** Returns whether tokens carry a size (the patches they stand for), which merging adds up. */
    default boolean tracksSize() {
        return false;
    }

    /**
     * Returns whether {@link #reduce} looks at {@link LayerTokens#rows()}. Where it does not, the host may leave rows
     * out that nobody will read: in the last block all but those of the classifier.
     */
    default boolean readsRows() {
        return true;
    }

    /**
     * Returns whether attention adds {@code ln(size)} to each key's logit (ToMe, section 3, "proportional attention").
     */
    default boolean proportionalAttention() {
        return false;
    }

    /**
     * Returns the multiply-accumulates that this reducer itself adds to one image in one block, as its paper's figures
     * count them: products of its own (a predictor, a similarity of whole tokens). 0 for methods whose scores come with
     * the attention; the papers leave their matching out.
     *
     * @param before tokens when {@link #reduce} saw the image, prefix included
     * @param after  tokens that it left, prefix included
     */
    default long macs(ModelShape model, int before, int after) {
        return 0;
    }

    /**
     * Decides where every token of one image goes. The prefix tokens stay first, in their order. An image from which
     * nothing can go (down to its prefix tokens, or to one patch) is no error: the map is then the identity.
     *
     * <p>A call allocates nothing once the scratch in {@code tokens} has grown to the image's size.
     *
     * @param tokens the image's tokens in this block, with what {@link #needs()} asked for
     * @param map reset to {@code tokens.count()} undecided inputs; each must be kept, merged or dropped on return, and
     *               every output must have an input
     */
    void reduce(LayerTokens tokens, TokenMap map);
}
