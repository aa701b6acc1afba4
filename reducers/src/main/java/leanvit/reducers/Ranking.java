package leanvit.reducers;

import java.util.Arrays;
import leanvit.kernels.ArgSort;

/**
 * The patches of one image by score: higher first, ties by lower index, NaN last. Results are token positions (the
 * prefix counted, but never in them) in integer slot 0 of the image's scratch; integer slot 1 and long slot 0 are used
 * on the way.
 */
final class Ranking {

    private Ranking() {
    }

    /**
     * Returns all patches, best first. {@code scores} holds a value for every token, of which the prefix's are not
     * read.
     */
    static int[] descending(LayerTokens tokens, float[] scores) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        int[] order = tokens.scratch().ints(0, patches);
        ArgSort.descending(scores, prefix, patches, order, 0, tokens.scratch().longs(0, patches));
        for (int i = 0; i < patches; i++) {
            order[i] += prefix;
        }
        return order;
    }

    /** Returns the best {@code kept} patches, best first, and after them the others by ascending position. */
    static int[] split(LayerTokens tokens, float[] scores, int kept) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        int[] order = tokens.scratch().ints(0, patches);
        ArgSort.topK(scores, prefix, patches, kept, order, 0, tokens.scratch().longs(0, patches));
        int[] isKept = tokens.scratch().ints(1, tokens.count());
        Arrays.fill(isKept, prefix, tokens.count(), 0);
        for (int i = 0; i < kept; i++) {
            order[i] += prefix;
            isKept[order[i]] = 1;
        }
        int next = kept;
        for (int position = prefix; position < tokens.count(); position++) {
            if (isKept[position] == 0) {
                order[next++] = position;
            }
        }
        return order;
    }

    /** Refuses a model without the class token whose attention gives the scores. */
    static void requireClassToken(String reducer, ModelShape model) {
        if (model.prefix() < 1) {
            throw new InvalidSpecException(reducer + ": scores patches by the class token's attention, "
                    + "but the model has no class token");
        }
    }
}
