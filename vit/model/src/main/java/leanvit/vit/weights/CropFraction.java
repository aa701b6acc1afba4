package leanvit.vit.weights;

/**
 * The crop fraction of a {@link leanvit.vit.image.Preprocessing} for a known size before the crop. The reader of a
 * fraction f takes {@code floor(size / d)}, d the shortest decimal that names f: 224 / 0.8 is 280, 224 / (double) 0.8f
 * is not.
 */
final class CropFraction {

    private CropFraction() {
    }

    /** Returns the fraction closest to {@code size / resized} that is read as {@code resized} again. */
    static float of(int size, int resized) {
        float fraction = (float) ((double) size / resized);
        while (Math.floor(size / Double.parseDouble(Float.toString(fraction))) < resized) {
            fraction = Math.nextDown(fraction);
        }
        return fraction;
    }
}
