package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.reducers.DTps;
import leanvit.reducers.Schedule;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenPredictor;
import leanvit.vit.grad.GumbelDecision;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.SafeTensorsWriter;
import leanvit.vit.weights.VitParameters;

/**
 * Learns dTPS's predictors ({@link DTpsPass}), and where it is wanted the model with them at a rate of its own: AdamW,
 * cosine with warm-up, Gumbel noise by the seed and the step, distillation from the model as it was.
 *
 * <pre>{@code
 * DTpsTrainer trainer = new DTpsTrainer(model, TrainingFolder.of(folder),
 *         new Schedule.KeepOfInitial(List.of(0.7), Stages.AT_QUARTERS), new DTpsTrainer.Method(),
 *         DTpsTrainer.options());
 * trainer.with(executor, 4).train(progress -> true);
 * trainer.savePredictors(Path.of("predictors.safetensors"));    // dtps:keep=0.7,predictors=predictors.safetensors
 * }</pre>
 *
 * <p>The same bits for every number of threads, and for a run that was stopped and resumed. One thread at a time.
 */
public final class DTpsTrainer {

    private static final int NOISE = 4;
    private static final int FIRST = 6;

    private final VitParameters model;
    private final TrainingPictures pictures;
    private final Schedule.KeepOfInitial schedule;
    private final TrainingOptions options;
    private final TrainingRun run;
    private final Parameters predictors;
    private final AdamW predictorOptimizer;
    private final AdamW modelOptimizer;
    private final boolean distils;
    private final boolean squeezes;
    private final int stages;
    /** The model's values as they were; null where they stay so. */
    private final float[] firstValues;

    /**
     * What is learnt and how, beside {@link TrainingOptions}.
     *
     * @param squeezes     whether pruned patches go into their hosts; otherwise it is DynamicViT
     * @param distils      whether the model as it was teaches
     * @param backboneRate the share of the learning rate at which the model learns too; 0 for frozen weights
     */
    public record Method(boolean squeezes, boolean distils, double backboneRate) {

        /** Checks the rate. */
        public Method {
            if (!(backboneRate >= 0) || backboneRate > 1e6) {
                throw new IllegalArgumentException("rate of the backbone " + backboneRate + ", expected 0 or more");
            }
        }

        /** dTPS with frozen weights, distilled. */
        public Method() {
            this(true, true, 0);
        }
    }

    /**
     * Makes a trainer.
     *
     * @param model    classifies by its class token, and can be trained; its values change where it learns
     * @param pictures of the model's classes
     * @param schedule stages and the shares that they keep
     * @throws IllegalArgumentException if they do not go together
     */
    public DTpsTrainer(VitParameters model, TrainingPictures pictures, Schedule.KeepOfInitial schedule, Method method,
                       TrainingOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        this.pictures = Objects.requireNonNull(pictures, "pictures");
        this.schedule = schedule;
        this.options = options.copy();
        MaskedTokens.check(model.config());
        stages = schedule.stages().count();
        squeezes = method.squeezes();
        distils = method.distils();
        predictors = new Parameters(DTpsPass.predictorShapes(model.config().width(), stages));
        first(predictors, options.seed());
        predictorOptimizer = adamW(predictors, 1, options);
        modelOptimizer = method.backboneRate() > 0 ? adamW(model.parameters(), method.backboneRate(), options) : null;
        firstValues = modelOptimizer == null ? null : model.parameters().values().clone();
        run = new TrainingRun(model, pictures, options, "train dtps 1");
        run.state().setting("schedule", schedule.spec()).setting("method", method)
                .part("predictors.", TrainingCheckpoint.values(predictors.values()))
                .part("optimizer.", predictorOptimizer);
        if (modelOptimizer != null) {
            run.state().part("model.", TrainingCheckpoint.values(model.parameters().values()))
                    .part("model.optimizer.", modelOptimizer);
        }
    }

    /** Returns options to begin with: 20 epochs of batches of 8 at a rate of 1e-3, light augmentation. */
    public static TrainingOptions options() {
        return new TrainingOptions().epochs(20).batch(8).rate(1e-3).warmUp(1);
    }

    private static AdamW adamW(Parameters parameters, double share, TrainingOptions options) {
        return new AdamW(parameters.values().length,
                ParameterSlice.of(parameters.all(), share, options.weightDecay()), AdamW.BETA1,
                options.beta2(), AdamW.EPSILON);
    }

    /** Norms are the identity, biases 0, matrices as Glorot and Bengio (2010) have them. */
    private static void first(Parameters parameters, long seed) {
        for (Parameter parameter : parameters.all()) {
            float[] values = parameters.values();
            if (parameter.shape().length == 1) {
                Arrays.fill(values, parameter.offset(), parameter.end(),
                        parameter.name().endsWith("in_conv.0.weight") ? 1f : 0f);
                continue;
            }
            RandomStream random = RandomStream.of(seed, FIRST, parameter.offset());
            double range = Math.sqrt(6.0 / (parameter.shape()[0] + parameter.shape()[1]));
            for (int i = parameter.offset(); i < parameter.end(); i++) {
                values[i] = (float) random.between(-range, range);
            }
        }
    }

    /** Uses the caller's thread and up to {@code threads - 1} of an executor's. */
    public DTpsTrainer with(Executor executor, int threads) {
        run.with(executor, threads);
        return this;
    }

    /**
     * Saves the run's state to a file, whole at every moment: after each epoch, when it is stopped, and whenever so
     * many seconds have passed.
     *
     * @throws InvalidInputException if the path cannot become a file
     */
    public DTpsTrainer checkpoint(Path file, double seconds) throws InvalidInputException {
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
        return run.resume(file);
    }

