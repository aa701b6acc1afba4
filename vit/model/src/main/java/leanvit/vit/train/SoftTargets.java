package leanvit.vit.train;

import leanvit.kernels.CrossEntropy;

/**
 * What a classifier is taught: for each image a distribution over K classes, [B, K]; and the mean cross-entropy against
 * it. A label is one class, or with label smoothing s (Szegedy et al. 2016) {@code 1 - s} of it and {@code s / K} of
 * every class.
 */
public final class SoftTargets {

    private SoftTargets() {
    }

    /**
     * Returns labels as distributions.
     *
     * @param labels    B labels, each from 0 to K - 1
     * @param classes   K
     * @param smoothing from 0 to 1
     * @throws IllegalArgumentException naming the label that is no class
     */
    public static float[] of(int[] labels, int classes, double smoothing) {
        float[] targets = new float[Math.multiplyExact(labels.length, classes)];
        for (int image = 0; image < labels.length; image++) {
            if (labels[image] < 0 || labels[image] >= classes) {
                throw new IllegalArgumentException("label " + labels[image] + " of image " + image
                        + ", expected 0 to " + (classes - 1));
            }
            for (int c = 0; c < classes; c++) {
                double rest = smoothing / classes;
                targets[image * classes + c] = (float) (c == labels[image] ? 1 - smoothing + rest : rest);
            }
        }
        return targets;
    }

    /**
     * Returns the mean cross-entropy of a batch and writes the gradient of its logits.
     *
     * @param dLogits receives the gradient, [B, K]
     */
    static double loss(float[] logits, float[] targets, int images, int classes, float[] dLogits) {
        double sum = 0;
        for (int image = 0; image < images; image++) {
            sum += CrossEntropy.row(classes, logits, image * classes, targets, image * classes, 1.0 / images, dLogits,
                    image * classes);
        }
        return sum / images;
    }

    /** Refuses a batch that does not fit. */
    static void check(int images, int most, float[] pixels, long imageLength, float[] targets, int classes) {
        if (images < 1 || images > most || images * imageLength > pixels.length
                || (long) images * classes > targets.length) {
            throw new IllegalArgumentException("a batch of " + images + " images with " + pixels.length
                    + " pixel values and " + targets.length + " targets, expected 1 to " + most + " images of "
                    + imageLength + " values with " + classes + " targets each");
        }
    }
}
