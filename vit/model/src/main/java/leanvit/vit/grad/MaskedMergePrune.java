package leanvit.vit.grad;

import java.util.Arrays;
import leanvit.kernels.BipartiteMatching;
import leanvit.kernels.MergeRows;

/**
 * LTMP's reduction of one block in its training form (Bonnaerens and Dambre, TMLR 2023, section 3): nothing is removed,
 * masks say what would be. For an image of N tokens x [N, C] with keys k [N, d] (mean over heads), importance s [N],
 * sizes [N] and mask m [N] from the block before:
 *
 * <ol>
 * <li>cosines of k between even and odd positions, 0 where either is masked out; best[a] of each even one;
 * <li>merge: even tokens with {@code mask(best[a] > theta_merge)} ({@link ThresholdMask}) are added to their partner's
 *     row, weighted by size; its size is the sum and its importance the largest. Their own row stays, masked out;
 * <li>order: the prefix, then even positions, then odd ones;
 * <li>prune: what is still there gets the mask {@code mask(s > theta_prune)}.
 * </ol>
 *
 * <p>Backwards, merge masks are constants in sums, sizes and largest importances, and so is the mask that zeroes
 * cosines: gradients go through the masks that the step ends with, through rows and through importance.
 *
 * <p>Prefix tokens are neither merged nor merged into, and are not pruned. Ties: lower index. Holds what backward needs
 * of each image; different images may be worked on by different threads.
 */
public final class MaskedMergePrune {

    /** The tau of the sigmoids, and whether tokens merge, and are pruned, at all. */
    public record Rule(double tau, boolean merges, boolean prunes) {
    }

    private static final int NONE = -1;

    private final int tokens;
    private final int width;
    private final int keyWidth;
    private final int prefix;
    private final Rule rule;
    private final int sources;
    /** For each position the row that it has after the step, and that list backwards. */
    private final int[] place;
    private final int[] from;
    private final float[] keys;
    private final float[] maskBefore;
    private final float[] maskMerged;
    private final float[] mask;
    private final float[] sizes;
    private final float[] weight;
    private final float[] best;
    private final int[] partner;
    /** For each even position its weight in its partner's row; 0 where it does not merge. */
    private final float[] merged;
    private final float[] importance;
    /** For each row after the step the position whose importance it has. */
    private final int[] mostImportant;

    /**
     * Makes room for a batch.
     *
     * @param images   B
     * @param tokens   N, prefix included
     * @param width    C
     * @param keyWidth d
     * @param prefix   tokens that stay
     */
    public MaskedMergePrune(int images, int tokens, int width, int keyWidth, int prefix, Rule rule) {
        this.tokens = tokens;
        this.width = width;
        this.keyWidth = keyWidth;
        this.prefix = prefix;
        this.rule = rule;
        sources = tokens - tokens / 2;
        place = new int[tokens];
        from = new int[tokens];
        int rows = Math.multiplyExact(images, tokens);
        keys = new float[rule.merges() ? Math.multiplyExact(rows, keyWidth) : 0];
        maskBefore = new float[rows];
        maskMerged = new float[rows];
        mask = new float[rows];
        sizes = new float[rows];
        weight = new float[rows];
        best = new float[images * sources];
        partner = new int[images * sources];
        merged = new float[images * sources];
        importance = new float[rows];
        mostImportant = new int[rows];
        int next = 0;
        for (int parity = 0; parity < 2; parity++) {
            for (int i = 0; i < tokens; i++) {
                boolean isFirst = i < prefix || i % 2 == 0 || !rule.merges();
                if (isFirst == (parity == 0)) {
                    place[i] = next;
                    from[next++] = i;
                }
            }
        }
    }

    /** Returns how many floats and ints this holds for its images. */
    public long values() {
        return keys.length + 7L * mask.length + 3L * best.length;
    }

    /** Returns the masks after the step, [B, N], each 0 or 1. */
    public float[] mask() {
        return mask;
    }

    /** Returns the sizes after the step, [B, N]. */
    public float[] sizes() {
        return sizes;
    }

    /** Returns each even position's largest cosine, [B, ceil(N/2)]; -infinity for the prefix. */
    public float[] best() {
        return best;
    }

    /** Returns importance after merging, [B, N]; infinite for the prefix. */
    public float[] importance() {
        return importance;
    }

    /** Returns where the row of a position is after the step, N indices. */
    public int[] places() {
        return place.clone();
    }

