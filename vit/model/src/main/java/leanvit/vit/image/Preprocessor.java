package leanvit.vit.image;

import java.util.Objects;

/**
 * Makes a model's input from a picture: resize, centre crop, scale to 0..1, normalise.
 *
 * <p>With size h x w of the input, crop fraction f, and picture P x Q (rows x columns), the picture is resized to
 * <ul>
 * <li>{@link Preprocessing.Resize#SHORT_SIDE}, h = w: short side S = floor(h / f), long side int(S * long / short), as
 * torchvision's {@code Resize(S)};</li>
 * <li>{@code SHORT_SIDE}, floor(h / f) not equal to floor(w / f): both sides divided by
 * min(P / floor(h / f), Q / floor(w / f)) and rounded half to even, as timm's {@code ResizeKeepRatio};</li>
 * <li>{@link Preprocessing.Resize#LONG_SIDE}: the same with the larger of the two quotients;</li>
 * <li>{@link Preprocessing.Resize#NONE}: P x Q;</li>
 * <li>{@link Preprocessing.Resize#SQUASH}: floor(h / f) x floor(w / f);</li>
 * </ul>
 * and its centre is cut out, at an offset of (length - size) / 2, rounded as {@link Preprocessing.Crop} says;
 * what the picture does not cover is black ({@code LONG_SIDE}: the mean colour). Sample v of channel c becomes
 * {@code (v * rescale - mean[c]) / std[c]} in float32.
 *
 * <p>Immutable, and safe for use by any number of threads.
 */
public final class Preprocessor {

    private final Preprocessing preprocessing;
    private final long scaledHeight;
    private final long scaledWidth;
    /** The normalised value of each sample, 256 a channel. */
    private final float[] normalised;

