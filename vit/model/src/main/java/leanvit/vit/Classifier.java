package leanvit.vit;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.function.Function;
import leanvit.kernels.ArgSort;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;

/**
 * Names what pictures show: a model, its preprocessing and its labels in one.
 *
 * <pre>{@code
 * Classifier classifier = Classifier.load(Path.of("deit-tiny"));
 * List<Prediction> top = classifier.classify(Path.of("cat.jpg"), 5);
 * System.out.println(top.get(0).label());
 * }</pre>
 *
 * <p>Immutable, and safe to share between threads: each call takes a runner with its scratch from a pool, or makes one
 * where none is idle. As many are kept as there are processors. A picture gets the same answer, bit for
 * bit, from any thread and for any number of threads.
 */
public final class Classifier {

    /** More passes at once than processors gain nothing: beyond that many, scratch is left to the collector. */
    static final int MAX_IDLE = Math.max(1, Runtime.getRuntime().availableProcessors());

    private final VisionTransformer model;
    private final Preprocessing preprocessing;
    private final Preprocessor preprocessor;
    private final List<String> labels;
    private final TokenReducer reducer;
    private final Executor executor;
    private final int threads;
    private final boolean sigmoid;
    /** The last one given back is the first one taken, its scratch still in the caches; the number is bounded. */
    private final BlockingDeque<Runner> idle = new LinkedBlockingDeque<>(MAX_IDLE);

    private Classifier(VisionTransformer model, Preprocessing preprocessing, List<String> labels, TokenReducer reducer,
                       Executor executor, int threads, boolean sigmoid) {
        this.model = model;
        this.preprocessing = preprocessing;
        preprocessor = new Preprocessor(preprocessing);
        this.labels = labels;
        this.reducer = reducer;
        this.executor = executor;
        this.threads = threads;
        this.sigmoid = sigmoid;
        // Refuses what does not fit now, and not at the first picture.
        idle.add(new Runner());
    }

