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
 * @param target        the size before the crop where it is not the crop's by {@code cropFraction}, or null;
 *                      {@link Resize} says how each constant reads it
 * @param interpolation the resampling filter
 * @param crop          where the crop lies
 * @param rounding      what resized samples are rounded to
 * @param rescale       what samples of 0 to 255 are multiplied by first, 1 / 255.0 to scale them to 0..1
 * @param mean          subtracted after that, three values
 * @param std           divided by, three values
 */
public record Preprocessing(int height, int width, float cropFraction, Resize resize, Target target,
                            Interpolation interpolation, Crop crop, Rounding rounding, double rescale, float[] mean,
                            float[] std) {

    /** Resizes by the crop fraction, to bytes. */
    public Preprocessing(int height, int width, float cropFraction, Resize resize, Interpolation interpolation,
                         Crop crop, double rescale, float[] mean, float[] std) {
        this(height, width, cropFraction, resize, null, interpolation, crop, Rounding.BYTES, rescale, mean, std);
    }

    /** Crops as timm does, and scales samples to 0..1. */
    public Preprocessing(int height, int width, float cropFraction, Resize resize, Interpolation interpolation,
                         float[] mean, float[] std) {
        this(height, width, cropFraction, resize, interpolation, Crop.HALF_TO_EVEN, 1 / 255.0, mean, std);
    }

    /** Returns the same for an input of another size; a target grows in proportion. */
    public Preprocessing at(int height, int width) {
        Target scaled = target == null ? null
                : new Target(scale(target.height, height, this.height), scale(target.width, width, this.width));
        return new Preprocessing(height, width, cropFraction, resize, scaled, interpolation, crop, rounding, rescale,
                mean, std);
    }

    private static int scale(int side, int to, int from) {
        return Math.max(1, Math.toIntExact(Math.round((double) side * to / from)));
    }

    /**
     * Copies the arrays.
     *
     * @throws IllegalArgumentException if the resize needs a target and there is none
     */
    public Preprocessing {
        if (target == null && (resize == Resize.SHORT_SIDE_WITHIN || resize == Resize.WITHIN)) {
            throw new IllegalArgumentException("resize " + resize + " needs a target");
        }
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

    /**
     * A size before the crop.
     *
     * @param height rows, at least 1
     * @param width  columns, at least 1
     */
    public record Target(int height, int width) {

        /**
         * Checks the sides.
         *
         * @throws IllegalArgumentException if one is below 1
         */
        public Target {
            if (height < 1 || width < 1) {
                throw new IllegalArgumentException("a target has at least 1 x 1 pixels, not " + height + " x " + width);
            }
        }
    }

    /** What resized samples are rounded to, before they are rescaled and normalised. */
    public enum Rounding {
        /** Bytes, as PIL and most image processors do. */
        BYTES,
        /** Nothing: samples are resized as floats, as DINOv3's image processor does, which rescales first. */
        NONE
    }

    /** How a picture is brought to size. */
    public enum Resize {
        /**
         * Short side to {@code floor(size / cropFraction)}, or to the target's height; aspect kept, centre crop (timm,
         * torchvision).
         */
        SHORT_SIDE,
        /** Short side to the target's height, but the long one at most its width; aspect kept (transformers). */
        SHORT_SIDE_WITHIN,
        /** As large as the target holds, aspect kept (transformers' {@code max_height} and {@code max_width}). */
        WITHIN,
        /**
         * Both sides to {@code floor(size / cropFraction)}, or to the target; aspect lost, then the centre crop
         * (transformers, timm's squash).
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
