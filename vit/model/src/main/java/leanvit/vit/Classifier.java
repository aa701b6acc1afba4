package leanvit.vit;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import leanvit.kernels.Provider;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.image.HeldPicture;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;

/**
 * Names what pictures show, and embeds them: a model, its preprocessing and its labels in one.
 *
 * <pre>{@code
 * Classifier classifier = Classifier.load(Path.of("deit-tiny"));
 * classifier.warmUp();
 * List<Prediction> top = classifier.classify(upload, 5);                       // byte[], stream, file, image
 * for (Outcome<Classification> each : classifier.run(pictures, 5)) { ... }     // batches; label and embedding
 * }</pre>
 *
 * <p>Immutable, and safe to share between any number of threads, virtual ones too: as many calls as {@link CallLimits}
 * allows run at once, each with scratch from a pool, the others wait their turn. A picture gets the same answer, bit
 * for bit, from any thread, in any batch and for any number of threads. No argument may be null, nothing that is
 * returned is.
 *
 * <p>Every call may end as a {@link RefusedException}: when its turn does not come, its time is up, its thread is
 * interrupted (looked at before each picture and each block; the thread stays interrupted) or the classifier is closed.
 * Then, and after any other exception, the next call finds all in order.
 *
 * <p>It owns no thread, and nothing that must be closed; {@link #close} lets go of scratch at once. Each batch is an
 * event of the JDK's Flight Recorder ({@code leanvit.Inference}), and so are loading and refusals.
 */
