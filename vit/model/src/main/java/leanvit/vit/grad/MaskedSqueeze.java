package leanvit.vit.grad;

import java.util.Arrays;
import leanvit.kernels.BipartiteMatching;
import leanvit.kernels.MergeRows;

/**
 * The squeeze of TPS in its training form (Wei et al., CVPR 2023, section 3.2): nothing is removed. For an image of n
 * patches x [n, C], each alive before, {@code p}, or not, and decided to stay, {@code d}, or not:
 *
 * <pre>
 *   pruned now  g_i = (1 - d_i) p_i
 *   host        h(i): the kept token, other than i, of the largest c_i = x_i.x_h / ((|x_i| + 1e-6) (|x_h| + 1e-6))
 *   weight      w_i = e^(g_i c_i) g_i
 *   forward     y_j = (e x_j + sum over guests i of j of w_i x_i) / (e + sum w_i)
 *   backward    dw_i = dy_h . (x_i - y_h) / (e + sum w),  dg_i = dw_i e^(g_i c_i) (1 + g_i c_i),  dc_i = dw_i w_i g_i
 * </pre>
 *
 * <p>Every token has a host, also one that stays: its weight is 0, but not the gradient of its decision. Where
 * no other token is kept there is none. Ties: lower index. Rows that are pruned stay as they are; what follows masks
 * them out. Holds what backward needs of each image; different images may be worked on by different threads.
 */
public final class MaskedSqueeze {

    private static final int NONE = -1;
    private static final float NORM_EPSILON = 1e-6f;
    private static final float SELF = (float) Math.E;

    private final int tokens;
    private final int width;
    private final float[] cosine;
    private final int[] host;
    private final float[] weight;
    private final float[] sum;

    /**
     * Makes room for a batch.
     *
     * @param images B
     * @param tokens patches of an image, n
     * @param width  C
     */
    public MaskedSqueeze(int images, int tokens, int width) {
        this.tokens = tokens;
        this.width = width;
        int rows = Math.multiplyExact(images, tokens);
        cosine = new float[rows];
        host = new int[rows];
        weight = new float[rows];
        sum = new float[rows];
    }

    /** Returns how many floats and ints this holds for its images. */
    public long values() {
        return 4L * cosine.length;
    }

    /**
     * Squeezes one image.
     *
     * @param image    its index
     * @param x        rows [n, C] from {@code offset}
     * @param decision d, n values from {@code image * n}
     * @param before   p, likewise
     * @param out      receives rows [n, C] from {@code offset}; must not be {@code x}
     */
    public void forward(int image, float[] x, int offset, float[] decision, float[] before, float[] out) {
        int first = image * tokens;
        match(first, x, offset, decision);
        Arrays.fill(sum, first, first + tokens, SELF);
        for (int i = first; i < first + tokens; i++) {
            float pruned = (1f - decision[i]) * before[i];
            weight[i] = host[i] == NONE || pruned == 0f ? 0f : (float) StrictMath.exp(cosine[i]);
            if (weight[i] != 0f) {
                sum[first + host[i]] += weight[i];
            }
        }
        int[] guests = new int[tokens];
        int[] targets = new int[tokens];
        float[] shares = new float[tokens];
        int count = 0;
        for (int i = 0; i < tokens; i++) {
            // A token without guests keeps its bits.
            float share = sum[first + i] == SELF ? 1f : SELF / sum[first + i];
            int row = offset + i * width;
            for (int c = 0; c < width; c++) {
                out[row + c] = share * x[row + c];
            }
            if (weight[first + i] != 0f) {
                guests[count++] = i;
                targets[i] = host[first + i];
                shares[i] = weight[first + i] / sum[first + host[first + i]];
            }
        }
        MergeRows.apply(x, offset, width, guests, count, targets, null, shares, width, out, offset, width);
    }

