package leanvit.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import leanvit.reducers.InvalidSpecException;
import leanvit.reducers.Reducers;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Classifier;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.RandomWeights;

/** Makes what {@code --model}, {@code --arch}, {@code --reducer} and {@code --threads} ask for. */
final class Models {

    private static final long SEED = 1;

    private Models() {
    }

    /** Opens the model of {@code --model}, or the demo model. */
    static Checkpoint open(Options options) throws IOException, UsageException {
        Path directory = options.path("--model");
        return directory == null ? DemoModel.open() : Checkpoint.open(directory);
    }

    /** Returns what an answer calls the model of {@code --model}: its architecture. */
    static String name(Checkpoint checkpoint) {
        return checkpoint.config().architecture();
    }

    /**
     * Loads the model of {@code --model} with the threads of {@code --threads} and, where it is given, for pictures of
     * {@code --image-size}; says what is odd about its weights.
     */
    static Classifier classifier(Options options, Terminal terminal) throws IOException, UsageException {
        try (Checkpoint checkpoint = open(options)) {
            requireClassifier(checkpoint);
            int side = options.has("--image-size") ? options.whole("--image-size") : 0;
            if (side % checkpoint.config().patch() != 0) {
                throw new IllegalArgumentException("--image-size " + side
                        + ": expected a multiple of the model's patch, " + checkpoint.config().patch());
            }
            Classifier classifier = side == 0 ? Classifier.of(checkpoint) : Classifier.of(checkpoint, side, side);
            warn(checkpoint, terminal);
            int threads = options.whole("--threads");
            return threads == 1 ? classifier : classifier.with(executor(threads), threads);
        }
    }

    /** Loads the model of {@code --model}, or makes that of {@code --arch}; says what is odd about its weights. */
    static VisionTransformer transformer(Options options, Terminal terminal) throws IOException, UsageException {
        if (!options.has("--arch")) {
            try (Checkpoint checkpoint = open(options)) {
                VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
                warn(checkpoint, terminal);
                return model;
            }
        }
        if (options.has("--model")) {
            throw new UsageException("--model and --arch: give one of them");
        }
        RandomWeights weights;
        try {
            weights = RandomWeights.of(options.text("--arch"), SEED);
        } catch (InvalidInputException e) {
            throw new UsageException(e.getMessage());
        }
        return VisionTransformer.of(weights.config(), weights);
    }

    /** Gives a runner the threads of {@code --threads}. */
    static Inference withThreads(Inference inference, Options options) {
        int threads = options.whole("--threads");
        return threads == 1 ? inference : inference.with(executor(threads), threads);
    }

    /** Says which of the weights read so far are NaN or infinite. */
    static void warn(Checkpoint checkpoint, Terminal terminal) {
        checkpoint.warnings().forEach(terminal::warning);
    }

    /** Makes {@code threads - 1} threads that do not keep the JVM alive; the caller's is one more. */
    static Executor executor(int threads) {
        return threads == 1 ? Runnable::run : Executors.newFixedThreadPool(threads - 1, work -> {
            Thread thread = new Thread(work, "leanvit");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Makes the reducer of {@code --reducer}; says which registered methods cannot be used. */
    static TokenReducer reducer(Options options, Terminal terminal) throws IOException, UsageException {
        return reducer(options.text("--reducer"), terminal);
    }

    /** Makes the reducer of a text that {@code --reducer} has. */
    static TokenReducer reducer(String spec, Terminal terminal) throws IOException, UsageException {
        TokenReducer reducer = parsed("--reducer", files -> Reducers.parse(spec, files));
        Reducers.problems().forEach(terminal::warning);
        return reducer;
    }

    /**
     * Makes the reducers of {@code --reducers}, none where it was not given; says which registered methods cannot be
     * used.
     */
    static List<TokenReducer> reducers(Options options, Terminal terminal) throws IOException, UsageException {
        List<TokenReducer> reducers = options.has("--reducers")
                ? parsed("--reducers", files -> Reducers.parseAll(options.text("--reducers"), files)) : List.of();
        Reducers.problems().forEach(terminal::warning);
        return reducers;
    }

    /** Refuses a model that names no classes. */
    static void requireClassifier(Checkpoint checkpoint) {
        if (checkpoint.config().classes() == 0) {
            throw new IllegalArgumentException("model " + name(checkpoint) + " has no classifier, so that it names no "
                    + "classes; run, embed, bench, info and compare --embeddings take it");
        }
    }

    /** Reads SPECs, and the files that they name. */
    private interface Reading<T> {
        T with(TensorFiles files) throws IOException;
    }

    /** What is wrong before any file was read is the command line's fault; the message then names the option. */
    private static <T> T parsed(String option, Reading<T> reading) throws IOException, UsageException {
        AtomicBoolean fileRead = new AtomicBoolean();
        try {
            return reading.with(path -> {
                Map<String, TensorFiles.Tensor> tensors = DemoModel.files().read(path);
                fileRead.set(true);
                return tensors;
            });
        } catch (InvalidSpecException e) {
            if (fileRead.get()) {
                throw e;
            }
            throw new UsageException(option + ": " + e.getMessage());
        }
    }
}
