package leanvit.vit.grad;

import java.util.function.Predicate;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.TrainableParts;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * A Vision Transformer forward and backward, unreduced; and its parts, for those who put steps of their own between
 * them.
 *
 * <pre>
 *   tokens(0) = embedding(pixels)
 *   tokens(2l + 1) = attention(l)(tokens(2l)),  tokens(2l + 2) = mlp(l)(tokens(2l + 1))      l = 0 .. L-1
 *   logits = head(tokens(2L))
 * </pre>
 *
 * Every array is made with the network, {@link #bytes} of them, but scratch for some 400 rows. One thread at a time;
 * the same bits for every number of threads.
 */
public final class Network {

    /** How much the last block computes. */
    public enum LastBlock {
        /** The rows that the classifier reads. */
        READ,
        /** Those, and the shares of all tokens' attention. */
        READ_AND_SHARES,
        /** All rows. */
        ALL
    }

    private final VitConfig config;
    private final Workers workers;
    private final int images;
    private final int tokenCount;
    private final int lastRows;
    private final Embedding embedding;
    private final AttentionHalf[] attentions;
    private final MlpHalf[] mlps;
    private final Head head;
    private final float[][] tokens;
    private final float[] gradient;
    private final float[] lastGradient;
    /** The first part that learns: 0 the embedding, 2l + 1 and 2l + 2 the halves of block l, 2L + 1 the head. */
    private final int firstLearner;
    private int lastImages;

    /** Makes a network for dense training. */
    public Network(VitConfig config, Parameters parameters, int images, Workers workers, Predicate<Parameter> learns) {
        this(config, parameters, images, workers, learns, Form.KEYS, 0f, LastBlock.READ);
    }

    /**
     * Makes a network.
     *
     * @param images   at most so many in a pass
     * @param workers  runs the steps
     * @param learns   which parameters get gradients, where a backward pass is given an array for them
     * @param form     how a mask enters attention
     * @param epsilon  of masked attention
     * @param last     how much the last block computes
     * @throws IllegalArgumentException if the model has no classifier, or a part that is not computed here
     */
    public Network(VitConfig config, Parameters parameters, int images, Workers workers, Predicate<Parameter> learns,
                   Form form, float epsilon, LastBlock last) {
        TrainableParts.check(config, parameters);
        if (config.classes() == 0) {
            throw new IllegalArgumentException(config.architecture() + " has no classifier");
        }
        this.config = config;
        this.workers = workers;
        this.images = images;
        int prefix = Embedding.prefix(parameters);
        tokenCount = prefix + config.patches();
        lastRows = lastRows(config, tokenCount, last);
        Steps steps = new Steps(workers);
        embedding = new Embedding(steps, config, parameters, images, learns);
        attentions = new AttentionHalf[config.depth()];
        mlps = new MlpHalf[config.depth()];
        tokens = new float[2 * config.depth() + 1][];
        tokens[0] = new float[Math.multiplyExact(images * tokenCount, config.width())];
        for (int layer = 0; layer < config.depth(); layer++) {
            int rows = layer == config.depth() - 1 ? lastRows : tokenCount;
            int queries = last == LastBlock.READ ? rows : tokenCount;
            attentions[layer] = new AttentionHalf(steps, config, parameters, layer, images, tokenCount, queries, rows,
                    form, epsilon, learns);
            mlps[layer] = new MlpHalf(steps, config, parameters, layer, images * rows, learns);
            tokens[2 * layer + 1] = new float[images * rows * config.width()];
            tokens[2 * layer + 2] = new float[images * rows * config.width()];
        }
        head = new Head(steps, config, parameters, images, lastRows, prefix, learns);
        gradient = new float[tokens[0].length];
        lastGradient = lastRows == tokenCount ? gradient : new float[images * lastRows * config.width()];
        firstLearner = firstLearner();
        pack();
    }

    private static int lastRows(VitConfig config, int tokens, LastBlock last) {
        boolean all = last == LastBlock.ALL || config.pooling() != Pooling.TOKEN;
        return all ? tokens : config.distilled() ? 2 : 1;
    }

    private int firstLearner() {
        if (embedding.learns()) {
            return 0;
        }
        for (int layer = 0; layer < config.depth(); layer++) {
            if (attentions[layer].learns()) {
                return 2 * layer + 1;
            }
            if (mlps[layer].learns()) {
                return 2 * layer + 2;
            }
        }
        return 2 * config.depth() + 1;
    }

    /** Returns N, the tokens of an image. */
    public static int tokens(VitConfig config, Parameters parameters) {
        return Embedding.prefix(parameters) + config.patches();
    }

    /**
     * Returns the bytes that a network keeps for a batch: activations, their gradients and packed weights, beside the
     * parameters and an array of their gradients.
     *
     * @param block as {@code last} in the constructor
     */
    public static long bytes(VitConfig config, Parameters parameters, int images, LastBlock block) {
        int width = config.width();
        int count = tokens(config, parameters);
        int last = lastRows(config, count, block);
        long rows = (long) images * count;
        long lastRows = (long) images * last;
        long sum = Embedding.bytes(config, parameters, images) + Head.bytes(config, images, last);
        sum += Float.BYTES * width * (rows * 2 + (last == count ? 0 : lastRows));
        for (int layer = 0; layer < config.depth(); layer++) {
            boolean end = layer == config.depth() - 1;
            long half = end ? lastRows : rows;
            sum += AttentionHalf.bytes(config, parameters, images, count, end ? last : count)
                    + MlpHalf.bytes(config, half);
            sum += 2 * Float.BYTES * half * width;
            sum += Linear.bytes(3 * width, width) + Linear.bytes(width, width) + Linear.bytes(config.mlpHidden(), width)
                    + Linear.bytes(width, config.mlpHidden());
        }
        sum += Linear.bytes(width, 3 * config.patch() * config.patch());
        return sum + (config.distilled() ? 2 : 1) * Linear.bytes(config.classes(), Head.inputWidth(config));
    }

    /** Packs the parameters' values anew: after every change of them. */
    public void pack() {
        int depth = config.depth();
        workers.open();
        try {
            workers.run(2 * depth + 2, (worker, piece) -> {
                if (piece == 0) {
                    embedding.pack();
                } else if (piece == 2 * depth + 1) {
                    head.pack();
                } else if (piece % 2 == 1) {
                    attentions[piece / 2].pack();
                } else {
                    mlps[piece / 2 - 1].pack();
                }
            });
        } finally {
            workers.close();
        }
    }

    /** Returns how many images fit a pass. */
    public int images() {
        return images;
    }

    /** Returns N, the tokens of an image. */
    public int tokens() {
        return tokenCount;
    }

    /** Returns the tokens of an image that the head reads: N, or fewer in the last block. */
    public int lastRows() {
        return lastRows;
    }

    /** Returns the first part. */
    public Embedding embedding() {
        return embedding;
    }

    /** Returns the first half of block {@code layer}. */
    public AttentionHalf attention(int layer) {
        return attentions[layer];
    }

    /** Returns the second half of block {@code layer}. */
    public MlpHalf mlp(int layer) {
        return mlps[layer];
    }

    /** Returns the last part. */
    public Head head() {
        return head;
    }

    /** Returns the tokens after {@code halves} halves of blocks, [B, N, C] from index 0; the network's own array. */
    public float[] tokens(int halves) {
        return tokens[halves];
    }

    /** Returns an array for the gradient of tokens, [B, N, C]. */
    public float[] gradient() {
        return gradient;
    }

    /** Returns an array for the gradient of the head's tokens, [B, Q, C]: {@link #gradient} where Q is N. */
    public float[] lastGradient() {
        return lastGradient;
    }

    /** Returns what runs the steps; whoever runs parts by hand opens it before and closes it after. */
    public Workers workers() {
        return workers;
    }

    /**
     * Runs forward.
     *
     * @param pixels [images, 3, height, width], normalised; must stay as they are until {@link #backward}
     * @param images B
     * @return logits [B, K], the network's own array, which the next pass overwrites
     */
    public float[] forward(float[] pixels, int images) {
        long imageValues = 3L * config.imageHeight() * config.imageWidth();
        if (images < 1 || images > this.images || images * imageValues > pixels.length) {
            throw new IllegalArgumentException(images + " images in " + pixels.length + " pixel values, expected 1 to "
                    + this.images + " images of " + imageValues);
        }
        lastImages = images;
        workers.open();
        try {
            embedding.forward(images, pixels, tokens[0], 0);
            for (int layer = 0; layer < config.depth(); layer++) {
                int rows = images * (layer == config.depth() - 1 ? lastRows : tokenCount);
                attentions[layer].forward(images, tokens[2 * layer], 0, tokens[2 * layer + 1], 0, null);
                mlps[layer].forward(rows, tokens[2 * layer + 1], 0, tokens[2 * layer + 2], 0);
            }
            return head.forward(images, tokens[2 * config.depth()], 0);
        } finally {
            workers.close();
        }
    }

    /**
     * Runs backward what ran forward last, down to the first part that learns.
     *
     * @param dLogits   the gradient of the logits, [B, K]
     * @param gradients an array of the parameters' layout, to which the gradients are added
     */
    public void backward(float[] dLogits, float[] gradients) {
        backward(dLogits, null, gradients, firstLearner);
    }

    /**
     * Runs backward down to the tokens, {@link #gradient} of {@code tokens(0)}.
     *
     * @param dNormed   the gradient of the head's normalised rows, [B, Q, C]; null for none
     * @param gradients null for no gradients of parameters
     */
    public void backwardToTokens(float[] dLogits, float[] dNormed, float[] gradients) {
        backward(dLogits, dNormed, gradients, 1);
    }

    private void backward(float[] dLogits, float[] dNormed, float[] gradients, int first) {
        if (lastImages == 0) {
            throw new IllegalStateException("backward before forward");
        }
        workers.open();
        try {
            int depth = config.depth();
            head.backward(dLogits, dNormed, first > 2 * depth ? null : lastGradient, 0, gradients);
            for (int layer = depth - 1; layer >= 0 && first <= 2 * layer + 2; layer--) {
                float[] d = layer == depth - 1 ? lastGradient : gradient;
                mlps[layer].backward(d, 0, gradients);
                if (first <= 2 * layer + 1) {
                    attentions[layer].backward(d, 0, gradient, 0, null, gradients);
                }
            }
            if (first == 0) {
                embedding.backward(gradient, 0, gradients);
            }
        } finally {
            workers.close();
        }
    }
}
