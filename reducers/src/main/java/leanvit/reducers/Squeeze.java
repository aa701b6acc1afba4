package leanvit.reducers;

import java.util.Arrays;
import leanvit.kernels.BipartiteMatching;

/**
 * Token squeezing: matching and fusing of TPS (Wei et al., "Joint Token Pruning and Squeezing Towards More Aggressive
 * Compression of Vision Transformers", CVPR 2023, section 3.2). {@link DTps} and {@link ETps} share it.
 *
 * <ol>
 * <li>host of a pruned token i: the reserved token j of the largest
 *     {@code c_ij = x_i.x_j / ((|x_i| + 1e-6) (|x_j| + 1e-6))};
 * <li>{@code y_j = (e x_j + sum e^c_ij x_i) / (e + sum e^c_ij)} over the guests i of j; e is the host's similarity to
 *     itself, so the weights sum to 1 and the host's is the largest.
 * </ol>
 * A host without guests is unchanged. In a tie the host given first wins alone. A pruned token that holds NaN finds no
 * host and is dropped; a reserved token that holds NaN is nobody's host.
 */
final class Squeeze {

    private static final float NORM_EPSILON = 1e-6f;

    private Squeeze() {
    }

    /**
     * Returns the multiply-accumulates of a squeeze as the paper's figures count them: similarity and fusing, each a
     * dense product of K reserved by G pruned tokens over C channels, 2·K·G·C. (The fusing here is sparse and takes
     * G·C.)
     *
     * @param before tokens before the squeeze, prefix included
     * @param after  tokens after it, prefix included
     */
    static long macs(ModelShape model, int before, int after) {
        return 2L * (after - model.prefix()) * (before - after) * model.width();
    }

    /**
     * Adds reserved and pruned tokens to a map: an output for every reserved token, in the order given, and every
     * pruned token sent to its host's output.
     *
     * @param x        token rows of {@code width} channels, {@code stride} apart from {@code offset}
     * @param order    row indices, first the {@code reserved} reserved ones and then the pruned ones
     * @param reserved how many are reserved, K; at least 1
     * @param total    how many row indices there are
     * @param map      reset to its inputs; what is not in {@code order} is the caller's to decide
     * @param scratch  what is taken from it is released before the return
     */
    static void squeeze(float[] x, int offset, int stride, int width, int[] order, int reserved, int total,
            TokenMap map, Scratch scratch) {
        int pruned = total - reserved;
        int mark = scratch.mark();
        float[] cosine = scratch.floats(pruned);
        int[] host = scratch.ints(pruned);
        float[] work = scratch.floats(BipartiteMatching.nearestScratch(pruned, reserved, width));
        BipartiteMatching.nearest(x, offset, stride, width, order, reserved, pruned, order, 0, reserved,
                NORM_EPSILON, cosine, host, work);

        int firstOutput = map.outputs();
        for (int j = 0; j < reserved; j++) {
            map.keep(order[j]);
        }
        float[] sum = scratch.floats(reserved);
        Arrays.fill(sum, 0, reserved, (float) Math.E);
        for (int i = 0; i < pruned; i++) {
            int guest = order[reserved + i];
            if (cosine[i] > Float.NEGATIVE_INFINITY) {
                // Rounding may lift a cosine over 1, and with it a guest's weight over its host's.
                float weight = (float) StrictMath.exp(Math.min(cosine[i], 1f));
                sum[host[i]] += weight;
                map.merge(guest, firstOutput + host[i], weight);
            } else {
                map.drop(guest);
            }
        }
        for (int j = 0; j < reserved; j++) {
            map.weight(order[j], (float) Math.E / sum[j]);
        }
        for (int i = 0; i < pruned; i++) {
            int guest = order[reserved + i];
            if (map.target(guest) != TokenMap.DROPPED) {
                map.weight(guest, map.weight(guest) / sum[host[i]]);
            }
        }
        scratch.release(mark);
    }
}
