package leanvit.vit.train;

import java.util.Arrays;
import java.util.concurrent.Executor;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.vit.grad.AttentionSide;
import leanvit.vit.grad.FlopsRatio;
import leanvit.vit.grad.MaskedMergePrune;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * LTMP's training pass (Bonnaerens and Dambre, "Learned Thresholds Token Merging and Pruning for Vision Transformers",
 * TMLR 2023, section 3): masks do what removing tokens would, so that thresholds have gradients. The model's weights
 * are constants; its thresholds are what is learnt, one for merging and one for pruning in each block:
 *
 * <pre>
 *   loss = mean cross-entropy + lambda (r - target)²      r: the share of multiply-accumulates that masks leave
 * </pre>
 *
 * <p>Masks are not quite the same as removal: a later block pairs tokens by position, and averages importance, with
 * masked tokens among them. What thresholds do at inference, inference has to say.
 *
 * <p>Holds all arrays of a batch, {@link #bytes} of them. The same bits for every number of threads. Not safe for use
 * by several threads at once.
 */
public final class LtmpPass {

    /**
     * What a pass needs to know.
     *
     * @param tau     temperature of the masks' sigmoids, above 0; the authors' 0.1
     * @param target  the share of multiply-accumulates to keep, above 0 and at most 1
     * @param lambda  weight of the share in the loss, 0 or more; the authors' 10
     * @param epsilon of masked attention, 0 or more; the authors' 1e-5
     * @param merges  whether tokens merge
     * @param prunes  whether tokens are pruned
     */
    public record Settings(double tau, double target, double lambda, double epsilon, boolean merges, boolean prunes) {

        /**
         * Checks the ranges.
         *
         * @throws IllegalArgumentException naming the number that is out of its range
         */
        public Settings {
            if (!(tau > 0) || tau == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("tau=" + tau + ", expected a number above 0");
            }
            if (!(target > 0 && target <= 1)) {
                throw new IllegalArgumentException("target=" + target + ", expected a number above 0 and at most 1");
            }
            if (!(lambda >= 0) || lambda == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("lambda=" + lambda + ", expected a number of 0 or more");
            }
            if (!(epsilon >= 0) || epsilon == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("epsilon=" + epsilon + ", expected a number of 0 or more");
            }
            if (!merges && !prunes) {
                throw new IllegalArgumentException("neither merging nor pruning: there is nothing to learn");
            }
        }

        /** The authors' for a target. */
        public Settings(double target) {
            this(0.1, target, 10, 1e-5, true, true);
        }
    }

    private final VitConfig config;
    private final Settings settings;
    private final Network network;
    private final MaskedMergePrune[] reductions;
    private final FlopsRatio flops;
    private final int depth;
    private final int tokens;
    private final int width;
    private final int keyWidth;
    private final AttentionSide side = new AttentionSide();
    private final float[] attended;
    private final float[] meanKeys;
    private final float[] columnMeans;
    private final float[] reducedGradient;
    private final float[] dMask;
    private final float[] dBefore;
    private final float[] dLogits;
    private final double[] dThresholds;
    private final double[] means;
    private final double[] mergeGradient;
    private final double[] pruneGradient;
    private int images;
    private float[] logits = {};
    private double crossEntropy;
    private double ratio;

    /**
     * Makes room for batches.
     *
     * @param model    a model that classifies by its class token
     * @param images   at most so many in a batch
     * @param executor gives threads beside the caller's; may be null for one thread
     * @throws IllegalArgumentException if the model cannot be trained so
     */
    public LtmpPass(VitParameters model, int images, Settings settings, Executor executor, int threads) {
        this.settings = settings;
        config = model.config();
        MaskedTokens.check(config);
        network = new Network(config, model.parameters(), images, new Workers(executor, threads), p -> false,
                Form.KEYS, (float) settings.epsilon(), LastBlock.READ_AND_SHARES);
        depth = config.depth();
        tokens = network.tokens();
        width = config.width();
        keyWidth = config.headDim();
        int prefix = tokens - config.patches();
        MaskedMergePrune.Rule rule =
                new MaskedMergePrune.Rule(settings.tau(), settings.merges(), settings.prunes());
        reductions = new MaskedMergePrune[depth];
        for (int layer = 0; layer < depth; layer++) {
            reductions[layer] = new MaskedMergePrune(images, tokens, width, keyWidth, prefix, rule);
        }
        flops = new FlopsRatio(tokens, width);
        int rows = images * tokens;
        attended = new float[rows * width];
        meanKeys = new float[rows * keyWidth];
        columnMeans = new float[rows];
        reducedGradient = new float[rows * width];
        dMask = new float[rows];
        dBefore = new float[rows];
        dLogits = new float[images * config.classes()];
        dThresholds = new double[2 * images];
        means = new double[depth];
        mergeGradient = new double[depth];
        pruneGradient = new double[depth];
        side.columnMeans = columnMeans;
    }

    /** Returns the bytes that a pass over so many images holds. */
    public static long bytes(VitParameters model, int images) {
        VitConfig config = model.config();
        long rows = (long) images * (config.patches() + 1);
        return Network.bytes(config, model.parameters(), images, LastBlock.READ_AND_SHARES)
                + Float.BYTES * rows * (2L * config.width() + config.depth() * (config.headDim() + 10L));
    }

    /**
     * Runs a batch forward and backward.
     *
     * @param pixels  [B, 3, height, width], normalised
     * @param targets [B, K] ({@link SoftTargets})
     * @param images  B
     * @param merge   a threshold per block; not looked at where nothing merges
     * @param prune   likewise
     * @return the loss
     */
    public double run(float[] pixels, float[] targets, int images, float[] merge, float[] prune) {
        forward(pixels, targets, images, merge, prune);
        network.workers().open();
        try {
            backward(merge, prune, 1);
        } finally {
            network.workers().close();
        }
        return loss();
    }

    private void forward(float[] pixels, float[] targets, int images, float[] merge, float[] prune) {
        SoftTargets.check(images, network.images(), pixels, 3L * config.imageHeight() * config.imageWidth(), targets,
                config.classes());
        this.images = images;
        Workers workers = network.workers();
        workers.open();
        try {
            network.embedding().forward(images, pixels, network.tokens(0), 0);
            for (int layer = 0; layer < depth; layer++) {
                MaskedMergePrune before = layer == 0 ? null : reductions[layer - 1];
                giveSide(layer, before);
                // Of the last block's rows none but those that the classifier reads are computed: it leaves them alone.
                boolean readOnly = layer == depth - 1;
                float[] reduced = network.tokens(2 * layer + 1);
                network.attention(layer).forward(images, network.tokens(2 * layer), 0, readOnly ? reduced : attended, 0,
                        side);
                if (settings.merges()) {
                    network.attention(layer).meanKeys(meanKeys);
                }
                MaskedMergePrune reduction = reductions[layer];
                float mergeAt = settings.merges() ? merge[layer] : 1f;
                float pruneAt = settings.prunes() ? prune[layer] : 0f;
                workers.run(images, (worker, image) -> reduction.forward(image, mergeAt, pruneAt, meanKeys,
                        image * tokens * keyWidth, columnMeans, image * tokens, before == null ? null : before.sizes(),
                        before == null ? null : before.mask(), readOnly ? null : attended, image * tokens * width,
                        reduced));
                network.mlp(layer).forward(images * (readOnly ? network.lastRows() : tokens), reduced, 0,
                        network.tokens(2 * layer + 2), 0);
                double sum = 0;
                for (int i = 0; i < images * tokens; i++) {
                    sum += reduction.mask()[i];
                }
                means[layer] = sum / (images * tokens);
            }
            logits = network.head().forward(images, network.tokens(2 * depth), 0);
            crossEntropy = SoftTargets.loss(logits, targets, images, config.classes(), dLogits);
            ratio = flops.of(means);
        } finally {
            workers.close();
        }
    }

    /** Shows attention the masks and sizes of the block before. */
    private void giveSide(int layer, MaskedMergePrune before) {
        side.mask = before == null ? null : before.mask();
        side.keyBias = null;
        if (before != null && settings.merges()) {
            float[] logs = new float[images * tokens];
            for (int i = 0; i < logs.length; i++) {
                logs[i] = (float) Math.log(before.sizes()[i]);
            }
            side.keyBias = logs;
        }
    }

    /**
     * Runs backward to the thresholds of the first block, or all the way.
     *
     * @param last the block whose rows' gradients are the last that are wanted: 1 for thresholds alone, 0 for tokens
     */
    private void backward(float[] merge, float[] prune, int last) {
        network.head().backward(dLogits, null, network.lastGradient(), 0, null);
        double share = 2 * settings.lambda() * (ratio - settings.target()) / ((double) images * tokens);
        Arrays.fill(dMask, 0f);
        for (int layer = depth - 1; layer >= 0; layer--) {
            float each = (float) (share * flops.gradient(means, layer));
            for (int i = 0; i < images * tokens; i++) {
                dMask[i] += each;
            }
            boolean readOnly = layer == depth - 1;
            float[] d = readOnly ? network.lastGradient() : network.gradient();
            if (layer >= last) {
                network.mlp(layer).backward(d, 0, null);
            }
            reductionBackward(layer, merge, prune, readOnly ? null : d);
            if (layer >= last) {
                attentionBackward(layer, readOnly ? d : reducedGradient);
            }
        }
    }

    private void reductionBackward(int layer, float[] merge, float[] prune, float[] d) {
        float[] dKeys = settings.merges() ? meanKeys : null;
        float mergeAt = settings.merges() ? merge[layer] : 1f;
        float pruneAt = settings.prunes() ? prune[layer] : 0f;
        network.workers().run(images, (worker, image) -> reductions[layer].backward(image, mergeAt, pruneAt, d,
                image * tokens * width, dMask, reducedGradient, dKeys, image * tokens * keyWidth, columnMeans,
                image * tokens, dBefore, dThresholds));
        mergeGradient[layer] = 0;
        pruneGradient[layer] = 0;
        for (int image = 0; image < images; image++) {
            mergeGradient[layer] += dThresholds[2 * image];
            pruneGradient[layer] += dThresholds[2 * image + 1];
        }
    }

    /** From the attended rows' gradient to that of the block's tokens, the network's array, and of the masks before. */
    private void attentionBackward(int layer, float[] dAttended) {
        giveSide(layer, layer == 0 ? null : reductions[layer - 1]);
        side.dColumnMeans = settings.prunes() ? columnMeans : null;
        side.dMeanKeys = settings.merges() ? meanKeys : null;
        side.dMask = layer == 0 ? null : dMask;
        network.attention(layer).backward(dAttended, 0, network.gradient(), 0, side, null);
        for (int i = 0; layer > 0 && i < images * tokens; i++) {
            dMask[i] += dBefore[i];
        }
    }

    /** Returns the last batch's loss. */
    public double loss() {
        return crossEntropy + settings.lambda() * (ratio - settings.target()) * (ratio - settings.target());
    }

    /** Returns the last batch's mean cross-entropy. */
    public double crossEntropy() {
        return crossEntropy;
    }

    /** Returns r of the last batch: what its masks leave of the blocks' multiply-accumulates. */
    public double flopsRatio() {
        return ratio;
    }

    /** Returns the last batch's logits, [B, K]; the pass's own array. */
    public float[] logits() {
        return logits;
    }

    /** Returns the masks after a block, [B, N], in the order that its merging leaves; the pass's own array. */
    public float[] mask(int layer) {
        return reductions[layer].mask();
    }

    /** Returns the gradients of the merge thresholds, one per block; 0 where nothing merges. A copy. */
    public double[] mergeGradient() {
        return mergeGradient.clone();
    }

    /** Returns the gradients of the prune thresholds, one per block; 0 where nothing is pruned. A copy. */
    public double[] pruneGradient() {
        return pruneGradient.clone();
    }

    /** Returns the parts, for tests. */
    MaskedMergePrune reduction(int layer) {
        return reductions[layer];
    }

    Network network() {
        return network;
    }

    /** Runs as {@link #run} does and returns the gradient of the embedded tokens too, [B, N, C]. */
    float[] tokenGradient(float[] pixels, float[] targets, int images, float[] merge, float[] prune) {
        forward(pixels, targets, images, merge, prune);
        backward(merge, prune, 0);
        return network.gradient();
    }
}
