package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitParameters;

/**
 * Learns LTMP's thresholds for a share of the multiply-accumulates ({@link LtmpPass}); the model's weights stay as they
 * are. Plain SGD, thresholds kept from 0 to 1, as the authors do; the rates are for short runs, where theirs (5e-6 for
 * pruning, 5e-3 for merging, over 10,000 steps of 128 pictures) would not get anywhere.
 *
 * <pre>{@code
 * VitParameters model = VitParameters.read(Path.of("deit-tiny"));
 * LtmpTrainer trainer = new LtmpTrainer(model, TrainingFolder.of(folder), new LtmpPass.Settings(0.6),
 *         LtmpTrainer.options()).with(executor, 4);
 * trainer.train(progress -> true);
 * trainer.thresholds().save(Path.of("thresholds.safetensors"));
 * }</pre>
 *
 * <p>The same bits for every number of threads, and for a run that was stopped and resumed. One thread at a time.
 */
public final class LtmpTrainer {

    /** The learning rate of prune thresholds that short runs do well with. */
    public static final double PRUNE_RATE = 3e-5;
    /** The learning rate of merge thresholds that short runs do well with. */
    public static final double MERGE_RATE = 0.08;
    private static final float FIRST_MERGE = 0.9f;

    private final VitParameters model;
    private final TrainingPictures pictures;
    private final LtmpPass.Settings settings;
    private final TrainingRun run;
    private final int depth;
    private final float[] values;
    private final float[] gradients;
    private Sgd optimizer;

    /**
     * Makes a trainer.
     *
     * @param model    classifies by its class token, and can be trained
     * @param pictures of the model's classes
     * @param options  epochs, batch, warm-up, augmentation and seed; of the others none counts
     * @throws IllegalArgumentException if they do not go together
     */
    public LtmpTrainer(VitParameters model, TrainingPictures pictures, LtmpPass.Settings settings,
                       TrainingOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        this.pictures = Objects.requireNonNull(pictures, "pictures");
        this.settings = settings;
        MaskedTokens.check(model.config());
        depth = model.config().depth();
        values = new float[2 * depth];
        // With 1, merging would never be learnt beside pruning; alone it is.
        Arrays.fill(values, 0, depth, settings.prunes() ? FIRST_MERGE : 1f);
        gradients = new float[2 * depth];
        run = new TrainingRun(model, pictures, options.copy().rate(1), "train ltmp 1");
        run.state().setting("pass", settings).part("", TrainingCheckpoint.values(values));
    }

    /** Returns options to begin with: 10 epochs of batches of 8, crops and mirror images as the authors have them. */
    public static TrainingOptions options() {
        return new TrainingOptions().epochs(10).batch(8).warmUp(0)
                .augmentation(new Augmentation(0.35, 4 / 3.0, 0.5, 0.2, 0, 0, 0, 0.5, 0.1));
    }

    /**
     * Sets the learning rates, which half a cosine takes to 0; {@value #PRUNE_RATE} and {@value #MERGE_RATE} unless
     * set. Before {@link #resume}.
     *
     * @param prune of prune thresholds, 0 or more
     * @param merge of merge thresholds, 0 or more
     */
    public LtmpTrainer rates(double prune, double merge) {
        if (optimizer != null) {
            throw new IllegalStateException("the rates are set");
        }
        optimizer = new Sgd(values.length, List.of(new ParameterSlice(0, depth, merge, 0),
                new ParameterSlice(depth, depth, prune, 0)), 0, false);
        run.state().setting("rates", prune + " " + merge).part("optimizer.", optimizer);
        return this;
    }

    /** Uses the caller's thread and up to {@code threads - 1} of an executor's. */
    public LtmpTrainer with(Executor executor, int threads) {
        run.with(executor, threads);
        return this;
    }

    /**
     * Saves the run's state to a file, whole at every moment: after each epoch, when it is stopped, and whenever so
     * many seconds have passed.
     *
     * @throws InvalidInputException if the path cannot become a file
     */
    public LtmpTrainer checkpoint(Path file, double seconds) throws InvalidInputException {
        run.checkpoint(file, seconds);
        return this;
    }

    /**
     * Takes up a run where a checkpoint left it.
     *
     * @return how many steps are done
     * @throws InvalidInputException if the file is missing, damaged, or of another model or run
     */
    public long resume(Path file) throws IOException {
        ready();
        return run.resume(file);
    }

    private void ready() {
        if (optimizer == null) {
            rates(PRUNE_RATE, MERGE_RATE);
        }
    }

    /** Returns the steps of the whole run. */
    public long steps() {
        return run.steps();
    }

    /** Returns the bytes of the pass's arrays. */
    public long bytes() {
        return LtmpPass.bytes(model, run.batch());
    }

    /**
     * Learns to the end, or until the listener stops it. Progress has the figure {@code r_flops}; its rate is
     * the share of the {@link #rates}.
     *
     * @return whether it came to the end
     * @throws DivergedException if a loss or gradient is not finite
     * @throws IOException       if a picture cannot be read, or none can be used, or the checkpoint cannot be written
     */
    public boolean train(TrainingListener listener) throws IOException {
        ready();
        LtmpPass pass = new LtmpPass(model, run.batch(), settings, run.executor(), run.threads());
        return run.train((input, share, step, means) -> step(pass, input, share, step, means), false, listener);
    }

    private void step(LtmpPass pass, TrainingBatch input, double share, long step, RunningMeans means) {
        float[] merge = Arrays.copyOf(values, depth);
        float[] prune = Arrays.copyOfRange(values, depth, 2 * depth);
        double loss = pass.run(input.pixels, input.targets, input.count, merge, prune);
        int classes = model.config().classes();
        for (int image = 0; image < input.count; image++) {
            if (!FirstNotFinite.finite(pass.logits(), image * classes, classes)) {
                throw FirstNotFinite.of(model.config(), pass.network(), input, pictures, image, step + 1);
            }
        }
        double[] merging = pass.mergeGradient();
        double[] pruning = pass.pruneGradient();
        for (int l = 0; l < depth; l++) {
            gradients[l] = (float) merging[l];
            gradients[depth + l] = (float) pruning[l];
        }
        if (!FirstNotFinite.finite(gradients, 0, gradients.length)) {
            throw new DivergedException(step + 1, "", "the thresholds' gradients");
        }
        optimizer.step(values, gradients, share);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.max(0f, Math.min(1f, values[i]));
        }
        means.add(loss, TrainingRun.right(pass.logits(), input, classes), input.count,
                Map.of("r_flops", pass.flopsRatio()));
    }

    /** Returns the thresholds as they are now. */
    public LtmpThresholds thresholds() {
        return new LtmpThresholds(settings.merges() ? Arrays.copyOf(values, depth) : new float[0],
                settings.prunes() ? Arrays.copyOfRange(values, depth, 2 * depth) : new float[0]);
    }
}
