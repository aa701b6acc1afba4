package leanvit.vit.grad;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import leanvit.kernels.ColumnSums;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.HeadMean;
import leanvit.kernels.MaskedAttention;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;

/**
 * The first half of a block, {@code y = x + proj(attention(qkv(norm1(x))))}, forward and backward.
 *
 * <pre>
 *   x [B, N, C] -> n = norm1(x) [B, N, C] -> qkv [B, N, 3C] -> o = attention [B, A, C] -> y = x + proj(o) [B, A, C]
 *   dy [B, A, C] -> do = dy·Wp [B, A, C] -> dqkv [B, N, 3C] -> dn = dqkv·Wqkv [B, N, C] -> dx = dy + norm1'(dn)
 * </pre>
 *
 * A is N, or in the last block as few tokens as the classifier reads: the first of each image. The first Q of them, A
 * at least, are queries, whose shares are summed where somebody asks for these sums. Kept: qkv, o and the norm's
 * statistics, and x, which is the caller's; where queries and keys have norms ({@link HeadNorm}), what these need. n
 * and the attention map are computed again.
 */
public final class AttentionHalf {

    private static final String QUERY_NORM = "attn.q_norm";
    private static final String KEY_NORM = "attn.k_norm";

    private final Steps steps;
    private final LearntNorm norm;
    private final Linear qkv;
    /** Null where the model has none. */
    private final HeadNorm queryNorm;
    private final HeadNorm keyNorm;
    private final Linear proj;
    private final MaskedAttention attention;
    private final int width;
    private final int heads;
    private final int headDim;
    private final int tokens;
    private final int queries;
    private final int answered;
    private final int group;
    private final float[] kept;
    private final int attended;
    private final int statistics;
    private final float[] perHead;
    private int images;
    private float[] x;
    private int xo;

    /**
     * Makes the half.
     *
     * @param images   at most so many
     * @param tokens   N
     * @param queries  Q
     * @param answered A
     */
    AttentionHalf(Steps steps, VitConfig config, Parameters parameters, int layer, int images, int tokens, int queries,
                  int answered, Form form, float epsilon, Predicate<Parameter> learns) {
        String block = "blocks." + layer + ".";
        this.steps = steps;
        norm = new LearntNorm(steps, parameters, block + "norm1", config.epsilon(), learns);
        qkv = new Linear(steps, parameters, block + "attn.qkv", null, learns);
        queryNorm = HeadNorm.of(steps, parameters, block + QUERY_NORM, config.epsilon(), config.width(),
                images * tokens, learns);
        keyNorm = HeadNorm.of(steps, parameters, block + KEY_NORM, config.epsilon(), config.width(), images * tokens,
                learns);
        proj = new Linear(steps, parameters, block + "attn.proj", block + "ls1.gamma", learns);
        width = config.width();
        heads = config.heads();
        headDim = config.headDim();
        this.tokens = tokens;
        this.queries = queries;
        this.answered = answered;
        attention = new MaskedAttention(tokens, heads, headDim, form, epsilon);
        group = Steps.groupRows(tokens) / tokens;
        attended = images * tokens * 3 * width;
        statistics = attended + images * answered * width;
        kept = new float[statistics + 2 * images * tokens];
        perHead = new float[3 * group * heads * tokens];
    }

    /** Returns the bytes that are kept of so many images. */
    static long bytes(VitConfig config, Parameters parameters, long images, int tokens, int answered) {
        long norms = 0;
        for (String name : List.of(QUERY_NORM, KEY_NORM)) {
            norms += HeadNorm.bytes(parameters, "blocks.0." + name, images * tokens, config.width(), config.heads());
        }
        return norms + Float.BYTES * images
                * (3L * tokens * config.width() + (long) answered * config.width() + 2L * tokens);
    }

    boolean learns() {
        return norm.learns() || qkv.learns() || proj.learns() || queryNorm != null && queryNorm.learns()
                || keyNorm != null && keyNorm.learns();
    }

    void pack() {
        norm.pack();
        qkv.pack();
        proj.pack();
        if (queryNorm != null) {
            queryNorm.pack();
        }
        if (keyNorm != null) {
            keyNorm.pack();
        }
    }

    /**
     * Runs forward.
     *
     * @param images B
     * @param x      [B, N, C] from {@code xo}; must stay as it is until {@link #backward}
     * @param y      receives [B, A, C] from {@code yo}; must not overlap x
     * @param side   what else goes in and out; null for nothing
     */
    public void forward(int images, float[] x, int xo, float[] y, int yo, AttentionSide side) {
        this.images = images;
        this.x = x;
        this.xo = xo;
        float[] n = steps.scratch(0, group * tokens * width);
        for (int from = 0; from < images; from += group) {
            int count = Math.min(group, images - from);
            int at = xo + from * tokens * width;
            int out = attended + from * answered * width;
            norm.forward(count * tokens, x, at, n, 0, kept, statistics + 2 * from * tokens);
            int first = from * tokens * 3 * width;
            qkv.forward(count * tokens, n, 0, Epilogue.NONE, kept, first);
            if (queryNorm != null) {
                queryNorm.forward(from * tokens, count * tokens, kept, first);
            }
            if (keyNorm != null) {
                keyNorm.forward(from * tokens, count * tokens, kept, first + width);
            }
            heads(from, count, side);
            for (int image = 0; image < count; image++) {
                System.arraycopy(x, at + image * tokens * width, y, yo + (from + image) * answered * width,
                        answered * width);
            }
            proj.forward(count * answered, kept, out, Epilogue.RESIDUAL, y, yo + from * answered * width);
        }
    }

