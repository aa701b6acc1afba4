package leanvit.vit.image;

import java.util.Objects;
import leanvit.vit.image.Preprocessing.Crop;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.Preprocessing.Rounding;
import leanvit.vit.image.Preprocessing.Target;
import leanvit.vit.io.InvalidInputException;

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
 * <li>with a target of p x q, {@code SHORT_SIDE}: short side p, long side int(p * long / short); {@code SQUASH}:
 * p x q;</li>
 * <li>{@link Preprocessing.Resize#SHORT_SIDE_WITHIN}: the same short side, or, where the long one would be beyond q,
 * t = q * short / long instead of p, rounded half to even, and the long side int(t * long / short) of the t before
 * that;</li>
 * <li>{@link Preprocessing.Resize#WITHIN}: int(P * s) x int(Q * s), s = min(p / P, q / Q);</li>
 * </ul>
 * and its centre is cut out, at an offset of (length - size) / 2, rounded as {@link Preprocessing.Crop} says;
 * what the picture does not cover is black ({@code LONG_SIDE}: the mean colour). Sample v of channel c becomes
 * {@code (v * rescale - mean[c]) / std[c]} in float32; v is a byte, or, by {@link Preprocessing.Rounding#NONE}, the
 * resized sample as it is.
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
        Target target = preprocessing.target();
        scaledHeight = target != null ? target.height() : Math.max(1, (long) (height / decimal));
        scaledWidth = target != null ? target.width() : Math.max(1, (long) (width / decimal));
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
        if (preprocessing.rounding() == Rounding.NONE) {
            return applyFloats(picture, out, offset);
        }
        RgbImage crop = crop(picture);
        normalize(crop, out, offset);
        return crop;
    }

    private RgbImage applyFloats(RgbImage picture, float[] out, int offset) {
        Objects.checkFromIndexSize(offset, inputLength(), out.length);
        CropGeometry geometry = geometry(picture.width(), picture.height());
        Part part = part(geometry);
        float[] samples = FloatResampler.resizeAndCrop(picture, geometry.resizedWidth(), geometry.resizedHeight(),
                geometry.left() + part.left, geometry.top() + part.top, part.width, part.height,
                preprocessing.interpolation());
        int height = preprocessing.height();
        int width = preprocessing.width();
        RgbImage seen = background();
        for (int c = 0; c < RgbImage.CHANNELS; c++) {
            float mean = preprocessing.mean()[c];
            float std = preprocessing.std()[c];
            for (int y = 0, to = offset + c * height * width; y < height; y++) {
                boolean covered = y >= part.top && y < part.top + part.height;
                for (int x = 0; x < width; x++, to++) {
                    int at = RgbImage.CHANNELS * (y * width + x) + c;
                    float sample = seen.samples()[at] & 0xff;
                    if (covered && x >= part.left && x < part.left + part.width) {
                        sample = samples[RgbImage.CHANNELS * ((y - part.top) * part.width + x - part.left) + c];
                        seen.samples()[at] = (byte) Math.max(0, Math.min(255, Math.round(sample)));
                    }
                    out[to] = ((float) (sample * preprocessing.rescale()) - mean) / std;
                }
            }
        }
        return seen;
    }

    /** The part of the input that the picture covers; all of it but for odd cases. */
    private record Part(int left, int top, int width, int height) {
    }

    private Part part(CropGeometry geometry) {
        int left = (int) Math.max(0, -geometry.left());
        int top = (int) Math.max(0, -geometry.top());
        return new Part(left, top,
                (int) Math.min(preprocessing.width(), geometry.resizedWidth() - geometry.left()) - left,
                (int) Math.min(preprocessing.height(), geometry.resizedHeight() - geometry.top()) - top);
    }

    /** Returns what lies around a picture that does not cover the input. */
    private RgbImage background() {
        RgbImage background = RgbImage.black(preprocessing.width(), preprocessing.height());
        if (preprocessing.resize() == Resize.LONG_SIDE) {
            byte[] samples = background.samples();
            for (int i = 0; i < samples.length; i++) {
                samples[i] = (byte) Math.rint(255.0 * preprocessing.mean()[i % RgbImage.CHANNELS]);
            }
        }
        return background;
    }

    /**
     * Resizes, crops and normalises a picture that was held for this model.
     *
     * @return as {@link #apply(RgbImage, float[], int)}
     * @throws IndexOutOfBoundsException if {@code out} has too little room
     */
    public RgbImage apply(HeldPicture picture, float[] out, int offset) {
        if (picture.width() == picture.image().width()) {
            return apply(picture.image(), out, offset);
        }
        RgbImage crop = crop(picture.image(), geometry(picture.width(), picture.image().height()), true);
        normalize(crop, out, offset);
        return crop;
    }

    /** {@link #check(String, RgbImage)} for a picture that was held for this model. */
    public void check(String name, HeldPicture picture) throws InvalidInputException {
        check(name, picture.width(), picture.image().height());
    }

    /** Returns what is needed of a picture's rows; null where they should stay, as that saves less than half. */
    ShortenedRows rows(int width, int height) {
        if (preprocessing.rounding() == Rounding.NONE || problem(width, height) != null) {
            return null;
        }
        CropGeometry geometry = geometry(width, height);
        Part part = part(geometry);
        if (part.width > width / 2) {
            return null;
        }
        boolean same = geometry.resizedWidth() == width;
        return new ShortenedRows(FilterTaps.of(width, geometry.resizedWidth(), geometry.left() + part.left, part.width,
                same ? null : preprocessing.interpolation()), part.width);
    }

    /** Resizes and crops a picture to the model's input size. */
    public RgbImage crop(RgbImage picture) {
        return crop(picture, geometry(picture.width(), picture.height()), false);
    }

    /** @param shortened whether its rows are those of the input already */
    private RgbImage crop(RgbImage picture, CropGeometry geometry, boolean shortened) {
        Part part = part(geometry);
        RgbImage resized = Resampler.resizeAndCrop(picture, shortened ? part.width : geometry.resizedWidth(),
                geometry.resizedHeight(), shortened ? 0 : geometry.left() + part.left, geometry.top() + part.top,
                part.width, part.height, preprocessing.interpolation());
        if (part.width == preprocessing.width() && part.height == preprocessing.height()) {
            return resized;
        }
        RgbImage padded = background();
        for (int y = 0; y < part.height; y++) {
            System.arraycopy(resized.samples(), RgbImage.CHANNELS * y * part.width, padded.samples(),
                    RgbImage.CHANNELS * ((part.top + y) * preprocessing.width() + part.left),
                    RgbImage.CHANNELS * part.width);
        }
        return padded;
    }

    /**
     * Refuses a picture that does not have the model's input size where it is neither resized nor cropped.
     *
     * @param name the picture's file, which stands before the message; null ("picture") where it has none
     * @throws InvalidInputException if the picture is refused; the message says both sizes
     */
    public void check(String name, RgbImage picture) throws InvalidInputException {
        check(name, picture.width(), picture.height());
    }

    private void check(String name, int width, int height) throws InvalidInputException {
        String problem = problem(width, height);
        if (problem != null) {
            throw new InvalidInputException(Pictures.shown(name), problem);
        }
    }

    private String problem(int width, int height) {
        Resized resized = resized(width, height);
        if (preprocessing.crop() != Crop.NONE || resized.width == preprocessing.width()
                && resized.height == preprocessing.height()) {
            return null;
        }
        return "the model takes pictures of " + preprocessing.width() + " x " + preprocessing.height()
                + " and neither resizes nor crops them; this one has " + resized.width + " x " + resized.height;
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
        String problem = problem(width, height);
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
        Resized resized = resized(width, height);
        return new CropGeometry(resized.width, resized.height, cropOffset(resized.width, preprocessing.width()),
                cropOffset(resized.height, preprocessing.height()), (double) width / resized.width,
                (double) height / resized.height);
    }

    private record Resized(long width, long height) {
    }

    private Resized resized(int width, int height) {
        Target target = preprocessing.target();
        return switch (preprocessing.resize()) {
            case NONE -> new Resized(width, height);
            case SQUASH -> new Resized(scaledWidth, scaledHeight);
            case SHORT_SIDE -> target != null || scaledWidth == scaledHeight
                    ? shortSide(width, height, scaledHeight, scaledHeight)
                    : keepRatio(Math.min((double) height / scaledHeight, (double) width / scaledWidth), width, height);
            case LONG_SIDE ->
                keepRatio(Math.max((double) height / scaledHeight, (double) width / scaledWidth), width, height);
            case SHORT_SIDE_WITHIN -> {
                double least = Math.min(width, height);
                double most = Math.max(width, height);
                if (most / least * target.height() <= target.width()) {
                    yield shortSide(width, height, target.height(), target.height());
                }
                double exact = target.width() * least / most;
                yield shortSide(width, height, Math.max(1, (long) Math.rint(exact)), exact);
            }
            case WITHIN -> {
                double scale = Math.min((double) target.height() / height, (double) target.width() / width);
                yield new Resized(Math.max(1, (long) (width * scale)), Math.max(1, (long) (height * scale)));
            }
        };
    }

    /**
     * Returns the size of a picture whose short side becomes {@code side}, and the long one what the aspect makes of
     * {@code exact}.
     */
    private static Resized shortSide(int width, int height, long side, double exact) {
        return width <= height ? new Resized(side, Math.max(1, (long) (exact * height / width)))
                : new Resized(Math.max(1, (long) (exact * width / height)), side);
    }

    private static Resized keepRatio(double ratio, int width, int height) {
        return new Resized(Math.max(1, (long) Math.rint(width / ratio)), Math.max(1, (long) Math.rint(height / ratio)));
    }

    private long cropOffset(long length, int size) {
        if (preprocessing.crop() == Preprocessing.Crop.DOWN) {
            return Math.floorDiv(length - size, 2L);
        }
        // Rounds half to even where the picture is long enough; else what torchvision's padding gives.
        return length >= size ? (long) Math.rint((length - size) / 2.0) : -((size - length) / 2);
    }
}
