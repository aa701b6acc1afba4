package leanvit.vit.image;

/**
 * How a picture becomes a model's input: resize, centre crop, scale to 0..1, normalise per channel (R, G, B).
 * Immutable: arrays are copied on their way in and out.
 *
 * @param height        rows of the input, pixels
 * @param width         columns of the input, pixels
 * @param cropFraction  the part of the resized picture that the centre crop keeps (timm's {@code crop_pct}): 1 means
 *                      no crop; above 1 the picture is smaller than the crop, which is filled up around it
 * @param resize        how the picture is brought to size
 * @param interpolation the resampling filter
 * @param crop          where the crop lies
 * @param rescale       what samples of 0 to 255 are multiplied by first, 1 / 255.0 to scale them to 0..1
 * @param mean          subtracted after that, three values
 * @param std           divided by, three values
 */
public record Preprocessing(int height, int width, float cropFraction, Resize resize, Interpolation interpolation,
                            Crop crop, double rescale, float[] mean, float[] std) {

    /** Crops as timm does, and scales samples to 0..1. */
    public Preprocessing(int height, int width, float cropFraction, Resize resize, Interpolation interpolation,
                         float[] mean, float[] std) {
        this(height, width, cropFraction, resize, interpolation, Crop.HALF_TO_EVEN, 1 / 255.0, mean, std);
    }

    /** Returns the same for an input of another size. */
    public Preprocessing at(int height, int width) {
        return new Preprocessing(height, width, cropFraction, resize, interpolation, crop, rescale, mean, std);
    }

    /** Copies the arrays. */
    public Preprocessing {
        mean = mean.clone();
        std = std.clone();
    }

    /** Returns a copy of the means, three values. */
    @Override
    public float[] mean() {
        return mean.clone();
    }

    /** Returns a copy of the standard deviations, three values. */
    @Override
    public float[] std() {
        return std.clone();
    }

    /** How a picture is brought to size. */
    public enum Resize {
        /** Short side to {@code floor(size / cropFraction)}, aspect kept, centre crop (timm, torchvision). */
        SHORT_SIDE,
        /**
         * Both sides to {@code floor(size / cropFraction)}, aspect lost, then the centre crop (transformers, timm's
         * squash).
         */
        SQUASH,
        /**
         * Long side to {@code floor(size / cropFraction)}, aspect kept, the rest filled with {@code mean} (timm's
         * border).
         */
        LONG_SIDE,
        /** The picture as it is. */
        NONE
    }

    /** Where the crop lies in a picture that is longer than it. */
    public enum Crop {
        /** At half the margin, a half rounded to even (timm, torchvision). */
        HALF_TO_EVEN,
        /** At half the margin, rounded down (transformers). */
        DOWN,
        /** There is no crop: a picture that has not the input's size after the resize is refused. */
        NONE
    }

    /** Resampling filters, as PIL's: all but the nearest neighbour are widened when shrinking. */
    public enum Interpolation { NEAREST, BOX, BILINEAR, HAMMING, BICUBIC, LANCZOS }
}