    /** Returns the steps of the whole run. */
    public long steps() {
        return run.steps();
    }

    /** Returns the bytes of the pass's arrays, of gradients, moments and the teacher. */
    public long bytes() {
        long teacher = distils ? Network.bytes(model.config(), model.parameters(), run.batch(), LastBlock.ALL) : 0;
        long learning = 3L * Float.BYTES * (predictors.values().length
                + (modelOptimizer == null ? 0 : model.parameters().values().length));
        return DTpsPass.bytes(model, stages, distils, run.batch()) + learning + teacher;
    }

    /**
     * Learns to the end, or until the listener stops it. Progress has the figures {@code ratio_loss} and {@code kept},
     * the share that the last stage kept.
     *
     * @return whether it came to the end
     * @throws DivergedException if a loss or gradient is not finite
     * @throws IOException       if a picture cannot be read, or none can be used, or the checkpoint cannot be written
     */
    public boolean train(TrainingListener listener) throws IOException {
        int batch = run.batch();
        boolean learns = modelOptimizer != null;
        Network teacher = distils ? new Network(model.config(), original(), batch,
                run.workers(), p -> false, Form.KEYS, 0f, LastBlock.ALL) : null;
        DTpsPass pass = new DTpsPass(model, predictors, schedule, squeezes, p -> learns, distils, batch,
                run.executor(), run.threads());
        float[][] noise = new float[pass.stages()][2 * batch * model.config().patches()];
        return run.train((input, rate, step, means) -> step(pass, teacher, noise, input, rate, step, means), false,
                listener);
    }

    /** The model as it was: where it learns, a copy. */
    private Parameters original() {
        if (modelOptimizer == null) {
            return model.parameters();
        }
        Map<String, int[]> shapes = new LinkedHashMap<>();
        model.parameters().all().forEach(parameter -> shapes.put(parameter.name(), parameter.shape()));
        Parameters copy = new Parameters(shapes);
        System.arraycopy(firstValues, 0, copy.values(), 0, firstValues.length);
        return copy;
    }

    private void step(DTpsPass pass, Network teacher, float[][] noise, TrainingBatch input, double rate, long step,
            RunningMeans means) {
        for (int s = 0; s < noise.length; s++) {
            GumbelDecision.noise(RandomStream.of(options.seed(), NOISE, step, s)::nextDouble, noise[s], 0,
                    noise[s].length);
        }
        DTpsPass.Teacher taught = teacher == null ? null
                : new DTpsPass.Teacher(teacher.forward(input.pixels, input.count), teacher.head().normed());
        double loss = pass.run(input.pixels, input.targets, input.count, noise, taught);
        int classes = model.config().classes();
        for (int image = 0; image < input.count; image++) {
            if (!FirstNotFinite.finite(pass.logits(), image * classes, classes)) {
                throw FirstNotFinite.of(model.config(), pass.network(), input, pictures, image, step + 1);
            }
        }
        checkScores(pass, input, step);
        clip(predictors, pass.predictorGradients(), step);
        if (modelOptimizer != null) {
            clip(model.parameters(), pass.modelGradients(), step);
        }
        predictorOptimizer.step(predictors.values(), pass.predictorGradients(), rate);
        if (modelOptimizer != null) {
            modelOptimizer.step(model.parameters().values(), pass.modelGradients(), rate);
        }
        pass.pack();
        double kept = 0;
        float[] last = pass.decision(pass.stages() - 1);
        int patches = input.count * model.config().patches();
        for (int i = 0; i < patches; i++) {
            kept += last[i] / patches;
        }
        means.add(loss, TrainingRun.right(pass.logits(), input, classes), input.count,
                Map.of("ratio_loss", pass.ratioLoss(), "kept", kept));
    }

    /** A score that is no number decides that its patch goes, and may not show in the loss. */
    private void checkScores(DTpsPass pass, TrainingBatch input, long step) {
        int length = 2 * model.config().patches();
        for (int image = 0; image < input.count; image++) {
            for (int s = 0; s < pass.stages(); s++) {
                if (!FirstNotFinite.finite(pass.logProbabilities(s), image * length, length)) {
                    throw new DivergedException(step + 1, pictures.name(input.numbers[image]),
                            "the predictor of stage " + s);
                }
            }
        }
    }

    private void clip(Parameters learnt, float[] gradients, long step) {
        double norm = options.clip() > 0 ? GradientNorm.clip(gradients, options.clip()) : GradientNorm.of(gradients);
        if (!Double.isFinite(norm)) {
            throw FirstNotFinite.of(learnt, gradients, step + 1);
        }
    }

    /** Returns the reducer that has the predictors as they are now. */
    public DTps reducer() {
        Map<String, TensorFiles.Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : predictors.all()) {
            tensors.put(parameter.name(), new TensorFiles.Tensor(parameter.shape(),
                    Arrays.copyOfRange(predictors.values(), parameter.offset(), parameter.end())));
        }
        List<TokenPredictor> all = IntStream.range(0, stages)
                .mapToObj(s -> TokenPredictor.fromTensors(tensors, s, "predictors")).toList();
        DTps reducer = new DTps(schedule, all, "predictors");
        return squeezes ? reducer : reducer.withoutSqueeze();
    }

    /**
     * Writes the file that {@code dtps:predictors=FILE} reads, whole or not at all.
     *
     * @throws IOException if it cannot be written
     */
    public void savePredictors(Path file) throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        predictors.addTo(writer, "", predictors.values());
        writer.write(file);
    }
}