    /** Finds each token's host: rows and destinations are numbered within the image. */
    private void match(int first, float[] x, int offset, float[] decision) {
        int[] all = new int[tokens];
        int[] kept = new int[tokens];
        int[] self = new int[tokens];
        int count = 0;
        for (int i = 0; i < tokens; i++) {
            all[i] = i;
            self[i] = decision[first + i] != 0f ? count : NONE;
            if (decision[first + i] != 0f) {
                kept[count++] = i;
            }
        }
        float[] best = new float[tokens];
        int[] partner = new int[tokens];
        BipartiteMatching.nearestOther(x, offset, width, width, all, 0, tokens, kept, 0, count, self, NORM_EPSILON,
                best, partner, new float[BipartiteMatching.nearestScratch(tokens, count, width)]);
        for (int i = 0; i < tokens; i++) {
            boolean hasHost = best[i] > Float.NEGATIVE_INFINITY;
            host[first + i] = hasHost ? kept[partner[i]] : NONE;
            cosine[first + i] = hasHost ? best[i] : 0f;
        }
    }

    /**
     * Carries one image's gradients backwards through the last {@link #forward}, whose arguments {@code x},
     * {@code decision} and {@code before} it takes again.
     *
     * @param y         what forward made, rows [n, C] from {@code offset}
     * @param dY        gradient of it
     * @param dX        receives the gradient of x, rows [n, C] from {@code offset}; must not be {@code dY}
     * @param dDecision is added that of d, n values from {@code image * n}
     * @param dBefore   is added that of p, likewise
     */
    public void backward(int image, float[] x, int offset, float[] decision, float[] before, float[] y, float[] dY,
            float[] dX, float[] dDecision, float[] dBefore) {
        int first = image * tokens;
        int[] hosts = Arrays.copyOfRange(host, first, first + tokens);
        int[] self = new int[tokens];
        Arrays.setAll(self, i -> i);
        float[] guestProducts = new float[tokens];
        float[] ownProducts = new float[tokens];
        MergeRows.weightGradients(dY, offset, width, hosts, tokens, width, x, offset, width, guestProducts, 0);
        MergeRows.weightGradients(dY, offset, width, self, tokens, width, y, offset, width, ownProducts, 0);
        for (int i = 0; i < tokens; i++) {
            float share = sum[first + i] == SELF ? 1f : SELF / sum[first + i];
            int row = offset + i * width;
            for (int c = 0; c < width; c++) {
                dX[row + c] = share * dY[row + c];
            }
        }
        for (int i = 0; i < tokens; i++) {
            int h = hosts[i];
            if (h == NONE) {
                continue;
            }
            double dWeight = ((double) guestProducts[i] - ownProducts[h]) / sum[first + h];
            float w = weight[first + i];
            // w is e^(g c) g, and g is 0 or 1.
            double dPruned = dWeight * (w == 0f ? 1 : w * (1 + (double) cosine[first + i]));
            dDecision[first + i] -= (float) (dPruned * before[first + i]);
            dBefore[first + i] += (float) (dPruned * (1 - decision[first + i]));
            if (w != 0f) {
                int row = offset + i * width;
                int hostRow = offset + h * width;
                float share = w / sum[first + h];
                for (int c = 0; c < width; c++) {
                    dX[row + c] += share * dY[hostRow + c];
                }
                cosineBackward(dWeight * w, x, row, hostRow, dX);
            }
        }
    }

    private void cosineBackward(double dCosine, float[] x, int a, int b, float[] dX) {
        double product = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (int c = 0; c < width; c++) {
            product += (double) x[a + c] * x[b + c];
            squaresA += (double) x[a + c] * x[a + c];
            squaresB += (double) x[b + c] * x[b + c];
        }
        double normA = Math.sqrt(squaresA);
        double normB = Math.sqrt(squaresB);
        if (!(normA > 0 && normB > 0)) {
            return;
        }
        double scale = dCosine / ((normA + NORM_EPSILON) * (normB + NORM_EPSILON));
        double along = product / (normA * (normA + NORM_EPSILON));
        double alongB = product / (normB * (normB + NORM_EPSILON));
        for (int c = 0; c < width; c++) {
            dX[a + c] += (float) (scale * (x[b + c] - along * x[a + c]));
            dX[b + c] += (float) (scale * (x[a + c] - alongB * x[b + c]));
        }
    }
}