    private void heads(int from, int count, AttentionSide side) {
        boolean gather = side != null && side.columnMeans != null;
        steps.workers().run(count * heads, (worker, piece) -> {
            int image = from + piece / heads;
            attention.forward(piece % heads, queries, answered, kept, image * tokens * 3 * width, 3 * width,
                    side == null ? null : side.keyBias, image * tokens, side == null ? null : side.mask,
                    image * tokens, kept, attended + image * answered * width, width, gather ? perHead : null,
                    piece * tokens, steps.workerScratch(worker, attention.scratchLength()), 0);
        });
        for (int image = 0; gather && image < count; image++) {
            int to = (from + image) * tokens;
            HeadMean.reduce(perHead, image * heads * tokens, tokens, heads, tokens, 1, tokens, side.columnMeans, to,
                    tokens);
            for (int j = to; j < to + tokens; j++) {
                side.columnMeans[j] /= queries;
            }
        }
    }

    /**
     * Runs backward what ran forward last.
     *
     * @param dy        the gradient of y, [B, A, C] from {@code dyo}
     * @param dx        receives the gradient of x, [B, N, C] from {@code dxo}; where A is N it may be dy itself
     * @param side      what else goes in and out, with what it had in the forward pass; null for nothing
     * @param gradients the parameters' gradients, which are added to; null for none
     */
    public void backward(float[] dy, int dyo, float[] dx, int dxo, AttentionSide side, float[] gradients) {
        float[] n = steps.scratch(0, group * tokens * width);
        float[] dQkv = steps.scratch(1, group * tokens * 3 * width);
        float[] dOut = steps.scratch(2, group * answered * width);
        for (int from = 0; from < images; from += group) {
            int count = Math.min(group, images - from);
            int rows = count * tokens;
            int at = xo + from * tokens * width;
            int dyAt = dyo + from * answered * width;
            proj.backward(count * answered, dy, dyAt, Epilogue.NONE, dOut, 0);
            if (gradients != null) {
                proj.parameters(count * answered, kept, attended + from * answered * width, dy, dyAt, gradients);
            }
            headGradients(from, count, side, dOut, dQkv);
            if (queryNorm != null) {
                queryNorm.backward(from * tokens, rows, dQkv, 0, gradients);
            }
            if (keyNorm != null) {
                keyNorm.backward(from * tokens, rows, dQkv, width, gradients);
            }
            if (gradients != null && qkv.learns()) {
                norm.forward(rows, x, at, n, 0, null, 0);
                qkv.parameters(rows, n, 0, dQkv, 0, gradients);
            }
            qkv.backward(rows, dQkv, 0, Epilogue.NONE, n, 0);
            int dxAt = dxo + from * tokens * width;
            residual(count, dy, dyAt, dx, dxAt);
            norm.backward(rows, x, at, kept, statistics + 2 * from * tokens, n, 0, dx, dxAt, gradients);
        }
    }

    private void residual(int count, float[] dy, int dyo, float[] dx, int dxo) {
        if (dy == dx && dyo == dxo) {
            return;
        }
        for (int image = 0; image < count; image++) {
            int to = dxo + image * tokens * width;
            System.arraycopy(dy, dyo + image * answered * width, dx, to, answered * width);
            Arrays.fill(dx, to + answered * width, to + tokens * width, 0f);
        }
    }

    private void headGradients(int from, int count, AttentionSide side, float[] dOut, float[] dQkv) {
        int columns = 0;
        int masks = group * heads * tokens;
        int biases = 2 * masks;
        boolean dColumns = side != null && side.dColumnMeans != null;
        boolean dMask = side != null && side.dMask != null;
        boolean dBias = side != null && side.dKeyBias != null;
        for (int i = 0; dColumns && i < count * tokens; i++) {
            perHead[columns + i] = side.dColumnMeans[from * tokens + i] / (heads * queries);
        }
        steps.workers().run(count * heads, (worker, piece) -> {
            int image = piece / heads;
            int head = piece % heads;
            int key = (from + image) * tokens;
            attention.backward(head, queries, answered, kept, key * 3 * width, 3 * width,
                    side == null ? null : side.keyBias, key, side == null ? null : side.mask, key, dOut,
                    image * answered * width, width,
                    dColumns ? perHead : null, columns + image * tokens, dQkv, image * tokens * 3 * width, 3 * width,
                    dMask ? perHead : null, masks + piece * tokens, dBias ? perHead : null, biases + piece * tokens,
                    steps.workerScratch(worker, attention.scratchLength()), 0);
            if (side != null && side.dMeanKeys != null) {
                addKeyGradient(side.dMeanKeys, key * headDim, dQkv,
                        image * tokens * 3 * width + width + head * headDim);
            }
        });
        for (int image = 0; image < count; image++) {
            sumHeads(dMask, masks + image * heads * tokens, dMask ? side.dMask : null, (from + image) * tokens);
            sumHeads(dBias, biases + image * heads * tokens, dBias ? side.dKeyBias : null, (from + image) * tokens);
        }
    }

    private void addKeyGradient(float[] d, int offset, float[] dQkv, int to) {
        float share = 1f / heads;
        for (int i = 0; i < tokens; i++) {
            for (int c = 0; c < headDim; c++) {
                dQkv[to + i * 3 * width + c] += d[offset + i * headDim + c] * share;
            }
        }
    }

    private void sumHeads(boolean wanted, int offset, float[] sums, int to) {
        if (wanted) {
            Arrays.fill(sums, to, to + tokens, 0f);
            ColumnSums.add(perHead, offset, tokens, heads, tokens, sums, to);
        }
    }

    /**
     * Writes the keys of the last forward pass averaged over heads, [B, N, d] (the metric of ToMe and LTMP).
     */
    public void meanKeys(float[] out) {
        HeadMean.reduce(kept, width, headDim, heads, 3 * width, images * tokens, headDim, out, 0, headDim);
    }
}
