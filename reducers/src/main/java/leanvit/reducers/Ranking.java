package leanvit.reducers;

import java.util.Arrays;
import leanvit.kernels.ArgSort;

/**
 * The patches of one image by score: higher first, ties by lower index, NaN last. Results are token positions (counted
 * with the prefix, which is never among them) in an array of the image's scratch, which the caller releases.
 */
final class Ranking {

    private Ranking() {
    }

    /**
     * Returns all patches, best first. {@code scores} has a value for every token; those of the prefix are not read.
     */
    static int[] descending(LayerTokens tokens, float[] scores) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        Scratch scratch = tokens.scratch();
        int[] order = scratch.ints(patches);
        int mark = scratch.mark();
        ArgSort.descending(scores, prefix, patches, order, 0, scratch.longs(patches));
        scratch.release(mark);
        for (int i = 0; i < patches; i++) {
            order[i] += prefix;
        }
        return order;
    }

    /** Returns the best {@code kept} patches, best first, and after them the others by ascending position. */
    static int[] split(LayerTokens tokens, float[] scores, int kept) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        Scratch scratch = tokens.scratch();
        int[] order = scratch.ints(patches);
        int mark = scratch.mark();
        ArgSort.topK(scores, prefix, patches, kept, order, 0, scratch.longs(patches));
        int[] isKept = scratch.ints(tokens.count());
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
        scratch.release(mark);
        return order;
    }
}
