package leanvit.vit.train;

import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import leanvit.kernels.CrossEntropy;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * The mean cross-entropy of a batch of images and its gradient by every parameter that learns. All memory is taken when
 * an instance is made, {@link #bytes} of it; passes allocate next to nothing. Not thread-safe.
 *
 * <p>Gradients have the same bits for every number of threads. What part of a model learns decides what is computed:
 * with its classifier alone, a pass costs hardly more than inference.
 */
public final class BatchGradients {

    private final VitParameters model;
    private final int images;
    private final Predicate<Parameter> learns;
    private final Workers workers;
    private final Network network;
    private final float[] dLogits;
    private float[] logits = {};

    /**
     * Makes room for a batch; all parameters learn, on the caller's thread.
     *
     * @param images at most so many in a batch, 1 or more
     * @throws IllegalArgumentException if the model has no classifier, or a part that cannot be trained
     */
    public BatchGradients(VitParameters model, int images) {
        this(model, images, parameter -> true, new Workers());
    }

    private BatchGradients(VitParameters model, int images, Predicate<Parameter> learns, Workers workers) {
        if (images < 1) {
            throw new IllegalArgumentException("images is " + images + ", expected 1 or more");
        }
        if (model.config().classes() == 0) {
            throw new IllegalArgumentException(model.config().architecture() + " has no classifier");
        }
        this.model = model;
        this.images = images;
        this.learns = learns;
        this.workers = workers;
        network = new Network(model.config(), model.parameters(), images, workers, learns);
        dLogits = new float[images * model.config().classes()];
    }

    /** Returns another where only those parameters learn that {@code learns} takes. */
    public BatchGradients learning(Predicate<Parameter> learns) {
        return new BatchGradients(model, images, Objects.requireNonNull(learns, "learns"), workers.another());
    }

    /** Returns another that splits each pass between the caller's thread and {@code threads - 1} of the executor's. */
    public BatchGradients with(Executor executor, int threads) {
        return new BatchGradients(model, images, learns,
                new Workers(Objects.requireNonNull(executor, "executor"), threads));
    }

    /** Returns the bytes that an instance takes, beside the parameters and an array of gradients. */
    public static long bytes(VitParameters model, int images) {
        return Network.bytes(model.config(), model.parameters(), images, LastBlock.READ);
    }

    /** Says that the parameters' values have changed: after every step of an optimiser. */
    public void valuesChanged() {
        network.pack();
    }

    /**
     * Computes the loss of a batch against labels, and adds its gradient.
     *
     * @param pixels    [images, 3, height, width], normalised
     * @param labels    an image's class each, 0 to K - 1
     * @param smoothing label smoothing, 0 to 1: so much of the target is spread over all classes
     * @param gradients an array of the parameters' layout, to which the gradient is added; that of parameters that do
     *                  not learn may be left out
     * @return the mean cross-entropy
     */
    public double add(float[] pixels, int[] labels, float smoothing, float[] gradients) {
        int classes = model.config().classes();
        for (int label : labels) {
            Objects.checkIndex(label, classes);
        }
        forward(pixels, labels.length, gradients);
        double loss = 0;
        for (int image = 0; image < labels.length; image++) {
            loss += CrossEntropy.label(classes, logits, image * classes, labels[image], smoothing, 1.0 / labels.length,
                    dLogits, image * classes);
        }
        network.backward(dLogits, gradients);
        return loss / labels.length;
    }

    /**
     * Computes the loss of a batch against distributions over the classes, such as those of mixup, and adds its
     * gradient.
     *
     * @param targets [images, K]
     * @return the mean cross-entropy
     */
    public double add(float[] pixels, float[] targets, float[] gradients) {
        int classes = model.config().classes();
        int count = targets.length / classes;
        if (targets.length % classes != 0) {
            throw new IllegalArgumentException("targets has " + targets.length + " values, expected rows of "
                    + classes);
        }
        forward(pixels, count, gradients);
        double loss = 0;
        for (int image = 0; image < count; image++) {
            loss += CrossEntropy.row(classes, logits, image * classes, targets, image * classes, 1.0 / count, dLogits,
                    image * classes);
        }
        network.backward(dLogits, gradients);
        return loss / count;
    }

    /** Returns the logits of the last batch, [images, K]; a copy. */
    public float[] logits() {
        return logits.clone();
    }

    private void forward(float[] pixels, int count, float[] gradients) {
        if (gradients.length != model.parameters().values().length) {
            throw new IllegalArgumentException("gradients has " + gradients.length + " values, expected "
                    + model.parameters().values().length);
        }
        VitConfig config = model.config();
        logits = Arrays.copyOf(network.forward(pixels, count), count * config.classes());
    }
}