public final class Classifier implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Classifier.class.getName());

    private final LoadedModel loaded;
    private final CallManner manner;
    private final ScratchPool pool;
    /** Runners of this reducer and executor, in the pool that classifiers of others share. */
    private final Object kind;

    private Classifier(LoadedModel loaded, CallManner manner, ScratchPool pool, Object kind) {
        this.loaded = loaded;
        this.manner = manner;
        this.pool = pool;
        this.kind = kind;
    }

    /**
     * Loads a model's directory, as {@link Checkpoint} reads it. Logs at {@code INFO} what was loaded and which kernels
     * serve ({@link Provider}), and the checkpoint's warnings.
     *
     * @throws InvalidInputException if a file is missing or cannot be used
     * @throws IllegalStateException if {@code -Dleanvit.simd=required} cannot be followed
     * @throws IOException           if a file cannot be read
     */
    public static Classifier load(Path directory) throws IOException {
        long start = System.nanoTime();
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Classifier classifier = of(checkpoint);
            classifier.log(directory.toString(), System.nanoTime() - start);
            checkpoint.warnings().forEach(warning -> LOG.log(Level.WARNING, warning));
            return classifier;
        }
    }

    /** Says what was loaded from where. */
    void log(String source, long nanos) {
        LOG.log(Level.INFO, () -> "loaded " + loaded.name() + " (" + model().parameters() + " parameters) from "
                + source + " in " + nanos / 1_000_000 + " ms; " + Provider.describe());
    }

    /**
     * Takes the model of an open checkpoint, which may be closed afterwards.
     *
     * @throws IllegalStateException if {@code -Dleanvit.simd=required} cannot be followed
     * @throws IOException           if a tensor cannot be read
     */
    public static Classifier of(Checkpoint checkpoint) throws IOException {
        return of(checkpoint, checkpoint.preprocessing().height(), checkpoint.preprocessing().width());
    }

    /**
     * Takes the model of an open checkpoint for another image size than it was trained on, as
     * {@link VisionTransformer#of(VitConfig, leanvit.vit.weights.TensorSource, int, int)} does.
     *
     * @param height rows of the model's input, pixels; a multiple of the patch
     * @param width  columns of the model's input, pixels; a multiple of the patch
     * @throws IllegalArgumentException if a side is not a multiple of the patch
     * @throws IllegalStateException    if {@code -Dleanvit.simd=required} cannot be followed
     * @throws IOException              if a tensor cannot be read
     */
    public static Classifier of(Checkpoint checkpoint, int height, int width) throws IOException {
        Object event = Flight.beginLoad();
        Preprocessing preprocessing = checkpoint.preprocessing().at(height, width);
        VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint, height, width);
        Flight.endLoad(event, checkpoint.config().architecture(), model);
        CallLimits calls = CallLimits.usual();
        return new Classifier(new LoadedModel(model, preprocessing, new Preprocessor(preprocessing),
                checkpoint.labels(), checkpoint.sigmoid()),
                new CallManner(new None(), null, 1, PictureLimits.DEFAULT, calls, call -> { }), new ScratchPool(calls),
                new Object());
    }

    /**
     * Returns a classifier that shares this one's weights and scratch and reduces tokens.
     *
     * @throws IllegalArgumentException if the reducer does not fit the model; the message says why
     */
    public Classifier with(TokenReducer reducer) {
        return runningAs(manner.with(reducer));
    }

    /**
     * Returns a classifier that shares this one's weights and scratch and splits the work on a batch between the
     * caller's thread and {@code threads - 1} of the executor's, as {@link Inference#with(Executor, int)} does.
     *
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public Classifier with(Executor executor, int threads) {
        return runningAs(manner.with(executor, threads));
    }

    private Classifier runningAs(CallManner other) {
        Classifier classifier = new Classifier(loaded, other, pool, new Object());
        // Refuses what does not fit now, and not at the first picture.
        classifier.runner();
        return classifier;
    }

    /** Returns a classifier that shares this one's weights and has scratch and limits of its own. */
    public Classifier with(CallLimits limits) {
        return new Classifier(loaded, manner.with(limits), new ScratchPool(limits), kind);
    }

    /** Returns a classifier that shares this one's weights and scratch and takes other pictures. */
    public Classifier with(PictureLimits limits) {
        return new Classifier(loaded, manner.with(limits), pool, kind);
    }

    /** Returns a classifier that shares this one's weights and scratch and tells a listener of every batch. */
    public Classifier with(CallListener listener) {
        return new Classifier(loaded, manner.with(listener), pool, kind);
    }

    /** Returns the model. */
    public VisionTransformer model() {
        return loaded.model();
    }

    /** Returns how pictures become the model's input. */
    public Preprocessing preprocessing() {
        return loaded.preprocessing();
    }

    /** Returns the classes' names, or none where the model names none. */
    public List<String> labels() {
        return loaded.labels();
    }

    /** Returns the reducer. */
    public TokenReducer reducer() {
        return manner.reducer();
    }

    /** Returns how many calls run at once, and how long one may take. */
    public CallLimits callLimits() {
        return manner.calls();
    }

    /** Returns what a picture may be. */
    public PictureLimits pictureLimits() {
        return manner.pictures();
    }

    /**
     * Returns the likeliest classes of a JPEG or PNG file's bytes, likeliest first; of equal ones the lower index
     * first.
     *
     * @param file not changed, and not to be changed meanwhile
     * @param top  how many classes, at least 1; more than the model has are clamped
     * @throws InvalidInputException                if it is no sound picture, or beyond the {@link PictureLimits}
     * @throws leanvit.vit.io.NoRoomException   if the heap has no room for it now
     * @throws IllegalArgumentException             if {@code top} is below 1, or the model does not take the size
     * @throws IllegalStateException                if the model has no classifier
     * @throws RefusedException                     as the class says
     * @throws IOException                          if it cannot be read
     */
    public List<Prediction> classify(byte[] file, int top) throws IOException {
        return classify(Picture.of(file), top);
    }

    /** {@link #classify(byte[], int)} for the bytes between a buffer's position and limit, which stay. */
    public List<Prediction> classify(ByteBuffer file, int top) throws IOException {
        return classify(Picture.of(file), top);
    }

    /**
     * {@link #classify(byte[], int)} for what a stream holds, to its end; it is not closed, and no more is read of it
     * than the {@link PictureLimits} allow.
     */
    public List<Prediction> classify(InputStream file, int top) throws IOException {
        return classify(Picture.of(file), top);
    }

    /** {@link #classify(byte[], int)} for a file. */
    public List<Prediction> classify(Path picture, int top) throws IOException {
        return classify(Picture.of(picture), top);
    }

    /** {@link #classify(byte[], int)} for a picture in memory; alpha is dropped. */
    public List<Prediction> classify(BufferedImage picture, int top) {
        checkTop(top, 1);
        return decoded(Picture.of(picture), top).predictions();
    }

    /** {@link #classify(byte[], int)} for a picture in memory. */
    public List<Prediction> classify(RgbImage picture, int top) {
        checkTop(top, 1);
        return decoded(Picture.of(picture), top).predictions();
    }

    /** {@link #classify(byte[], int)} for a picture of any kind. */
    public List<Prediction> classify(Picture picture, int top) throws IOException {
        checkTop(top, 1);
        return run(picture, top).predictions();
    }

    /**
     * Returns the likeliest classes of many pictures, in their order: they go through the model in batches of
     * {@link CallLimits#batch}. A picture that cannot be decoded is that one's problem, and the others' answers are the
     * same as without it.
     *
     * @throws IllegalArgumentException if {@code top} is below 1
     * @throws IllegalStateException    if the model has no classifier
     * @throws RefusedException         for the whole call
     */
    public List<Outcome<List<Prediction>>> classify(List<Picture> pictures, int top) {
        checkTop(top, 1);
        return mapped(run(pictures, top), Classification::predictions);
    }

    /** {@link #run(Picture, int)} for a picture in memory. */
    public Classification run(RgbImage picture, int top) {
        return decoded(Picture.of(picture), top);
    }

    /**
     * Returns all that one pass says about a picture: the likeliest classes, the logits, the embedding, and how many
     * tokens and how much work it took.
     *
     * @param top how many classes, 0 or more; more than the model has are clamped. 0 for a model without a classifier
     * @throws IOException as {@link #classify(byte[], int)} throws it, and all else alike
     */
    public Classification run(Picture picture, int top) throws IOException {
        return run(List.of(picture), top).get(0).get();
    }

    /** {@link #run(Picture, int)} for many pictures, as {@link #classify(List, int)} takes them. */
    public List<Outcome<Classification>> run(List<Picture> pictures, int top) {
        checkTop(top, 0);
        long start = System.nanoTime();
        long deadline = start + CallLimits.nanos(manner.calls().time());
        int batch = manner.calls().batch();
        List<Outcome<Classification>> outcomes = new ArrayList<>(pictures.size());
        for (int from = 0; from < pictures.size(); from += batch) {
            outcomes.addAll(answer(pictures.subList(from, Math.min(from + batch, pictures.size())), picture -> top,
                    from == 0 ? start : System.nanoTime(), deadline, Runner.WANTED));
        }
        return Collections.unmodifiableList(outcomes);
    }

    /**
     * Returns how the model came to its answer: {@link #run(Picture, int)}, and what each block did to the tokens,
     * without their rows.
     *
     * @param top how many classes, at least 1
     * @throws IllegalStateException if the model has no classifier
     */
    public PictureTrace trace(RgbImage picture, int top) {
        try {
            return trace(Picture.of(picture), top);
        } catch (IOException e) {
            throw new IllegalStateException("a decoded picture was decoded again", e);
        }
    }

    /**
     * {@link #trace(RgbImage, int)} for a picture of any kind that has pixels.
     *
     * @throws IOException as {@link #classify(byte[], int)} throws it, and all else alike
     */
    public PictureTrace trace(Picture picture, int top) throws IOException {
        long start = System.nanoTime();
        return trace(picture, top, start, start + CallLimits.nanos(manner.calls().time()), Runner.WANTED);
    }

    /**
     * Returns a feature vector for every patch of what the model sees of a picture, as {@link Inference#dense} does.
     *
     * @throws IOException as {@link #classify(byte[], int)} throws it, and all else alike
     */
    public DenseFeatures dense(Picture picture) throws IOException {
        long start = System.nanoTime();
        Batch batch = new Batch(start);
        Picture read = picture.load(manner.pictures());
        List<Classification> answers = new ArrayList<>();
        long deadline = start + CallLimits.nanos(manner.calls().time());
        Outcome<DenseFeatures> outcome = lend(batch, deadline, Runner.WANTED, runner -> {
            float[] pixels = runner.pixels(1);
            try {
                batch.prepare(read, pixels, 0);
            } catch (IOException | IllegalArgumentException e) {
                batch.broken++;
                return Outcome.failed(e);
            }
            long begin = System.nanoTime();
            DenseFeatures features = runner.inference.dense(pixels, 1);
            batch.model = System.nanoTime() - begin;
            answers.add(classification(runner, new float[model().config().classes()], 0, 0));
            return Outcome.of(features);
        });
        batch.report(answers);
        return outcome.get();
    }

    /**
     * Returns the feature vector of a JPEG or PNG file's bytes, [C], as {@link Inference#features} gives it: pictures
     * that look alike to the model have vectors of small angle. (With {@link #run(Picture, int)} one pass gives the
     * label, too.)
     *
     * @throws IOException as {@link #classify(byte[], int)} throws it, and all else alike
     */
    public float[] embed(byte[] file) throws IOException {
        return embed(Picture.of(file));
    }

    /** {@link #embed(byte[])} for the bytes between a buffer's position and limit, which stay. */
    public float[] embed(ByteBuffer file) throws IOException {
        return embed(Picture.of(file));
    }

    /** {@link #embed(byte[])} for what a stream holds, as {@link #classify(InputStream, int)} reads it. */
    public float[] embed(InputStream file) throws IOException {
        return embed(Picture.of(file));
    }

    /** {@link #embed(byte[])} for a file. */
    public float[] embed(Path picture) throws IOException {
        return embed(Picture.of(picture));
    }

    /** {@link #embed(byte[])} for a picture in memory; alpha is dropped. */
    public float[] embed(BufferedImage picture) {
        return decoded(Picture.of(picture), 0).embedding();
    }

    /** {@link #embed(byte[])} for a picture in memory. */
    public float[] embed(RgbImage picture) {
        return decoded(Picture.of(picture), 0).embedding();
    }

    /** {@link #embed(byte[])} for a picture of any kind. */
    public float[] embed(Picture picture) throws IOException {
        return run(picture, 0).embedding();
    }

    /** {@link #embed(byte[])} for many pictures, as {@link #classify(List, int)} takes them. */
    public List<Outcome<float[]>> embed(List<Picture> pictures) {
        return mapped(run(pictures, 0), Classification::embedding);
    }

    /** {@link #warmUp(Duration)} for a minute at most. */
    public WarmUp warmUp() {
        return warmUp(Duration.ofMinutes(1));
    }

    /**
     * Brings decoder, resampler and kernels to their compiled state before traffic comes: runs made-up pictures one
     * after another until three rows of eight in turn are no faster than those before, or the time is up. What a
     * service says of its readiness may hang on it.
     *
     * @param longest when to stop at the latest; a picture under way is finished
     * @throws RefusedException if the thread is interrupted, or the classifier is closed or busy
     */
    public WarmUp warmUp(Duration longest) {
        return WarmingUp.run(this, longest);
    }

    /**
     * Lets go of idle scratch, and of that in use as calls end; further calls of this classifier and those that share
     * its scratch are refused as {@link RefusedException.Reason#CLOSED}. Calls under way come to their end. The weights
     * go with the last reference.
     */
    @Override
    public void close() {
        pool.close();
    }

    private static <T> List<Outcome<T>> mapped(List<Outcome<Classification>> outcomes,
            Function<Classification, T> part) {
        List<Outcome<T>> parts = new ArrayList<>(outcomes.size());
        outcomes.forEach(outcome -> parts.add(outcome.map(part)));
        return Collections.unmodifiableList(parts);
    }

    /** Runs a picture that needs no reading. */
    private Classification decoded(Picture picture, int top) {
        try {
            return run(picture, top);
        } catch (IOException e) {
            throw new IllegalStateException("a decoded picture was decoded again", e);
        }
    }

    /** Refuses a number of classes that cannot be. */
    void checkTop(int top, int least) {
        if (top < least) {
            throw new IllegalArgumentException("top is " + top + ", expected " + least + " or more");
        }
        if (top > 0 && model().config().classes() == 0) {
            throw new IllegalStateException("this model has no classifier; embed gives its feature vector");
        }
    }

    /** What the phases of one batch took, and what came of its pictures. */
    private final class Batch {

        private final Object event = Flight.beginInference();
        private final long arrived;
        private long waited;
        private long decode;
        private long resize;
        private long model;
        private int broken;

        Batch(long arrived) {
            this.arrived = arrived;
        }

        /** Writes a picture's input; returns what the model sees, or null where the picture is an input itself. */
        RgbImage prepare(Picture picture, float[] pixels, int offset) throws IOException {
            if (picture.isInput()) {
                picture.copyInput(loaded.preprocessor(), pixels, offset);
                return null;
            }
            long start = System.nanoTime();
            try (HeldPicture held = picture.decode(manner.pictures(), loaded.preprocessor())) {
                long decoded = System.nanoTime();
                decode += decoded - start;
                loaded.preprocessor().check(picture.name(), held);
                RgbImage input = loaded.preprocessor().apply(held, pixels, offset);
                resize += System.nanoTime() - decoded;
                return input;
            }
        }

        /** Tells of the batch those who want to know. */
        void report(List<Classification> answers) {
            int depth = model().shape().depth();
            long[] tokens = new long[depth + 1];
            tokens[0] = (long) answers.size() * model().shape().tokens();
            long macs = 0;
            for (Classification answer : answers) {
                macs += answer.macs();
                for (int layer = 0; layer < depth; layer++) {
                    tokens[layer + 1] += answer.tokens()[layer];
                }
            }
            CallReport report = new CallReport(loaded.name(), manner.reducer().spec(), answers.size(), broken, tokens,
                    macs, waited, decode, resize, model);
            Flight.endInference(event, report);
            manner.listener().answered(report);
        }
    }

    /**
     * Runs pictures as one batch.
     *
     * @param top       how many classes for which picture
     * @param arrived   when the first of them came, by {@link System#nanoTime}
     * @param deadline  until when they may take
     * @param abandoned whether nobody waits for them any more
     * @throws RefusedException if they cannot all run in time
     */
    List<Outcome<Classification>> answer(List<Picture> pictures, IntUnaryOperator top, long arrived, long deadline,
            BooleanSupplier abandoned) {
        Batch batch = new Batch(arrived);
        List<Outcome<Classification>> outcomes = new ArrayList<>(Collections.nCopies(pictures.size(), null));
        List<Picture> loadedPictures = new ArrayList<>(pictures);
        for (int i = 0; i < pictures.size(); i++) {
            try {
                loadedPictures.set(i, pictures.get(i).load(manner.pictures()));
            } catch (IOException e) {
                outcomes.set(i, Outcome.failed(e));
                batch.broken++;
            }
        }
        List<Classification> answers = new ArrayList<>();
        lend(batch, deadline, abandoned, runner -> {
            int length = loaded.preprocessor().inputLength();
            float[] pixels = runner.pixels(pictures.size());
            int sound = 0;
            for (int i = 0; i < pictures.size(); i++) {
                runner.check();
                if (outcomes.get(i) == null) {
                    try {
                        batch.prepare(loadedPictures.get(i), pixels, sound * length);
                        sound++;
                    } catch (IOException | IllegalArgumentException e) {
                        outcomes.set(i, Outcome.failed(e));
                        batch.broken++;
                    }
                    // Its bytes are not needed any more.
                    loadedPictures.set(i, null);
                }
            }
            long start = System.nanoTime();
            float[] logits = sound == 0 ? null : runner.inference.logits(pixels, sound);
            batch.model = System.nanoTime() - start;
            for (int i = 0; i < pictures.size(); i++) {
                if (outcomes.get(i) == null) {
                    Classification answer = classification(runner, logits, answers.size(), top.applyAsInt(i));
                    outcomes.set(i, Outcome.of(answer));
                    answers.add(answer);
                }
            }
            return null;
        });
        batch.report(answers);
        return outcomes;
    }

    /** Traces a picture, in the time that {@link #answer} would have. */
    PictureTrace trace(Picture picture, int top, long arrived, long deadline, BooleanSupplier abandoned)
            throws IOException {
        checkTop(top, 1);
        Batch batch = new Batch(arrived);
        Picture read = picture.load(manner.pictures());
        Outcome<PictureTrace> outcome = lend(batch, deadline, abandoned, runner -> {
            float[] pixels = runner.pixels(1);
            RgbImage input;
            try {
                input = batch.prepare(read, pixels, 0);
                if (input == null) {
                    throw new IllegalArgumentException("a model's input is no picture that could be shown");
                }
            } catch (IOException | IllegalArgumentException e) {
                batch.broken++;
                return Outcome.failed(e);
            }
            long start = System.nanoTime();
            List<BlockTrace> blocks = new ArrayList<>();
            float[] logits = runner.inference.trace(pixels, 1, blocks, false);
            batch.model = System.nanoTime() - start;
            return Outcome.of(new PictureTrace(input, classification(runner, logits, 0, top), List.copyOf(blocks)));
        });
        batch.report(outcome.isSound() ? List.of(outcome.value().classification()) : List.of());
        return outcome.get();
    }

    private Classification classification(Runner runner, float[] allLogits, int image, int top) {
        Inference inference = runner.inference;
        int classes = model().config().classes();
        float[] logits = Arrays.copyOfRange(allLogits, image * classes, (image + 1) * classes);
        int[] tokens = new int[model().shape().depth()];
        for (int layer = 0; layer < tokens.length; layer++) {
            tokens[layer] = inference.tokens(layer, image);
        }
        return new Classification(Predictions.of(logits, labels(), loaded.sigmoid(), Math.min(top, classes)), logits,
                inference.embedding(image), tokens, inference.macs(image));
    }

    /** Work with scratch. */
    private interface Work<T> {
        T with(Runner runner);
    }

    private <T> T lend(Batch batch, long deadline, BooleanSupplier abandoned, Work<T> work) {
        try {
            Runner runner = pool.take(kind, this::runner, CallLimits.nanos(manner.calls().patience()), deadline);
            try {
                batch.waited = System.nanoTime() - batch.arrived;
                runner.until(deadline, abandoned);
                return work.with(runner);
            } finally {
                runner.until(deadline, Runner.WANTED);
                pool.give(kind, runner);
            }
        } catch (RefusedException refusal) {
            refused(refusal);
            throw refusal;
        }
    }

    /** Tells of a refusal those who want to know. */
    void refused(RefusedException refusal) {
        Flight.refused(refusal);
        LOG.log(Level.DEBUG, () -> "refused: " + refusal.getMessage());
        manner.listener().refused(refusal);
    }

    private Runner runner() {
        return new Runner(model(), loaded.preprocessor(), manner.reducer(), manner.executor(), manner.threads());
    }

    /** Returns the scratch. */
    ScratchPool pool() {
        return pool;
    }
}
