package leanvit.vit.grad;

import java.util.Arrays;
import java.util.function.Predicate;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * Tokens to logits: the last norm, pooling, the classifier; a distilled model's logits are the mean of both of its
 * classifiers', as at inference.
 *
 * <pre>
 *   class token:  x [B, Q, C] -> n = norm(x) -> features = n[:, 0]; logits = head(n[:, 0]), head_dist(n[:, 1]) [B, K]
 *   average:      x [B, N, C] -> norm -> mean over patches [B, C] -> logits; or mean first, then fc_norm
 *   both:         x [B, N, C] -> norm -> the class token's row, beside it the mean over patches [B, 2C] -> logits
 * </pre>
 *
 * Kept: n, the pooled rows and statistics, and x, which is the caller's.
 */
public final class Head {

    private final Steps steps;
    private final LearntNorm norm;
    /** Whether the class token's row is read, and whether the patches' mean is. */
    private final boolean classToken;
    private final boolean average;
    /** Whether the norm stands after the pooling. */
    private final boolean pooledFirst;
    private final Linear head;
    private final Linear distilledHead;
    private final int width;
    private final int inputWidth;
    private final int classes;
    private final int rows;
    private final int prefix;
    private final float[] normed;
    private final float[] statistics;
    private final float[] pooled;
    private final float[] features;
    private final float[] second;
    private final float[] logits;
    private final float[] other;
    private final float[] half;
    private int images;
    private float[] x;
    private int xo;

    /**
     * Makes the head.
     *
     * @param rows   of each image, Q or N
     * @param prefix tokens before the patches
     */
    Head(Steps steps, VitConfig config, Parameters parameters, int images, int rows, int prefix,
         Predicate<Parameter> learns) {
        this.steps = steps;
        this.rows = rows;
        this.prefix = prefix;
        width = config.width();
        classes = config.classes();
        inputWidth = inputWidth(config);
        classToken = config.pooling().readsClassToken();
        average = config.pooling() != Pooling.TOKEN;
        boolean fcNorm = parameters.has("fc_norm.weight");
        norm = new LearntNorm(steps, parameters, fcNorm ? "fc_norm" : "norm", config.epsilon(), learns);
        pooledFirst = average && fcNorm;
        head = new Linear(steps, parameters, "head", null, learns);
        distilledHead = config.distilled() ? new Linear(steps, parameters, "head_dist", null, learns) : null;
        int normedRows = images * (pooledFirst ? 1 : rows);
        normed = new float[normedRows * width];
        statistics = new float[2 * normedRows];
        pooled = new float[pooledFirst ? images * width : 0];
        features = new float[images * inputWidth];
        second = new float[distilledHead == null ? 0 : images * width];
        logits = new float[images * classes];
        other = new float[distilledHead == null ? 0 : images * classes];
        half = new float[distilledHead == null ? 0 : images * classes];
    }

    /** Returns the width of what the classifier reads, C or 2C. */
    static int inputWidth(VitConfig config) {
        return config.pooling() == Pooling.TOKEN_AND_AVERAGE ? 2 * config.width() : config.width();
    }

    /** Returns the bytes that are kept of so many images. */
    static long bytes(VitConfig config, long images, int rows) {
        return Float.BYTES * images
                * ((long) rows * (config.width() + 2) + 2L * config.width() + inputWidth(config)
                + 3L * config.classes());
    }

    boolean learns() {
        return norm.learns() || head.learns() || distilledHead != null && distilledHead.learns();
    }

    void pack() {
        norm.pack();
        head.pack();
        if (distilledHead != null) {
            distilledHead.pack();
        }
    }

    /**
     * Runs forward.
     *
     * @param images B
     * @param x      [B, Q, C] from {@code xo}; must stay as it is until {@link #backward}
     * @return logits [B, K], the head's own array, which the next pass overwrites
     */
    public float[] forward(int images, float[] x, int xo) {
        this.images = images;
        this.x = x;
        this.xo = xo;
        if (pooledFirst) {
            average(x, xo, pooled, 0);
            norm.forward(images, pooled, 0, features, 0, statistics, 0);
        } else {
            norm.forward(images * rows, x, xo, normed, 0, statistics, 0);
            if (classToken) {
                copyRows(normed, 0, features, inputWidth);
            }
            if (average) {
                average(normed, 0, features, inputWidth - width);
            }
        }
        head.forward(images, features, 0, Epilogue.NONE, logits, 0);
        if (distilledHead != null) {
            copyRows(normed, width, second, width);
            distilledHead.forward(images, second, 0, Epilogue.NONE, other, 0);
            for (int i = 0; i < images * classes; i++) {
                logits[i] = (logits[i] + other[i]) / 2;
            }
        }
        return logits;
    }