    /**
     * Reduces one image.
     *
     * @param image       its index, which keeps what {@link #backward} needs
     * @param merge       theta_merge
     * @param prune       theta_prune
     * @param key         k [N, d] from {@code keyOffset}
     * @param attention   s [N] from {@code tokenOffset}
     * @param sizesBefore [B, N]; null where all are 1
     * @param before      masks [B, N]; null where all are 1
     * @param x           rows [N, C] from {@code offset}; null for masks and sizes alone, where nobody reads the rows
     * @param out         receives rows [N, C] at the same offset
     */
    public void forward(int image, float merge, float prune, float[] key, int keyOffset, float[] attention,
            int tokenOffset, float[] sizesBefore, float[] before, float[] x, int offset, float[] out) {
        int first = image * tokens;
        int firstSource = image * sources;
        for (int i = 0; i < tokens; i++) {
            maskBefore[first + i] = before == null ? 1f : before[first + i];
            importance[first + place[i]] = i < prefix ? Float.POSITIVE_INFINITY : attention[tokenOffset + i];
            mostImportant[first + place[i]] = i;
            sizes[first + place[i]] = sizesBefore == null ? 1f : sizesBefore[first + i];
        }
        Arrays.fill(merged, firstSource, firstSource + sources, 0f);
        if (rule.merges()) {
            match(image, merge, key, keyOffset);
        }
        for (int i = 0; i < tokens; i++) {
            boolean isMerged = i % 2 == 0 && merged[firstSource + i / 2] != 0f;
            maskMerged[first + place[i]] = isMerged ? 0f : maskBefore[first + i];
        }
        for (int o = 0; o < tokens; o++) {
            boolean isOpen = rule.prunes() && maskMerged[first + o] != 0f;
            mask[first + o] = isOpen ? ThresholdMask.of(importance[first + o], prune) : maskMerged[first + o];
        }
        if (x != null) {
            mergeRows(image, sizesBefore, x, offset, out);
        }
    }

    /** Finds partners, and adds sizes and importance of merged tokens to theirs. */
    private void match(int image, float threshold, float[] key, int keyOffset) {
        int first = image * tokens;
        int firstSource = image * sources;
        int firstKey = first * keyWidth;
        System.arraycopy(key, keyOffset, keys, firstKey, tokens * keyWidth);
        for (int i = 0; i < tokens; i++) {
            if (maskBefore[first + i] == 0f) {
                Arrays.fill(keys, firstKey + i * keyWidth, firstKey + (i + 1) * keyWidth, 0f);
            }
        }
        float[] largest = new float[sources];
        int[] nearest = new int[sources];
        BipartiteMatching.alternating(keys, firstKey, keyWidth, tokens, keyWidth, prefix, largest, nearest,
                new float[BipartiteMatching.alternatingScratch(tokens, keyWidth)]);
        for (int a = 0; a < sources; a++) {
            best[firstSource + a] = Math.min(largest[a], 1f);
            partner[firstSource + a] = nearest[a];
            if (ThresholdMask.of(best[firstSource + a], threshold) == 1f) {
                merged[firstSource + a] = 1f;
                int source = first + place[2 * a];
                int host = first + place[2 * nearest[a] + 1];
                sizes[host] += sizes[source];
                if (importance[source] > importance[host]) {
                    importance[host] = importance[source];
                    mostImportant[host] = 2 * a;
                }
            }
        }
    }

    private void mergeRows(int image, float[] sizesBefore, float[] x, int offset, float[] out) {
        int first = image * tokens;
        for (int i = 0; i < tokens; i++) {
            float size = sizesBefore == null ? 1f : sizesBefore[first + i];
            weight[first + i] = size / sizes[first + place[i]];
        }
        MergeRows.apply(x, offset, width, from, tokens, place, from, Arrays.copyOfRange(weight, first, first + tokens),
                width, out, offset, width);
        for (int a = 0; a < sources; a++) {
            int at = image * sources + a;
            if (merged[at] != 0f) {
                float size = sizesBefore == null ? 1f : sizesBefore[first + 2 * a];
                merged[at] = size / sizes[first + host(at)];
                add(merged[at], x, offset + 2 * a * width, out, offset + host(at) * width);
            }
        }
    }

    /** Returns the row after the step of a source's partner. */
    private int host(int source) {
        return place[2 * partner[source] + 1];
    }