    /**
     * Loads a model's directory, as {@link Checkpoint} reads it, and logs its warnings.
     *
     * @throws InvalidInputException if a file is missing or cannot be used
     * @throws IOException           if a file cannot be read
     */
    public static Classifier load(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Classifier classifier = of(checkpoint);
            System.Logger log = System.getLogger(Classifier.class.getName());
            checkpoint.warnings().forEach(warning -> log.log(System.Logger.Level.WARNING, warning));
            return classifier;
        }
    }

    /**
     * Takes the model of an open checkpoint, which may be closed afterwards.
     *
     * @throws IOException if a tensor cannot be read
     */
    public static Classifier of(Checkpoint checkpoint) throws IOException {
        return of(checkpoint, checkpoint.config().imageHeight(), checkpoint.config().imageWidth());
    }

    /**
     * Takes the model of an open checkpoint for another image size than it was trained on, as
     * {@link VisionTransformer#of(VitConfig, leanvit.vit.weights.TensorSource, int, int)} does.
     *
     * @param height rows of the model's input, pixels; a multiple of the patch
     * @param width  columns of the model's input, pixels; a multiple of the patch
     * @throws IllegalArgumentException if a side is not a multiple of the patch
     * @throws IOException              if a tensor cannot be read
     */
    public static Classifier of(Checkpoint checkpoint, int height, int width) throws IOException {
        Preprocessing preprocessing = checkpoint.preprocessing().at(height, width);
        return new Classifier(VisionTransformer.of(checkpoint.config(), checkpoint, height, width), preprocessing,
                checkpoint.labels(), new None(), null, 1, checkpoint.sigmoid());
    }

    /**
     * Returns a classifier that shares this one's weights and reduces tokens.
     *
     * @throws IllegalArgumentException if the reducer does not fit the model; the message says why
     */
    public Classifier with(TokenReducer reducer) {
        return new Classifier(model, preprocessing, labels, Objects.requireNonNull(reducer, "reducer"), executor,
                threads,
                sigmoid);
    }

    /**
     * Returns a classifier that shares this one's weights and splits the work on a picture between the caller's thread
     * and {@code threads - 1} of the executor's, as {@link Inference#with(Executor, int)} does.
     */
    public Classifier with(Executor executor, int threads) {
        return new Classifier(model, preprocessing, labels, reducer, Objects.requireNonNull(executor, "executor"),
                threads,
                sigmoid);
    }

    /** Returns the model. */
    public VisionTransformer model() {
        return model;
    }

    /** Returns how pictures become the model's input. */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /** Returns the classes' names, or none where the model names none. */
    public List<String> labels() {
        return labels;
    }

    /** Returns the reducer. */
    public TokenReducer reducer() {
        return reducer;
    }

    /**
     * Returns the likeliest classes of a JPEG or PNG file, likeliest first; of equal ones the lower index first.
     *
     * @param top how many classes, at least 1; more than the model has are clamped
     * @throws InvalidInputException if the file is no sound picture
     * @throws IOException           if it cannot be read
     * @throws IllegalStateException if the model has no classifier
     */
    public List<Prediction> classify(Path picture, int top) throws IOException {
        return classify(Pictures.read(picture), top);
    }

    /** {@link #classify(Path, int)} for a picture in memory; alpha is dropped. */
    public List<Prediction> classify(BufferedImage picture, int top) {
        return classify(Pictures.of(picture), top);
    }

    /** {@link #classify(Path, int)} for a picture in memory. */
    public List<Prediction> classify(RgbImage picture, int top) {
        return run(picture, top).predictions();
    }

    /** {@link #classify(RgbImage, int)}, and how many tokens and how much work it took. */
    public Classification run(RgbImage picture, int top) {
        checkTop(top);
        return lend(runner -> {
            preprocessor.apply(picture, runner.pixels, 0);
            return runner.classification(runner.inference.logits(runner.pixels, 1), top);
        });
    }

    /** {@link #run}, and what each block did to the tokens; without their rows. */
    public PictureTrace trace(RgbImage picture, int top) {
        checkTop(top);
        return lend(runner -> {
            RgbImage input = preprocessor.apply(picture, runner.pixels, 0);
            List<BlockTrace> blocks = new ArrayList<>();
            float[] logits = runner.inference.trace(runner.pixels, 1, blocks, false);
            return new PictureTrace(input, runner.classification(logits, top), List.copyOf(blocks));
        });
    }

    /**
     * Returns the feature vector of a JPEG or PNG file, [C], as {@link Inference#features} gives it: pictures that look
     * alike to the model have vectors of small angle.
     *
     * @throws InvalidInputException if the file is no sound picture
     * @throws IOException           if it cannot be read
     */
    public float[] embed(Path picture) throws IOException {
        return embed(Pictures.read(picture));
    }

    /** {@link #embed(Path)} for a picture in memory; alpha is dropped. */
    public float[] embed(BufferedImage picture) {
        return embed(Pictures.of(picture));
    }

    /** {@link #embed(Path)} for a picture in memory. */
    public float[] embed(RgbImage picture) {
        return lend(runner -> {
            preprocessor.apply(picture, runner.pixels, 0);
            return runner.inference.features(runner.pixels, 1);
        });
    }

    private void checkTop(int top) {
        if (top < 1) {
            throw new IllegalArgumentException("top is " + top + ", expected 1 or more");
        }
        if (model.config().classes() == 0) {
            throw new IllegalStateException("this model has no classifier; embed gives its feature vector");
        }
    }

    private <T> T lend(Function<Runner, T> work) {
        Runner runner = idle.pollFirst();
        if (runner == null) {
            runner = new Runner();
        }
        try {
            return work.apply(runner);
        } finally {
            idle.offerFirst(runner);
        }
    }

    /** Returns how many runners wait with their scratch. */
    int idle() {
        return idle.size();
    }

    /** The scratch of one call. */
    private final class Runner {

        private final Inference inference;
        private final float[] pixels = new float[preprocessor.inputLength()];

        Runner() {
            Inference plain = model.inference();
            Inference reducing = reducer instanceof None ? plain : plain.with(reducer);
            inference = executor == null ? reducing : reducing.with(executor, threads);
        }

        Classification classification(float[] logits, int top) {
            int[] tokens = new int[model.shape().depth()];
            for (int layer = 0; layer < tokens.length; layer++) {
                tokens[layer] = inference.tokens(layer, 0);
            }
            return new Classification(predictions(logits, Math.min(top, logits.length)), tokens, inference.macs(0));
        }

        private List<Prediction> predictions(float[] logits, int top) {
            int[] order = new int[top];
            ArgSort.topK(logits, 0, logits.length, top, order, 0, new long[logits.length]);
            double largest = logits[order[0]];
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit - largest);
            }
            List<Prediction> predictions = new ArrayList<>(top);
            for (int index : order) {
                predictions.add(new Prediction(index, labels.isEmpty() ? "" : labels.get(index),
                        sigmoid ? 1 / (1 + Math.exp(-(double) logits[index]))
                                : Math.exp(logits[index] - largest) / sum));
            }
            return List.copyOf(predictions);
        }
    }
}
