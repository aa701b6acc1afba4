package leanvit.vit.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import leanvit.kernels.KullbackLeibler;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Schedule;
import leanvit.vit.grad.AttentionSide;
import leanvit.vit.grad.GumbelDecision;
import leanvit.vit.grad.KeepRatioLoss;
import leanvit.vit.grad.MaskedSqueeze;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.grad.TokenPredictorPass;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * The training pass of dTPS (Wei et al., CVPR 2023) and, without the squeeze, of DynamicViT (Rao et al., NeurIPS 2021),
 * whose predictors it learns: before the block of each stage patches are kept or not by a Gumbel-softmax choice, hard
 * forwards and soft backwards; what is not kept stays in its place, squeezed into its host and masked out of attention.
 *
 * <pre>
 *   loss = mean cross-entropy + 2 ratio + 1/2 (KL of logits + KL of tokens)
 *   ratio      mean over stages and images of (share kept - the stage's share)²
 *   KL         from the unreduced model, where there is a {@link Teacher}: of the logits, and of the channels of the
 *              last norm's patches that all stages kept, the mean over these
 * </pre>
 *
 * <p>Holds all arrays of a batch, {@link #bytes} of them. The same bits for every number of threads. Not safe for use
 * by several threads at once.
 */
public final class DTpsPass {

    /** DynamicViT's weight of the ratio loss. */
    public static final double RATIO_WEIGHT = 2;
    /** DynamicViT's weight of both distillation losses. */
    public static final double DISTILLATION_WEIGHT = 0.5;
    /** Of masked attention. */
    private static final float EPSILON = 1e-6f;
    /** With fewer kept patches in a batch there is no KL of tokens. */
    private static final double LEAST_KEPT = 0.1;

    /**
     * What the unreduced model says of a batch.
     *
     * @param logits [B, K]
     * @param normed tokens after the last norm, [B, N, C]
     */
    public record Teacher(float[] logits, float[] normed) {
    }

    /** One stage: the block before which it stands, its share, and what it kept of the last batch. */
    private static final class Stage {
        final int layer;
        final double share;
        final TokenPredictorPass predictor;
        final MaskedSqueeze squeeze;
        final float[] rows;
        final float[] logp;
        final float[] soft;
        final float[] choice;
        final float[] decision;
        final float[] policy;
        final float[] dPolicy;
        float[] before;

        Stage(int layer, double share, TokenPredictorPass predictor, MaskedSqueeze squeeze, int images, int tokens,
              int patches, int width) {
            this.layer = layer;
            this.share = share;
            this.predictor = predictor;
            this.squeeze = squeeze;
            rows = new float[squeeze == null ? 0 : images * tokens * width];
            logp = new float[2 * images * patches];
            soft = new float[images * patches];
            choice = new float[images * patches];
            decision = new float[images * patches];
            policy = new float[images * tokens];
            dPolicy = new float[images * tokens];
        }
    }

    private final VitConfig config;
    private final Network network;
    private final Parameters predictors;
    private final float[] modelGradients;
    private final float[] predictorGradients;
    private final Stage[] stages;
    private final Stage[] stageBefore;
    private final int depth;
    private final int tokens;
    private final int patches;
    private final int prefix;
    private final int width;
    private final boolean distils;
    private final AttentionSide side = new AttentionSide();
    private final float[] ones;
    private final float[] dDecision;
    private final float[] dBefore;
    private final float[] dLogp;
    private final float[] dMask;
    private final float[] dRows;
    private final float[] dLogits;
    private final float[] dNormed;
    private float[] logits = {};
    private int images;
    private double crossEntropy;
    private double ratio;
    private double logitDivergence;
    private double tokenDivergence;

    /**
     * Makes room for batches.
     *
     * @param model      a model that classifies by its class token
     * @param predictors {@link #predictorShapes} of the schedule's stages
     * @param schedule   stages, and the share of the initial patches that each is to keep
     * @param squeezes   whether pruned patches go into their hosts; otherwise it is DynamicViT
     * @param learns     which of the model's parameters get gradients; none with frozen weights
     * @param distils    whether batches have a {@link Teacher}
     * @param images     at most so many in a batch
     * @param executor   gives threads beside the caller's; may be null for one thread
     * @throws IllegalArgumentException if the model cannot be trained so
     */
    public DTpsPass(VitParameters model, Parameters predictors, Schedule.KeepOfInitial schedule, boolean squeezes,
                    Predicate<Parameter> learns, boolean distils, int images, Executor executor, int threads) {
        config = model.config();
        this.predictors = predictors;
        this.distils = distils;
        MaskedTokens.check(config);
        Workers workers = new Workers(executor, threads);
        network = new Network(config, model.parameters(), images, workers, learns, Form.SELF, EPSILON,
                lastBlock(distils));
        boolean isFrozen = model.parameters().where(learns).isEmpty();
        modelGradients = isFrozen ? null : model.parameters().zeros();
        predictorGradients = predictors.zeros();
        depth = config.depth();
        tokens = network.tokens();
        patches = config.patches();
        prefix = tokens - patches;
        width = config.width();
        ModelShape shape = new ModelShape(depth, width, config.heads(), prefix, patches);
        List<Integer> layers = layers(schedule, shape);
        stages = new Stage[layers.size()];
        stageBefore = new Stage[depth];
        Stage last = null;
        for (int layer = 0; layer < depth; layer++) {
            int s = layers.indexOf(layer);
            if (s >= 0) {
                stages[s] = new Stage(layer, schedule.rate(s),
                        new TokenPredictorPass(predictors, "predictor." + s + ".", images, patches, workers),
                        squeezes ? new MaskedSqueeze(images, patches, width) : null, images, tokens, patches, width);
                last = stages[s];
            }
            stageBefore[layer] = last;
        }
        ones = new float[images * patches];
        Arrays.fill(ones, 1f);
        dDecision = new float[images * patches];
        dBefore = new float[images * patches];
        dLogp = new float[2 * images * patches];
        dMask = new float[images * tokens];
        dRows = new float[images * tokens * width];
        dLogits = new float[images * config.classes()];
        dNormed = new float[distils ? images * tokens * width : 0];
    }

    /** Returns the blocks of a schedule's stages. */
    private static List<Integer> layers(Schedule.KeepOfInitial schedule, ModelShape shape) {
        schedule.check("dtps", shape);
        List<Integer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.depth(); layer++) {
            if (schedule.stages().indexOf(shape, layer) >= 0) {
                layers.add(layer);
            }
        }
        return layers;
    }

    /** Returns the shapes of all predictors' parameters by the names that a predictor file has. */
    public static Map<String, int[]> predictorShapes(int width, int stages) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        for (int s = 0; s < stages; s++) {
            shapes.putAll(TokenPredictorPass.shapes(width, "predictor." + s + "."));
        }
        return shapes;
    }

    /** Returns how many stages a schedule has in a model. */
    public static int stages(Schedule.KeepOfInitial schedule, VitConfig config) {
        return layers(schedule, new ModelShape(config.depth(), config.width(), config.heads(), 1, config.patches()))
                .size();
    }

    /** Returns the bytes that a pass over so many images holds, beside the gradients. */
    public static long bytes(VitParameters model, int stages, boolean distils, int images) {
        VitConfig config = model.config();
        long patches = (long) images * config.patches();
        long each = 9L * config.width() + 20;
        return Network.bytes(config, model.parameters(), images, lastBlock(distils))
                + Float.BYTES * patches * (stages * each + (distils ? 2L : 1L) * config.width());
    }

    /** Distillation reads all tokens. */
    private static LastBlock lastBlock(boolean distils) {
        return distils ? LastBlock.ALL : LastBlock.READ;
    }

    /** Takes up parameters that have changed, of the model and of the predictors. */
    public void pack() {
        if (modelGradients != null) {
            network.pack();
        }
        for (Stage stage : stages) {
            stage.predictor.repack();
        }
    }

    /**
     * Runs a batch forward and backward.
     *
     * @param pixels  [B, 3, height, width], normalised
     * @param targets [B, K] ({@link SoftTargets})
     * @param images  B
     * @param noise   for each stage Gumbel noise, [B, n, 2] over n patches
     * @param teacher what the unreduced model says of the batch; null for no distillation
     * @return the loss
     */
    public double run(float[] pixels, float[] targets, int images, float[][] noise, Teacher teacher) {
        SoftTargets.check(images, network.images(), pixels, 3L * config.imageHeight() * config.imageWidth(), targets,
                config.classes());
        if (noise.length != stages.length) {
            throw new IllegalArgumentException("noise of " + noise.length + " stages, expected " + stages.length);
        }
        if (teacher != null && !distils) {
            throw new IllegalArgumentException("a teacher, but the pass was made without");
        }
        this.images = images;
        Workers workers = network.workers();
        workers.open();
        try {
            forward(pixels, noise);
            lose(targets, teacher);
            Arrays.fill(predictorGradients, 0f);
            if (modelGradients != null) {
                Arrays.fill(modelGradients, 0f);
            }
            backward(teacher == null ? null : dNormed);
        } finally {
            workers.close();
        }
        return loss();
    }

    private void forward(float[] pixels, float[][] noise) {
        network.embedding().forward(images, pixels, network.tokens(0), 0);
        float[] before = null;
        int s = 0;
        for (int layer = 0; layer < depth; layer++) {
            float[] x = network.tokens(2 * layer);
            Stage stage = stageBefore[layer];
            if (stage != null && stage.layer == layer) {
                decide(stage, noise[s++], before, x);
                before = stage.decision;
                x = stage.squeeze == null ? x : stage.rows;
            }
            int rows = layer == depth - 1 ? network.lastRows() : tokens;
            network.attention(layer).forward(images, x, 0, network.tokens(2 * layer + 1), 0, side(stage));
            network.mlp(layer).forward(images * rows, network.tokens(2 * layer + 1), 0, network.tokens(2 * layer + 2),
                    0);
        }
        logits = network.head().forward(images, network.tokens(2 * depth), 0);
    }

    private AttentionSide side(Stage stage) {
        side.mask = stage == null ? null : stage.policy;
        side.dMask = stage == null ? null : dMask;
        return side;
    }

    private void decide(Stage stage, float[] noise, float[] before, float[] x) {
        stage.before = before == null ? ones : before;
        stage.predictor.forward(images, x, prefix * width, tokens * width, before, stage.logp);
        GumbelDecision.forward(stage.logp, noise, 0, images * patches, stage.choice, stage.soft);
        for (int i = 0; i < images * patches; i++) {
            stage.decision[i] = stage.choice[i] * stage.before[i];
        }
        for (int image = 0; image < images; image++) {
            Arrays.fill(stage.policy, image * tokens, image * tokens + prefix, 1f);
            System.arraycopy(stage.decision, image * patches, stage.policy, image * tokens + prefix, patches);
        }
        if (stage.squeeze != null) {
            network.workers().run(images, (worker, image) -> {
                int row = image * tokens * width;
                System.arraycopy(x, row, stage.rows, row, prefix * width);
                stage.squeeze.forward(image, x, row + prefix * width, stage.decision, stage.before, stage.rows);
            });
        }
    }

    private void lose(float[] targets, Teacher teacher) {
        crossEntropy = SoftTargets.loss(logits, targets, images, config.classes(), dLogits);
        KeepRatioLoss keep = new KeepRatioLoss(images, patches, stages.length);
        ratio = 0;
        for (Stage stage : stages) {
            Arrays.fill(stage.dPolicy, 0f);
            ratio += keep.of(stage.decision, stage.share);
        }
        logitDivergence = 0;
        tokenDivergence = 0;
        if (teacher == null) {
            return;
        }
        int classes = config.classes();
        for (int image = 0; image < images; image++) {
            logitDivergence += KullbackLeibler.row(classes, logits, image * classes, teacher.logits(),
                    image * classes, DISTILLATION_WEIGHT / images, dLogits, image * classes) / images;
        }
        Arrays.fill(dNormed, 0, images * tokens * width, 0f);
        double kept = 0;
        float[] last = stages[stages.length - 1].decision;
        for (int i = 0; i < images * patches; i++) {
            kept += last[i];
        }
        if (kept < LEAST_KEPT) {
            return;
        }
        for (int i = 0; i < images * patches; i++) {
            if (last[i] > 0.5f) {
                int row = (i / patches * tokens + prefix + i % patches) * width;
                tokenDivergence += KullbackLeibler.row(width, network.head().normed(), row, teacher.normed(), row,
                        DISTILLATION_WEIGHT / kept, dNormed, row) / kept;
            }
        }
    }

    private void backward(float[] dNormed) {
        float[] d = network.gradient();
        network.head().backward(dLogits, dNormed, network.lastGradient(), 0, modelGradients);
        int first = modelGradients == null ? stages[0].layer : 0;
        Arrays.fill(dBefore, 0f);
        for (int layer = depth - 1; layer >= first; layer--) {
            float[] dOut = layer == depth - 1 ? network.lastGradient() : d;
            Stage stage = stageBefore[layer];
            network.mlp(layer).backward(dOut, 0, modelGradients);
            network.attention(layer).backward(dOut, 0, d, 0, side(stage), modelGradients);
            for (int i = 0; stage != null && i < images * tokens; i++) {
                stage.dPolicy[i] += dMask[i];
            }
            if (stage != null && stage.layer == layer) {
                stageBackward(stage, d);
            }
        }
        if (modelGradients != null) {
            network.embedding().backward(d, 0, modelGradients);
        }
    }

    /** From the gradient of a stage's rows, and that of its policy, to that of the rows before it, in {@code d}. */
    private void stageBackward(Stage stage, float[] d) {
        for (int i = 0; i < images * patches; i++) {
            dDecision[i] = stage.dPolicy[i / patches * tokens + prefix + i % patches] + dBefore[i];
            dBefore[i] = 0f;
        }
        new KeepRatioLoss(images, patches, stages.length).addGradient(stage.decision, stage.share, RATIO_WEIGHT,
                dDecision);
        if (stage.squeeze != null) {
            float[] x = network.tokens(2 * stage.layer);
            network.workers().run(images, (worker, image) -> {
                int row = image * tokens * width;
                System.arraycopy(d, row, dRows, row, prefix * width);
                stage.squeeze.backward(image, x, row + prefix * width, stage.decision, stage.before, stage.rows, d,
                        dRows, dDecision, dBefore);
            });
            System.arraycopy(dRows, 0, d, 0, images * tokens * width);
        }
        for (int i = 0; i < images * patches; i++) {
            dBefore[i] += dDecision[i] * stage.choice[i];
            dDecision[i] *= stage.before[i];
        }
        GumbelDecision.backward(stage.soft, dDecision, 0, images * patches, dLogp);
        boolean isFirst = stage.before == ones;
        stage.predictor.backward(dLogp, isFirst && modelGradients == null ? null : d, isFirst ? null : dBefore,
                predictorGradients);
    }

    /** Returns the last batch's loss. */
    public double loss() {
        return crossEntropy + RATIO_WEIGHT * ratio + DISTILLATION_WEIGHT * (logitDivergence + tokenDivergence);
    }

    /** Returns the last batch's mean cross-entropy. */
    public double crossEntropy() {
        return crossEntropy;
    }

    /** Returns the last batch's ratio loss, before its weight. */
    public double ratioLoss() {
        return ratio;
    }

    /** Returns the last batch's divergence of logits from the teacher's, before its weight; 0 without a teacher. */
    public double logitDivergence() {
        return logitDivergence;
    }

    /** Returns the last batch's divergence of kept tokens from the teacher's; 0 without a teacher. */
    public double tokenDivergence() {
        return tokenDivergence;
    }

    /** Returns the last batch's logits, [B, K]; the pass's own array. */
    public float[] logits() {
        return logits;
    }

    /** Returns how many stages there are. */
    public int stages() {
        return stages.length;
    }

    /** Returns whether each patch is still there after a stage, [B, n], 0 or 1; the pass's own array. */
    public float[] decision(int stage) {
        return stages[stage].decision;
    }

    /** Returns the gradients of the model's parameters, in their layout; null where all are frozen. Its own array. */
    public float[] modelGradients() {
        return modelGradients;
    }

    /** Returns the gradients of the predictors' parameters, in their layout; the pass's own array. */
    public float[] predictorGradients() {
        return predictorGradients;
    }

    /** Returns log-probabilities and rows of a stage, and the network, for tests. */
    float[] logProbabilities(int stage) {
        return stages[stage].logp;
    }

    float[] rows(int stage) {
        return stages[stage].rows;
    }

    Network network() {
        return network;
    }
}
