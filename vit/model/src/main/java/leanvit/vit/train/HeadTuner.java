package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import leanvit.kernels.CrossEntropy;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitParameters;

/**
 * Learns a model's classifier alone: every picture goes through the frozen backbone once, and a linear layer is fitted
 * to what its pooling gives (softmax regression, full batches of AdamW). Seconds for some hundred pictures. For any
 * model that inference runs, also one that cannot be trained as a whole; not for distilled ones, which have two
 * classifiers.
 *
 * <pre>{@code
 * TrainingFolder pictures = TrainingFolder.of(Path.of("flowers"));
 * VitParameters model = VitParameters.read(Path.of("deit-tiny")).withClasses(pictures.labels(), 1);
 * new HeadTuner(model, pictures).train(progress -> true);
 * model.save(Path.of("flowers-model"), DType.F16);
 * }</pre>
 *
 * <p>The same bits for every number of threads. One thread at a time.
 */
public final class HeadTuner {

    private static final int BATCH = 16;
    private static final int STEPS = 400;
    private static final double RATE = 0.02;
    private static final double WEIGHT_DECAY = 0.01;

    private final VitParameters model;
    private final TrainingPictures pictures;
    private Executor executor;
    private int threads = 1;

    /**
     * Makes a tuner.
     *
     * @param model    its classifier's values are changed
     * @param pictures as many classes as the model has
     * @throws IllegalArgumentException if they do not go together
     */
    public HeadTuner(VitParameters model, TrainingPictures pictures) {
        if (pictures.size() < 1) {
            throw new IllegalArgumentException("no pictures to learn from");
        }
        if (pictures.labels().size() != model.config().classes()) {
            throw new IllegalArgumentException("pictures of " + pictures.labels().size()
                    + " classes for a model of " + model.config().classes());
        }
        if (model.config().distilled()) {
            throw new IllegalArgumentException("a distilled model has two classifiers; train all of it instead");
        }
        this.model = model;
        this.pictures = pictures;
    }

    /** Uses the caller's thread and up to {@code threads - 1} of an executor's. */
    public HeadTuner with(Executor executor, int threads) {
        this.executor = executor;
        this.threads = threads;
        return this;
    }

    /**
     * Trains.
     *
     * @param listener is told of the embeddings' steps first, {@value #BATCH} pictures each
     * @return whether it came to the end; where the listener stopped it the classifier is as it was
     * @throws DivergedException if an embedding is not finite
     * @throws IOException       if a picture cannot be read, or none can be used
     */
    public boolean train(TrainingListener listener) throws IOException {
        int classes = model.config().classes();
        int width = model.parameters().get("head.weight").length() / classes;
        int batches = (pictures.size() + BATCH - 1) / BATCH;
        float[] features = new float[Math.multiplyExact(pictures.size(), width)];
        int[] labels = new int[pictures.size()];
        RunningMeans means = new RunningMeans(batches + STEPS, 0);
        int count = embed(listener, features, labels, means, batches);
        if (count < 0) {
            return false;
        }
        Parameters parameters = model.parameters();
        Parameter weight = parameters.get("head.weight");
        float[] values = new float[classes * width + classes];
        float scale = scale(features, count, width);
        AdamW optimizer = new AdamW(values.length, List.of(new ParameterSlice(0, classes * width, 1, WEIGHT_DECAY),
                new ParameterSlice(classes * width, classes, 1, 0)));
        CosineSchedule schedule = new CosineSchedule(RATE, 0, STEPS);
        float[] gradients = new float[values.length];
        float[] logits = new float[classes];
        float[] d = new float[classes];
        for (int step = 0; step < STEPS; step++) {
            Arrays.fill(gradients, 0f);
            double loss = 0;
            int right = 0;
            for (int i = 0; i < count; i++) {
                int best = logits(values, features, i * width, width, classes, logits);
                right += best == labels[i] ? 1 : 0;
                loss += CrossEntropy.label(classes, logits, 0, labels[i], 0, 1.0 / count, d, 0) / count;
                for (int c = 0; c < classes; c++) {
                    float g = d[c];
                    for (int k = 0; k < width; k++) {
                        gradients[c * width + k] += g * features[i * width + k];
                    }
                    gradients[classes * width + c] += g;
                }
            }
            optimizer.step(values, gradients, schedule.rate(step));
            means.mean(loss, right, count, Map.of());
            if (!listener.step(means.progress(batches + step + 1, 0, 1, schedule.rate(step),
                    pictures.size() - count))) {
                return false;
            }
        }
        write(values, scale, parameters, weight, width, classes);
        return true;
    }

    /** Returns how many pictures could be used; -1 where the listener stopped it. */
    private int embed(TrainingListener listener, float[] features, int[] labels, RunningMeans means, int batches)
            throws IOException {
        Inference plain = VisionTransformer.of(model.config(), model.parameters()).inference();
        Inference run = executor == null ? plain : plain.with(executor, threads);
        Preprocessor preprocessor = new Preprocessor(model.preprocessing());
        int length = preprocessor.inputLength();
        int width = features.length / pictures.size();
        float[] pixels = new float[BATCH * length];
        int count = 0;
        int skipped = 0;
        for (int batch = 0; batch < batches; batch++) {
            int filled = 0;
            for (int i = batch * BATCH; i < Math.min(pictures.size(), (batch + 1) * BATCH); i++) {
                try {
                    TrainingSample sample = pictures.sample(0, i);
                    preprocessor.apply(sample.picture(), pixels, filled * length);
                    labels[count + filled++] = sample.label();
                } catch (InvalidInputException e) {
                    skipped++;
                    listener.skipped(e.getMessage());
                }
            }
            float[] some = run.pooled(pixels, filled);
            System.arraycopy(some, 0, features, count * width, filled * width);
            for (int i = 0; i < filled * width; i++) {
                if (!Float.isFinite(some[i])) {
                    throw new DivergedException(batch + 1, "", "the backbone's embeddings");
                }
            }
            count += filled;
            means.saw(filled);
            if (!listener.step(means.progress(batch + 1, 0, 1, 0, skipped))) {
                return -1;
            }
        }
        if (count == 0) {
            throw new InvalidInputException(Path.of(pictures.name(0)), "this and all " + pictures.size()
                    + " pictures cannot be used");
        }
        return count;
    }

    /** Divides features by the root of their mean square, so that one rate suits all models; returns the factor. */
    private static float scale(float[] features, int count, int width) {
        double sum = 0;
        for (int i = 0; i < count * width; i++) {
            sum += (double) features[i] * features[i];
        }
        float factor = (float) (1 / Math.sqrt(Math.max(1e-30, sum / ((double) count * width))));
        for (int i = 0; i < count * width; i++) {
            features[i] *= factor;
        }
        return factor;
    }

    private static int logits(float[] values, float[] features, int at, int width, int classes, float[] logits) {
        int best = 0;
        for (int c = 0; c < classes; c++) {
            double sum = values[classes * width + c];
            for (int k = 0; k < width; k++) {
                sum += (double) values[c * width + k] * features[at + k];
            }
            logits[c] = (float) sum;
            best = logits[c] > logits[best] ? c : best;
        }
        return best;
    }

    private static void write(float[] values, float scale, Parameters parameters, Parameter weight, int width,
                              int classes) {
        for (int i = 0; i < classes * width; i++) {
            parameters.values()[weight.offset() + i] = values[i] * scale;
        }
        if (parameters.has("head.bias")) {
            System.arraycopy(values, classes * width, parameters.values(), parameters.get("head.bias").offset(),
                    classes);
        }
    }
}
