package leanvit.vit.train;

import java.util.Objects;
import leanvit.vit.image.RgbImage;

/**
 * A picture to learn from. The arrays are held, not copied.
 *
 * @param picture of any size
 * @param label   its class, counted from 0
 * @param mask    where the thing is that the class names: 0 to 255 for each pixel, unsigned, row by row; null where
 *                nobody knows
 */
public record TrainingSample(RgbImage picture, int label, byte[] mask) {

    /** Checks the mask's length. */
    public TrainingSample {
        Objects.requireNonNull(picture, "picture");
        if (mask != null && mask.length != picture.width() * picture.height()) {
            throw new IllegalArgumentException("mask of " + mask.length + " values, expected one per pixel, "
                    + picture.width() * picture.height());
        }
    }

    /** A picture of which no more than its class is known. */
    public TrainingSample(RgbImage picture, int label) {
        this(picture, label, null);
    }
}
