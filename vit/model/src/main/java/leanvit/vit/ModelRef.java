package leanvit.vit;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import leanvit.reducers.None;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.ReducerFiles;

/**
 * Says which model and which reducer, in a few bytes that can be sent to other JVMs: frameworks such as Spark serialize
 * this, and each JVM that gets it loads the model once.
 *
 * <pre>{@code
 * ModelRef ref = ModelRef.of("/models/deit-tiny").withReducer("tome:r=13");
 * pictures.mapPartitions(rows -> { Classifier classifier = ref.get(); ... });
 * }</pre>
 *
 * @param model       the model's directory, or what else {@link Checkpoint#open} takes; where this is used, not where
 *                    it was made
 * @param reducer     the reducer's SPEC; files that it names are looked for in the current directory
 * @param imageHeight rows of the model's input, pixels; 0 for those that it was trained on
 * @param imageWidth  columns of the model's input, pixels; 0 for those that it was trained on
 */
public record ModelRef(String model, String reducer, int imageHeight, int imageWidth) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** What is loaded, or being loaded: one per model and size. */
    private static final Map<ModelRef, Loading> LOADED = new ConcurrentHashMap<>();

    /** A model and the classifiers of its reducers. */
    private static final class Loading {

        /** Null until it is loaded; guarded by this. */
        private Classifier dense;
        private final Map<String, Classifier> byReducer = new ConcurrentHashMap<>();
    }

    /**
     * Checks that nothing is missing; whether there are such a model and such a reducer {@link #get} says.
     *
     * @throws NullPointerException     if a text is null
     * @throws IllegalArgumentException if a side is negative, or one of them is 0
     */
    public ModelRef {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(reducer, "reducer");
        if (imageHeight < 0 || imageWidth < 0 || (imageHeight == 0) != (imageWidth == 0)) {
            throw new IllegalArgumentException("image of " + imageHeight + " x " + imageWidth
                    + " pixels, expected two sides above 0, or two of 0");
        }
    }

    /** Returns a reference to a model without a reducer, at the size that it was trained on. */
    public static ModelRef of(String model) {
        return new ModelRef(model, "none", 0, 0);
    }

    /** Returns the same with a reducer, given by its SPEC. */
    public ModelRef withReducer(String spec) {
        return new ModelRef(model, spec, imageHeight, imageWidth);
    }

    /** Returns the same for another image size. */
    public ModelRef withImageSize(int height, int width) {
        return new ModelRef(model, reducer, height, width);
    }

    /**
     * Returns the classifier, which is loaded at the first call in this JVM and the same ever after, for any number of
     * threads: it is shared, and not to be closed. References that differ in the reducer alone share weights and
     * scratch. What fails is tried again by the next call.
     *
     * @throws InvalidInputException    if a file is missing or cannot be used
     * @throws IllegalArgumentException if the SPEC cannot be, or the reducer or the size does not fit the model
     * @throws IllegalStateException    if {@code -Dleanvit.simd=required} cannot be followed
     * @throws IOException              if a file cannot be read
     */
    public Classifier get() throws IOException {
        Loading loading = LOADED.computeIfAbsent(withReducer("none"), key -> new Loading());
        synchronized (loading) {
            if (loading.dense == null) {
                loading.dense = load();
            }
            Classifier classifier = loading.byReducer.get(reducer);
            if (classifier == null) {
                TokenReducer parsed = Reducers.parse(reducer, ReducerFiles.from(Path.of("")));
                classifier = parsed instanceof None ? loading.dense : loading.dense.with(parsed);
                loading.byReducer.put(reducer, classifier);
            }
            return classifier;
        }
    }

    private Classifier load() throws IOException {
        long start = System.nanoTime();
        Path directory = Path.of(model);
        if (imageHeight == 0) {
            return Classifier.load(directory);
        }
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Classifier classifier = Classifier.of(checkpoint, imageHeight, imageWidth);
            classifier.log(model, System.nanoTime() - start);
            return classifier;
        }
    }
}
