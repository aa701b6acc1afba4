package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import leanvit.kernels.CrossEntropy;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * Trains all of a Vision Transformer on labelled pictures: AdamW, cosine with warm-up, clipped gradients.
 *
 * <pre>{@code
 * VitParameters model = VitParameters.read(Path.of("deit-tiny")).withClasses(pictures.labels(), 1);
 * new VitTrainer(model, pictures, new TrainingOptions().epochs(10).rate(1e-4)).with(executor, 4)
 *         .checkpoint(Path.of("run.safetensors"), 60).train(progress -> true);
 * model.save(Path.of("mine"), DType.F16);
 * }</pre>
 *
 * <p>The result is the same, bit for bit, for every number of threads, and for a run that was stopped and resumed. The
 * memory is {@link #bytes}, taken before the first step. One thread at a time.
 */
public final class VitTrainer {

    private final VitParameters model;
    private final Parameters parameters;
    private final TrainingPictures pictures;
    private final TrainingOptions options;
    private final TrainingRun run;
    private final boolean patchLoss;
    private final float[] gradients;
    private final AdamW optimizer;
    private final Ema ema;
    private final PatchNaming patchNaming;

    /**
     * Makes a trainer.
     *
     * @param model    its values are what training begins with, and are changed
     * @param pictures as many classes as the model has
     * @throws IllegalArgumentException if model, pictures and options do not go together
     */
    public VitTrainer(VitParameters model, TrainingPictures pictures, TrainingOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        this.pictures = Objects.requireNonNull(pictures, "pictures");
        this.options = options.copy();
        parameters = model.parameters();
        VitConfig config = model.config();
        run = new TrainingRun(model, pictures, options, "train vit 1");
        if (pictures.labels().size() != config.classes()) {
            throw new IllegalArgumentException("pictures of " + pictures.labels().size()
                    + " classes for a model of " + config.classes());
        }
        patchLoss = options.patchLoss() > 0;
        if (patchLoss && options.augmentation().mixes()) {
            throw new IllegalArgumentException("the loss by patches does not go with mixup or cutmix");
        }
        gradients = parameters.zeros();
        optimizer = new AdamW(gradients.length, options.decayAll()
                ? List.of(new ParameterSlice(0, gradients.length, 1, options.weightDecay()))
                : ParameterSlice.of(parameters.all(), 1, options.weightDecay()), AdamW.BETA1, options.beta2(),
                AdamW.EPSILON);
        ema = options.ema() > 0 ? new Ema(parameters.values(), options.ema()) : null;
        int tokens = Network.tokens(config, parameters);
        patchNaming = patchLoss ? new PatchNaming(run.batch(), tokens, tokens - config.patches(), config.width(),
                config.classes(), options.weightDecay(), options.seed()) : null;
        TrainingCheckpoint state = run.state();
        state.part("", TrainingCheckpoint.values(parameters.values())).part("optimizer.", optimizer);
        if (ema != null) {
            state.part("ema.", ema);
        }
        if (patchLoss) {
            state.part("patches.", patchNaming);
        }
    }

    /** Uses the caller's thread and up to {@code threads - 1} of an executor's. */
    public VitTrainer with(Executor executor, int threads) {
        run.with(executor, threads);
        return this;
    }

    /**
     * Saves the run's state to a file, whole at every moment: after each epoch, when it is stopped, and whenever so
     * many seconds have passed.
     *
     * @throws InvalidInputException if the path cannot become a file
     */
    public VitTrainer checkpoint(Path file, double seconds) throws InvalidInputException {
        run.checkpoint(file, seconds);
        return this;
    }

    /**
     * Takes up a run where a checkpoint left it.
     *
     * @return how many steps are done
     * @throws InvalidInputException if the file is missing, damaged, or of another model or run, by the name of what
     *                               differs
     */
    public long resume(Path file) throws IOException {
        return run.resume(file);
    }

    /** Returns the steps of the whole run. */
    public long steps() {
        return run.steps();
    }

    /** Returns the bytes of all arrays of the run, but for scratch of some 400 rows. */
    public long bytes() {
        long arrays = (long) Float.BYTES * gradients.length * (ema == null ? 4 : 5);
        long input = (long) Float.BYTES * run.batch() * 3 * model.config().imageHeight() * model.config().imageWidth();
        return arrays + input + Network.bytes(model.config(), parameters, run.batch(), lastBlock());
    }

    /**
     * Trains to the end, or until the listener stops it. The model then has the trained values, or their moving average
     * where one is kept.
     *
     * @return whether it came to the end
     * @throws DivergedException if a loss or gradient is not finite
     * @throws IOException       if a picture cannot be read, or none can be used, or the checkpoint cannot be written
     */
    public boolean train(TrainingListener listener) throws IOException {
        Network network = new Network(model.config(), parameters, run.batch(), run.workers(), parameter -> true,
                Form.KEYS, 0f, lastBlock());
        float[] dLogits = new float[run.batch() * model.config().classes()];
        boolean ended = run.train((input, rate, step, means) -> step(network, input, dLogits, rate, step, means),
                patchLoss, listener);
        if (ema != null) {
            System.arraycopy(ema.values(), 0, parameters.values(), 0, gradients.length);
        }
        return ended;
    }

    /** The loss by patches reads all tokens. */
    private LastBlock lastBlock() {
        return patchLoss ? LastBlock.ALL : LastBlock.READ;
    }

    private void step(Network network, TrainingBatch input, float[] dLogits, double rate, long step,
            RunningMeans means) {
        int classes = model.config().classes();
        float[] logits = network.forward(input.pixels, input.count);
        double loss = 0;
        for (int image = 0; image < input.count; image++) {
            int at = image * classes;
            double own = CrossEntropy.row(classes, logits, at, input.targets, at, 1.0 / input.count, dLogits, at);
            if (!Double.isFinite(own)) {
                throw FirstNotFinite.of(model.config(), network, input, pictures, image, step + 1);
            }
            loss += own / input.count;
        }
        Arrays.fill(gradients, 0f);
        Map<String, Double> figures = Map.of();
        if (patchLoss) {
            double weight = options.patchLoss() * (1 - 0.8 * step / steps());
            double named = patchNaming.run(network.workers(), input.count, network.head().normed(), input.shares,
                    input.labels, weight);
            network.backwardToTokens(dLogits, patchNaming.dNormed(), gradients);
            network.workers().open();
            try {
                network.embedding().backward(network.gradient(), 0, gradients);
            } finally {
                network.workers().close();
            }
            figures = Map.of("patch_loss", named / weight);
        } else {
            network.backward(dLogits, gradients);
        }
        double norm = options.clip() > 0 ? GradientNorm.clip(gradients, options.clip()) : GradientNorm.of(gradients);
        if (!Double.isFinite(norm)) {
            throw FirstNotFinite.of(parameters, gradients, step + 1);
        }
        optimizer.step(parameters.values(), gradients, rate, network.workers());
        network.pack();
        if (patchLoss) {
            patchNaming.step(rate);
        }
        if (ema != null) {
            ema.update(parameters.values());
        }
        means.add(loss, TrainingRun.right(logits, input, classes), input.count, figures);
    }
}