    private void add(float factor, float[] x, int row, float[] out, int to) {
        for (int c = 0; c < width; c++) {
            out[to + c] += factor * x[row + c];
        }
    }

    /**
     * Carries one image's gradients backwards through the last {@link #forward}.
     *
     * @param image      its index
     * @param merge      theta_merge of the forward pass
     * @param prune      theta_prune
     * @param dOut       gradient of the rows after the step, [N, C] from {@code offset}; null where the step was made
     *                   without rows
     * @param dMask      gradient of the masks after the step, [B, N]
     * @param dX         receives the gradient of the rows before it, at the same offset; must not be {@code dOut}
     * @param dKey       receives that of the keys, [N, d] from {@code keyOffset}; null where nothing merges
     * @param dAttention receives that of importance, [N] from {@code tokenOffset}
     * @param dBefore    receives that of the masks before it, [B, N]; must not be {@code dMask}
     * @param dThreshold receives the gradients of theta_merge and theta_prune, two numbers from {@code 2 * image}
     */
    public void backward(int image, float merge, float prune, float[] dOut, int offset, float[] dMask, float[] dX,
            float[] dKey, int keyOffset, float[] dAttention, int tokenOffset, float[] dBefore, double[] dThreshold) {
        int first = image * tokens;
        int firstSource = image * sources;
        if (dOut != null) {
            rowsBackward(image, dOut, offset, dX);
        }
        Arrays.fill(dAttention, tokenOffset, tokenOffset + tokens, 0f);
        if (rule.merges()) {
            Arrays.fill(dKey, keyOffset, keyOffset + tokens * keyWidth, 0f);
        }
        double dMerge = 0;
        double dPrune = 0;
        for (int i = 0; i < tokens; i++) {
            int o = first + place[i];
            double gradient = dMask[o];
            if (rule.prunes() && maskMerged[o] != 0f) {
                double slope = gradient * ThresholdMask.slope(importance[o], prune, rule.tau());
                dPrune -= slope;
                dAttention[tokenOffset + mostImportant[o]] += (float) slope;
                gradient = 0;
            }
            boolean isSource = rule.merges() && i % 2 == 0 && maskBefore[first + i] != 0f;
            if (isSource && partner[firstSource + i / 2] != NONE) {
                int a = firstSource + i / 2;
                double slope = -gradient * ThresholdMask.slope(best[a], merge, rule.tau());
                dMerge -= slope;
                cosineBackward(first, i, 2 * partner[a] + 1, slope, dKey, keyOffset);
            }
            dBefore[first + i] = isSource ? 0f : (float) gradient;
        }
        dThreshold[2 * image] = dMerge;
        dThreshold[2 * image + 1] = dPrune;
    }

    private void rowsBackward(int image, float[] dOut, int offset, float[] dX) {
        int first = image * tokens;
        MergeRows.transposed(dOut, offset, width, place, Arrays.copyOfRange(weight, first, first + tokens), tokens,
                width, dX, offset, width);
        for (int a = 0; a < sources; a++) {
            int at = image * sources + a;
            if (merged[at] != 0f) {
                add(merged[at], dOut, offset + host(at) * width, dX, offset + 2 * a * width);
            }
        }
    }

    /** Adds what a cosine's gradient gives the keys of its two positions; a masked key has cosine 0 with all. */
    private void cosineBackward(int first, int a, int b, double slope, float[] dKey, int keyOffset) {
        if (slope == 0 || maskBefore[first + b] == 0f) {
            return;
        }
        int rowA = (first + a) * keyWidth;
        int rowB = (first + b) * keyWidth;
        double product = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (int c = 0; c < keyWidth; c++) {
            product += (double) keys[rowA + c] * keys[rowB + c];
            squaresA += (double) keys[rowA + c] * keys[rowA + c];
            squaresB += (double) keys[rowB + c] * keys[rowB + c];
        }
        double norms = Math.sqrt(squaresA * squaresB);
        if (!(norms > 0)) {
            return;
        }
        for (int c = 0; c < keyWidth; c++) {
            dKey[keyOffset + a * keyWidth + c] +=
                    (float) (slope / norms * (keys[rowB + c] - product / squaresA * keys[rowA + c]));
            dKey[keyOffset + b * keyWidth + c] +=
                    (float) (slope / norms * (keys[rowA + c] - product / squaresB * keys[rowB + c]));
        }
    }
}
