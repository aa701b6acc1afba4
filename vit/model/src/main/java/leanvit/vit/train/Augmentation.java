package leanvit.vit.train;

/**
 * How training pictures are varied, in timm's terms. Immutable.
 *
 * @param scaleMin      random resized crop: the smallest share of the picture's area, above 0 to 1; 1 for no random
 *                      crop but the model's own resize and centre crop (timm: {@code --scale})
 * @param ratio         random resized crop: the widest aspect, 1 or more; the narrowest is its inverse
 *                      ({@code --ratio})
 * @param hflip         probability of a mirror image ({@code --hflip})
 * @param colorJitter   brightness, contrast and saturation change by factors of 1 ± this, in a random order; 0 to 1
 *                      ({@code --color-jitter})
 * @param erasing       probability that a rectangle is replaced by noise ({@code --reprob}; {@code pixel} mode)
 * @param mixup         alpha of the Beta distribution by which two pictures are blended, 0 for never ({@code --mixup})
 * @param cutmix        alpha by which a rectangle of one picture is set into another, 0 for never ({@code --cutmix})
 * @param mixSwitch     probability of cutmix where both are on ({@code --mixup-switch-prob})
 * @param smoothing     of labels, 0 to below 1 ({@code --smoothing})
 */
public record Augmentation(double scaleMin, double ratio, double hflip, double colorJitter, double erasing,
                           double mixup, double cutmix, double mixSwitch, double smoothing) {

    /** Nothing is varied. */
    public static final Augmentation NONE = new Augmentation(1, 1, 0, 0, 0, 0, 0, 0.5, 0);
    /** What suits a few thousand photographs: crops, mirror images, a little colour, smoothed labels. */
    public static final Augmentation LIGHT = new Augmentation(0.35, 4 / 3.0, 0.5, 0.2, 0, 0, 0, 0.5, 0.1);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Augmentation {
        check("scale", scaleMin > 0 && scaleMin <= 1, scaleMin);
        check("ratio", ratio >= 1 && ratio <= 10, ratio);
        check("hflip", hflip >= 0 && hflip <= 1, hflip);
        check("color jitter", colorJitter >= 0 && colorJitter <= 1, colorJitter);
        check("erasing", erasing >= 0 && erasing <= 1, erasing);
        check("mixup", mixup >= 0 && mixup <= 100, mixup);
        check("cutmix", cutmix >= 0 && cutmix <= 100, cutmix);
        check("mix switch", mixSwitch >= 0 && mixSwitch <= 1, mixSwitch);
        check("smoothing", smoothing >= 0 && smoothing < 1, smoothing);
    }

    private static void check(String name, boolean good, double value) {
        if (!good) {
            throw new IllegalArgumentException("augmentation: " + name + " cannot be " + value);
        }
    }

    /** Returns whether pictures of a batch are mixed. */
    boolean mixes() {
        return mixup > 0 || cutmix > 0;
    }
}
