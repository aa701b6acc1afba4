package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import leanvit.vit.Inference;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.io.InvalidInputException;

/**
 * Closes the gap between LTMP's training pass, where masks stand for removal, and inference, where tokens go: finds the
 * factor ({@link LtmpThresholds#times}) with which inference takes the wanted share of the unreduced model's
 * multiply-accumulates, by bisection over some pictures.
 */
public final class LtmpCalibration {

    private static final int BATCH = 16;
    /** Factors up to 64 and down to its inverse. */
    private static final double REACH = 6;
    private static final int ROUNDS = 18;

    private final Inference dense;
    private final float[] pixels;
    private final int count;
    private final int imageLength;

    /**
     * Reads pictures, unvaried.
     *
     * @param dense         a runner without a reducer
     * @param preprocessing the model's
     * @param pictures      at least one that can be used
     * @param most          at most so many of them, evenly spaced
     * @throws IOException if a picture cannot be read, or none can be used
     */
    public LtmpCalibration(Inference dense, Preprocessing preprocessing, TrainingPictures pictures, int most)
            throws IOException {
        this.dense = dense;
        Preprocessor preprocessor = new Preprocessor(preprocessing);
        imageLength = preprocessor.inputLength();
        int wanted = Math.min(most, pictures.size());
        pixels = new float[Math.multiplyExact(wanted, imageLength)];
        int read = 0;
        for (int i = 0; i < wanted; i++) {
            try {
                TrainingSample sample = pictures.sample(0, (int) ((long) i * pictures.size() / wanted));
                preprocessor.apply(sample.picture(), pixels, read * imageLength);
                read++;
            } catch (InvalidInputException e) {
                // Whoever trains was told of it.
            }
        }
        if (read == 0) {
            throw new InvalidInputException(Path.of(pictures.name(0)), "neither this nor any other picture can be "
                    + "used");
        }
        count = read;
    }

    /** Returns the share of the unreduced model's multiply-accumulates that inference takes with thresholds. */
    public double share(LtmpThresholds thresholds) {
        return macs(dense.with(thresholds.reducer())) / macs(dense);
    }

    private double macs(Inference run) {
        double sum = 0;
        float[] batch = new float[BATCH * imageLength];
        for (int first = 0; first < count; first += BATCH) {
            int images = Math.min(BATCH, count - first);
            System.arraycopy(pixels, first * imageLength, batch, 0, images * imageLength);
            run.logits(batch, images);
            for (int image = 0; image < images; image++) {
                sum += run.macs(image);
            }
        }
        return sum;
    }

    /**
     * Returns the thresholds times the factor that comes closest to a share, or themselves where none comes closer.
     *
     * @param target the share, above 0 and at most 1
     */
    public LtmpThresholds fit(LtmpThresholds thresholds, double target) {
        LtmpThresholds best = thresholds;
        double whole = macs(dense);
        double miss = Math.abs(macs(dense.with(thresholds.reducer())) / whole - target);
        double low = -REACH;
        double high = REACH;
        for (int round = 0; round < ROUNDS; round++) {
            double middle = (low + high) / 2;
            LtmpThresholds tried = thresholds.times(StrictMath.pow(2, middle));
            double share = macs(dense.with(tried.reducer())) / whole;
            if (Math.abs(share - target) < miss) {
                miss = Math.abs(share - target);
                best = tried;
            }
            if (share > target) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return best;
    }
}
