package leanvit.vit.train;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import leanvit.kernels.ColumnSums;
import leanvit.kernels.CrossEntropy;
import leanvit.kernels.Gemm;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;
import leanvit.kernels.TransposedGemm;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * A second task beside the classes (token labelling, Jiang et al. 2021): a linear layer, thrown away afterwards, names
 * for each patch the class of the thing that covers it, or the background. Where masks are known a small model learns
 * from them several times as fast.
 *
 * <pre>
 *   n [B, N, C] normalised rows -> logits = n·Wᵀ + b [B, N, K + 1] -> weighted mean of cross-entropies over patches
 * </pre>
 */
final class PatchNaming implements TrainingState {

    /** A patch of which at least this share is covered is the thing's. */
    private static final float COVERED = 0.35f;
    /** Most patches show background. */
    private static final float BACKGROUND_WEIGHT = 0.3f;

    private final int width;
    private final int classes;
    private final int tokens;
    private final int prefix;
    private final float[] values;
    private final float[] gradients;
    private final Optimizer optimizer;
    private final PackedMatrix forward;
    private final PackedMatrix backward;
    private final float[] logits;
    private final float[] dLogits;
    private final float[] dNormed;
    private final double[] losses;
    private final float[][] parts;

    /**
     * Makes the layer.
     *
     * @param images  at most so many
     * @param tokens  N, of which the last are the patches
     * @param classes K
     */
    PatchNaming(int images, int tokens, int prefix, int width, int classes, double weightDecay, long seed) {
        this.width = width;
        this.classes = classes + 1;
        this.tokens = tokens;
        this.prefix = prefix;
        int matrix = this.classes * width;
        values = new float[matrix + this.classes];
        gradients = new float[values.length];
        RandomStream random = RandomStream.of(seed);
        double range = Math.sqrt(6.0 / (width + this.classes));
        for (int i = 0; i < matrix; i++) {
            values[i] = (float) random.between(-range, range);
        }
        optimizer = new AdamW(values.length, List.of(new ParameterSlice(0, matrix, 1, weightDecay),
                new ParameterSlice(matrix, this.classes, 1, 0)));
        forward = PackedMatrix.ofTransposed(values, 0, width, this.classes, width, new float[this.classes]);
        backward = PackedMatrix.of(values, 0, width, this.classes, width, null);
        pack();
        logits = new float[images * tokens * this.classes];
        dLogits = new float[logits.length];
        dNormed = new float[images * tokens * width];
        losses = new double[images];
        parts = new float[images][values.length];
    }

    private void pack() {
        forward.repackTransposed(values, 0, width);
        forward.packBias(0, classes, values, classes * width);
        backward.repack(values, 0, width);
    }

    /**
     * Computes the loss and its gradients.
     *
     * @param normed [B, N, C]
     * @param shares what share of each patch is covered, [B, N - P]
     * @param labels each picture's class
     * @param weight what the loss is multiplied by
     * @return the loss, times {@code weight}
     */
    double run(Workers workers, int images, float[] normed, float[] shares, int[] labels, double weight) {
        int patches = tokens - prefix;
        double mass = 0;
        for (int i = 0; i < images * patches; i++) {
            mass += shares[i] >= COVERED ? 1 : BACKGROUND_WEIGHT;
        }
        double factor = weight / mass;
        workers.open();
        try {
            workers.run(images, (worker, image) -> image(image, normed, shares, labels[image], factor));
        } finally {
            workers.close();
        }
        Arrays.fill(gradients, 0f);
        double loss = 0;
        for (int image = 0; image < images; image++) {
            loss += losses[image];
            for (int i = 0; i < gradients.length; i++) {
                gradients[i] += parts[image][i];
            }
        }
        return loss;
    }

    private void image(int image, float[] normed, float[] shares, int label, double factor) {
        int rows = image * tokens;
        int from = rows * width;
        Gemm.multiply(tokens, normed, from, width, forward, Epilogue.NONE, logits, rows * classes, classes);
        double sum = 0;
        for (int i = 0; i < tokens; i++) {
            int at = (rows + i) * classes;
            if (i < prefix) {
                Arrays.fill(dLogits, at, at + classes, 0f);
                continue;
            }
            boolean covered = shares[image * (tokens - prefix) + i - prefix] >= COVERED;
            double each = factor * (covered ? 1 : BACKGROUND_WEIGHT);
            sum += each * CrossEntropy.label(classes, logits, at, covered ? label : classes - 1, 0, each, dLogits, at);
        }
        losses[image] = sum;
        int at = rows * classes;
        Gemm.multiply(tokens, dLogits, at, classes, backward, Epilogue.NONE, dNormed, from, width);
        float[] part = parts[image];
        Arrays.fill(part, 0f);
        TransposedGemm.multiply(classes, tokens, width, dLogits, at, classes, normed, from, width, false, part, 0,
                width);
        ColumnSums.add(dLogits, at, classes, tokens, classes, part, classes * width);
    }

    /** Returns the gradient of the normalised rows, [B, N, C]. */
    float[] dNormed() {
        return dNormed;
    }

    /** Changes the layer by the last gradients. */
    void step(double rate) {
        optimizer.step(values, gradients, rate);
        pack();
    }

    @Override
    public void addTo(SafeTensorsWriter file, String prefix) {
        file.floats(prefix + "values", values, values.length);
        optimizer.addTo(file, prefix);
    }

    @Override
    public void readFrom(SafeTensors file, String prefix) throws IOException {
        StateTensors.read(file, prefix + "values", values);
        optimizer.readFrom(file, prefix);
        pack();
    }
}
