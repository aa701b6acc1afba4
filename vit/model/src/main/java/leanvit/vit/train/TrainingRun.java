package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.VitParameters;

/** A run's loop: batches, steps, the state saved whole now and then and taken up again to the bit. */
final class TrainingRun {

    /** What a method does with a batch. */
    interface Step {

        /**
         * Learns from a batch.
         *
         * @param rate the step's learning rate
         * @param step steps done before this one
         */
        void run(TrainingBatch input, double rate, long step, RunningMeans means);
    }

    private final VitParameters model;
    private final TrainingPictures pictures;
    private final TrainingOptions options;
    private final TrainingCheckpoint state;
    private final CosineSchedule schedule;
    private final int batch;
    private final int stepsPerEpoch;
    private Executor executor;
    private int threads = 1;
    private Path checkpoint;
    private double checkpointSeconds;
    private long step;

    /**
     * Makes a run.
     *
     * @param options epochs, batch, rate, warm-up, augmentation and seed
     * @param kind    of {@link TrainingCheckpoint}; model, pictures and options become its settings
     */
    TrainingRun(VitParameters model, TrainingPictures pictures, TrainingOptions options, String kind) {
        if (pictures.size() < 1) {
            throw new IllegalArgumentException("no pictures to learn from");
        }
        model.requireTrainable();
        this.model = model;
        this.pictures = pictures;
        this.options = options.copy();
        batch = Math.min(options.batch(), pictures.size());
        stepsPerEpoch = (pictures.size() + batch - 1) / batch;
        long warmUp = Math.min(steps(), Math.round(options.warmUpEpochs() * stepsPerEpoch));
        schedule = new CosineSchedule(options.rate(), warmUp, steps());
        state = new TrainingCheckpoint(kind).setting("model", model.config())
                .setting("weights", TrainingCheckpoint.fingerprint(model.parameters().values()))
                .setting("pictures", TrainingBatch.fingerprint(pictures));
        this.options.settings().forEach(state::setting);
    }

    /** Returns the checkpoint, to which settings and parts are to be added. */
    TrainingCheckpoint state() {
        return state;
    }

    /** Returns the pictures of a step. */
    int batch() {
        return batch;
    }

    long steps() {
        return (long) options.epochs() * stepsPerEpoch;
    }

    Executor executor() {
        return executor;
    }

    int threads() {
        return threads;
    }

    /** Returns new workers on the threads of the run. */
    Workers workers() {
        return new Workers(executor, threads);
    }

    void with(Executor executor, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", expected 1 or more");
        }
        this.executor = executor;
        this.threads = threads;
    }

    void checkpoint(Path file, double seconds) throws InvalidInputException {
        WholeFile.check(file);
        checkpoint = file;
        checkpointSeconds = seconds;
    }

    long resume(Path file) throws IOException {
        step = state.resume(file);
        return step;
    }

    /**
     * Runs to the end, or until the listener stops it, and says which.
     *
     * @param masks whether batches have the pictures' masks
     */
    boolean train(Step learner, boolean masks, TrainingListener listener) throws IOException {
        Workers workers = workers();
        TrainingBatch input = new TrainingBatch(model, pictures, options, batch, masks, listener::skipped);
        RunningMeans means = new RunningMeans(steps(), step);
        long saved = System.nanoTime();
        boolean goOn = true;
        while (step < steps() && goOn) {
            int epoch = (int) (step / stepsPerEpoch);
            input.fill(epoch, (int) (step % stepsPerEpoch) * batch, batch, workers);
            double rate = schedule.rate(step);
            if (input.count > 0) {
                learner.run(input, rate, step, means);
            } else if (input.skipped() == pictures.size()) {
                throw new InvalidInputException(Path.of(pictures.name(0)), "this and all " + pictures.size()
                        + " pictures cannot be used");
            }
            step++;
            goOn = listener.step(means.progress(step, epoch, options.epochs(), rate, input.skipped()));
            boolean due = checkpointSeconds > 0 && System.nanoTime() - saved > checkpointSeconds * 1e9;
            if (checkpoint != null && (due || !goOn || step % stepsPerEpoch == 0)) {
                state.save(checkpoint, step);
                saved = System.nanoTime();
            }
        }
        return step == steps();
    }

    /** Counts the pictures whose likeliest class was the likeliest of their targets. */
    static int right(float[] logits, TrainingBatch input, int classes) {
        int right = 0;
        for (int image = 0; image < input.count; image++) {
            right += largest(logits, image * classes, classes) == largest(input.targets, image * classes, classes)
                    ? 1 : 0;
        }
        return right;
    }

    private static int largest(float[] values, int offset, int count) {
        int best = 0;
        for (int c = 1; c < count; c++) {
            best = values[offset + c] > values[offset + best] ? c : best;
        }
        return best;
    }
}
