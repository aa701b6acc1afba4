package leanvit.vit.image;

/**
 * How a picture becomes a model's input: resize, centre crop, scale to 0..1, normalise per channel (R, G, B).
 *
 * @param height        rows of the input, pixels
 * @param width         columns of the input, pixels
 * @param cropFraction  the part of the resized picture that the centre crop keeps, 0 to 1 (timm's {@code crop_pct});
 *                      1 means no crop
 * @param resize        how the picture is brought to size
 * @param interpolation the resampling filter
 * @param mean          subtracted after scaling to 0..1, three values
 * @param std           divided by, three values
 */
public record Preprocessing(int height, int width, float cropFraction, Resize resize, Interpolation interpolation,
                            float[] mean, float[] std) {

    /** How a picture is brought to size. */
    public enum Resize {
        /** Short side to {@code floor(size / cropFraction)}, aspect kept, centre crop (timm, torchvision). */
        SHORT_SIDE,
        /** Both sides to {@code floor(size / cropFraction)}, aspect lost, then the centre crop (transformers, timm's squash). */
        SQUASH
    }

    /** Resampling filters, as PIL's antialiased ones. */
    public enum Interpolation { BILINEAR, BICUBIC }
}