    /**
     * Makes a preprocessor.
     *
     * @throws IllegalArgumentException if a side is below 1, the crop fraction is not positive and finite, mean or std
     *                                  have not three finite values, or a std is 0
     */
    public Preprocessor(Preprocessing preprocessing) {
        this.preprocessing = Objects.requireNonNull(preprocessing, "preprocessing");
        int height = preprocessing.height();
        int width = preprocessing.width();
        float fraction = preprocessing.cropFraction();
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("input size must be at least 1 x 1, not " + height + " x " + width);
        }
        if (!(fraction > 0) || Float.isInfinite(fraction)) {
            throw new IllegalArgumentException("crop fraction must be above 0, not " + fraction);
        }
        // 224 / 0.8 is 280, but 224 / (double) 0.8f is 279.99; the shortest decimal is what the config said.
        double decimal = Double.parseDouble(Float.toString(fraction));
        scaledHeight = Math.max(1, (long) (height / decimal));
        scaledWidth = Math.max(1, (long) (width / decimal));
        normalised = normalised(preprocessing.rescale(), preprocessing.mean(), preprocessing.std());
    }

    private static float[] normalised(double rescale, float[] mean, float[] std) {
        if (mean.length != RgbImage.CHANNELS || std.length != RgbImage.CHANNELS) {
            throw new IllegalArgumentException("mean and std must have 3 values, not " + mean.length + " and "
                    + std.length);
        }
        float[] table = new float[RgbImage.CHANNELS * 256];
        for (int c = 0; c < RgbImage.CHANNELS; c++) {
            if (!Float.isFinite(mean[c]) || !Float.isFinite(std[c]) || std[c] == 0) {
                throw new IllegalArgumentException("mean " + mean[c] + " and std " + std[c] + " cannot normalise");
            }
            for (int v = 0; v < 256; v++) {
                table[256 * c + v] = ((float) (v * rescale) - mean[c]) / std[c];
            }
        }
        return table;
    }

    /** Returns the number of floats of one input, 3 * height * width. */
    public int inputLength() {
        return RgbImage.CHANNELS * preprocessing.height() * preprocessing.width();
    }

    /**
     * Resizes, crops and normalises.
     *
     * @param picture any picture
     * @param out     receives the input as [3, height, width]
     * @param offset  where in {@code out} it begins
     * @return the same input before it was normalised, as a person can look at it
     * @throws IndexOutOfBoundsException if {@code out} has too little room
     */
    public RgbImage apply(RgbImage picture, float[] out, int offset) {
        RgbImage crop = crop(picture);
        normalize(crop, out, offset);
        return crop;
    }

    /** Resizes and crops a picture to the model's input size. */
    public RgbImage crop(RgbImage picture) {
        CropGeometry geometry = geometry(picture.width(), picture.height());
        int width = preprocessing.width();
        int height = preprocessing.height();
        // The part of the input that the picture covers; all of it but for odd cases.
        int left = (int) Math.max(0, -geometry.left());
        int top = (int) Math.max(0, -geometry.top());
        int partWidth = (int) Math.min(width, geometry.resizedWidth() - geometry.left()) - left;
        int partHeight = (int) Math.min(height, geometry.resizedHeight() - geometry.top()) - top;
        RgbImage part = Resampler.resizeAndCrop(picture, geometry.resizedWidth(), geometry.resizedHeight(),
                geometry.left() + left, geometry.top() + top, partWidth, partHeight, preprocessing.interpolation());
        if (partWidth == width && partHeight == height) {
            return part;
        }
        RgbImage padded = RgbImage.black(width, height);
        if (preprocessing.resize() == Preprocessing.Resize.LONG_SIDE) {
            byte[] samples = padded.samples();
            for (int i = 0; i < samples.length; i++) {
                samples[i] = (byte) Math.rint(255.0 * preprocessing.mean()[i % RgbImage.CHANNELS]);
            }
        }
        for (int y = 0; y < partHeight; y++) {
            System.arraycopy(part.samples(), RgbImage.CHANNELS * y * partWidth, padded.samples(),
                    RgbImage.CHANNELS * ((top + y) * width + left), RgbImage.CHANNELS * partWidth);
        }
        return padded;
    }

    /**
     * Normalises a picture that has the model's input size already.
     *
     * @param crop   a picture of height x width
     * @param out    receives it as [3, height, width]
     * @param offset where in {@code out} it begins
     * @throws IllegalArgumentException  if the picture has another size
     * @throws IndexOutOfBoundsException if {@code out} has too little room
     */
    public void normalize(RgbImage crop, float[] out, int offset) {
        if (crop.width() != preprocessing.width() || crop.height() != preprocessing.height()) {
            throw new IllegalArgumentException("expected a picture of " + preprocessing.width() + " x "
                    + preprocessing.height() + ", not " + crop.width() + " x " + crop.height());
        }
        Objects.checkFromIndexSize(offset, inputLength(), out.length);
        int pixels = crop.width() * crop.height();
        byte[] samples = crop.samples();
        for (int c = 0; c < RgbImage.CHANNELS; c++) {
            int to = offset + c * pixels;
            for (int i = 0; i < pixels; i++) {
                out[to + i] = normalised[256 * c + (samples[RgbImage.CHANNELS * i + c] & 0xff)];
            }
        }
    }

    /** Returns where the input lies in a picture of {@code width} x {@code height}. */
    CropGeometry geometry(int width, int height) {
        long resizedWidth;
        long resizedHeight;
        if (preprocessing.resize() == Preprocessing.Resize.SQUASH) {
            resizedWidth = scaledWidth;
            resizedHeight = scaledHeight;
        } else if (preprocessing.resize() == Preprocessing.Resize.NONE) {
            resizedWidth = width;
            resizedHeight = height;
        } else if (preprocessing.resize() == Preprocessing.Resize.SHORT_SIDE && scaledWidth == scaledHeight) {
            boolean portrait = width <= height;
            resizedWidth = portrait ? scaledWidth : (long) ((double) (scaledWidth * width) / height);
            resizedHeight = portrait ? (long) ((double) (scaledHeight * height) / width) : scaledHeight;
        } else {
            double down = (double) height / scaledHeight;
            double across = (double) width / scaledWidth;
            double ratio = preprocessing.resize() == Preprocessing.Resize.LONG_SIDE ? Math.max(down, across)
                    : Math.min(down, across);
            resizedWidth = Math.max(1, (long) Math.rint(width / ratio));
            resizedHeight = Math.max(1, (long) Math.rint(height / ratio));
        }
        if (preprocessing.crop() == Preprocessing.Crop.NONE && (resizedWidth != preprocessing.width()
                || resizedHeight != preprocessing.height())) {
            throw new IllegalArgumentException("the model takes pictures of " + preprocessing.width() + " x "
                    + preprocessing.height() + " and neither resizes nor crops them; this one has " + resizedWidth
                    + " x " + resizedHeight);
        }
        return new CropGeometry(resizedWidth, resizedHeight, cropOffset(resizedWidth, preprocessing.width()),
                cropOffset(resizedHeight, preprocessing.height()), (double) width / resizedWidth,
                (double) height / resizedHeight);
    }

    private long cropOffset(long length, int size) {
        if (preprocessing.crop() == Preprocessing.Crop.DOWN) {
            return Math.floorDiv(length - size, 2L);
        }
        // Rounds half to even where the picture is long enough; else what torchvision's padding gives.
        return length >= size ? (long) Math.rint((length - size) / 2.0) : -((size - length) / 2);
    }
}