    /** Returns what the classifier read in the last pass, [B, C] or [B, 2C]; the head's own array. */
    public float[] features() {
        return features;
    }

    /** Returns the last pass's rows after the norm, [B, Q, C], where the norm stands before the pooling. */
    public float[] normed() {
        return normed;
    }

    private void copyRows(float[] from, int offset, float[] to, int stride) {
        for (int image = 0; image < images; image++) {
            System.arraycopy(from, offset + image * rows * width, to, image * stride, width);
        }
    }

    /** Writes each image's mean over its patches to columns {@code column} and on of its row of features. */
    private void average(float[] from, int offset, float[] to, int column) {
        for (int image = 0; image < images; image++) {
            int at = image * inputWidth + column;
            Arrays.fill(to, at, at + width, 0f);
            for (int i = prefix; i < rows; i++) {
                int row = offset + (image * rows + i) * width;
                for (int c = 0; c < width; c++) {
                    to[at + c] += from[row + c];
                }
            }
            for (int c = 0; c < width; c++) {
                to[at + c] /= rows - prefix;
            }
        }
    }

    /**
     * Runs backward what ran forward last.
     *
     * @param dLogits   the gradient of the logits, [B, K]
     * @param dNormed   the gradient of {@link #normed} beside that, [B, Q, C]; null for none
     * @param d         receives the gradient of x, [B, Q, C] from {@code offset}; null where nothing below learns
     * @param gradients the parameters' gradients, which are added to; null for none
     */
    public void backward(float[] dLogits, float[] dNormed, float[] d, int offset, float[] gradients) {
        float[] dFeatures = steps.scratch(3, images * inputWidth);
        float[] dSecond = steps.scratch(4, images * width);
        float[] dHead = dLogits;
        if (distilledHead != null) {
            for (int i = 0; i < images * classes; i++) {
                half[i] = dLogits[i] / 2;
            }
            dHead = half;
            linear(distilledHead, second, dHead, dSecond, gradients);
        }
        linear(head, features, dHead, dFeatures, gradients);
        if (d == null && !norm.learns()) {
            return;
        }
        int all = images * rows * width;
        float[] dx = d == null ? steps.scratch(5, all) : d;
        int dxo = d == null ? 0 : offset;
        Arrays.fill(dx, dxo, dxo + all, 0f);
        if (pooledFirst) {
            float[] dPooled = steps.scratch(6, images * width);
            Arrays.fill(dPooled, 0, images * width, 0f);
            norm.backward(images, pooled, 0, statistics, 0, dFeatures, 0, dPooled, 0, gradients);
            spread(dPooled, 0, dx, dxo);
            return;
        }
        float[] dn = steps.scratch(6, all);
        Arrays.fill(dn, 0, all, 0f);
        if (average) {
            spread(dFeatures, inputWidth - width, dn, 0);
        }
        for (int image = 0; classToken && image < images; image++) {
            System.arraycopy(dFeatures, image * inputWidth, dn, image * rows * width, width);
            if (distilledHead != null) {
                System.arraycopy(dSecond, image * width, dn, (image * rows + 1) * width, width);
            }
        }
        for (int i = 0; dNormed != null && i < all; i++) {
            dn[i] += dNormed[i];
        }
        norm.backward(images * rows, x, xo, statistics, 0, dn, 0, dx, dxo, gradients);
    }

    private void linear(Linear layer, float[] input, float[] dy, float[] dx, float[] gradients) {
        layer.backward(images, dy, 0, Epilogue.NONE, dx, 0);
        if (gradients != null) {
            layer.parameters(images, input, 0, dy, 0, gradients);
        }
    }

    /** Writes to each patch its share of the gradient of the mean, columns {@code column} and on of a row. */
    private void spread(float[] from, int column, float[] to, int offset) {
        float share = 1f / (rows - prefix);
        for (int image = 0; image < images; image++) {
            for (int i = prefix; i < rows; i++) {
                int row = offset + (image * rows + i) * width;
                for (int c = 0; c < width; c++) {
                    to[row + c] = from[image * inputWidth + column + c] * share;
                }
            }
        }
    }
}
