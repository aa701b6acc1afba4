package leanvit.vit.train;

import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.Resampler;
import leanvit.vit.image.RgbImage;

/**
 * Turns a sample into a model's input: random resized crop, mirror image, colour jitter, normalisation, random erasing,
 * as timm's transforms of these names. What is drawn depends on the stream alone. Immutable, safe for use by several
 * threads.
 */
final class Augmenter {

    private static final int CROP_TRIES = 10;
    private static final int ERASE_TRIES = 10;
    /** Random erasing's area and aspect (Zhong et al. 2020; timm's defaults). */
    private static final double ERASE_LEAST = 0.02;
    private static final double ERASE_MOST = 1 / 3.0;
    private static final double ERASE_ASPECT = 0.3;

    private final Augmentation settings;
    private final Preprocessing preprocessing;
    private final Preprocessor preprocessor;

    Augmenter(Augmentation settings, Preprocessing preprocessing) {
        this.settings = settings;
        this.preprocessing = preprocessing;
        preprocessor = new Preprocessor(preprocessing);
    }

    /**
     * Writes the input of a sample.
     *
     * @param out    receives [3, height, width] from {@code offset}
     * @param patch  a patch's side, where the sample's mask is wanted
     * @param shares receives what share of each patch the mask covers, from {@code shareOffset}; null where it is not
     *               wanted
     * @return whether shares were written
     */
    boolean apply(TrainingSample sample, RandomStream random, float[] out, int offset, int patch, float[] shares,
                  int shareOffset) {
        int width = preprocessing.width();
        int height = preprocessing.height();
        RgbImage picture = sample.picture();
        RgbImage mask = shares == null || sample.mask() == null ? null : gray(sample);
        if (settings.scaleMin() < 1) {
            int[] box = box(picture, random);
            picture = Resampler.resize(cut(picture, box), width, height, preprocessing.interpolation());
            mask = mask == null ? null
                    : Resampler.resize(cut(mask, box), width, height, Preprocessing.Interpolation.BOX);
        } else {
            picture = preprocessor.crop(picture);
            mask = mask == null ? null : preprocessor.crop(mask);
        }
        if (settings.hflip() > 0 && random.chance(settings.hflip())) {
            picture = mirrored(picture);
            mask = mask == null ? null : mirrored(mask);
        }
        if (settings.colorJitter() > 0) {
            picture = jittered(picture, random);
        }
        preprocessor.normalize(picture, out, offset);
        if (settings.erasing() > 0 && random.chance(settings.erasing())) {
            erase(random, out, offset, width, height);
        }
        if (mask != null) {
            shares(mask, patch, shares, shareOffset);
        }
        return mask != null;
    }

    /** A third of it would do; pictures have three channels. */
    private static RgbImage gray(TrainingSample sample) {
        byte[] samples = new byte[3 * sample.mask().length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = sample.mask()[i / 3];
        }
        return new RgbImage(sample.picture().width(), sample.picture().height(), samples);
    }

    /** Returns left, top, width, height of a random part (torchvision's RandomResizedCrop). */
    private int[] box(RgbImage picture, RandomStream random) {
        double area = (double) picture.width() * picture.height();
        double logRatio = StrictMath.log(settings.ratio());
        for (int i = 0; i < CROP_TRIES; i++) {
            double part = area * random.between(settings.scaleMin(), 1);
            double aspect = StrictMath.exp(random.between(-logRatio, logRatio));
            int width = (int) Math.rint(Math.sqrt(part * aspect));
            int height = (int) Math.rint(Math.sqrt(part / aspect));
            if (width >= 1 && height >= 1 && width <= picture.width() && height <= picture.height()) {
                int left = random.below(picture.width() - width + 1);
                return new int[] {left, random.below(picture.height() - height + 1), width, height};
            }
        }
        double aspect = (double) picture.width() / picture.height();
        int width = picture.width();
        int height = picture.height();
        if (aspect < 1 / settings.ratio()) {
            height = (int) Math.max(1, Math.rint(width * settings.ratio()));
        } else if (aspect > settings.ratio()) {
            width = (int) Math.max(1, Math.rint(height * settings.ratio()));
        }
        return new int[] {(picture.width() - width) / 2, (picture.height() - height) / 2, width, height};
    }

    private static RgbImage cut(RgbImage picture, int[] box) {
        if (box[2] == picture.width() && box[3] == picture.height()) {
            return picture;
        }
        byte[] samples = new byte[3 * box[2] * box[3]];
        for (int y = 0; y < box[3]; y++) {
            System.arraycopy(picture.samples(), 3 * ((box[1] + y) * picture.width() + box[0]), samples,
                    3 * y * box[2], 3 * box[2]);
        }
        return new RgbImage(box[2], box[3], samples);
    }

    private static RgbImage mirrored(RgbImage picture) {
        int width = picture.width();
        byte[] samples = new byte[3 * width * picture.height()];
        for (int y = 0; y < picture.height(); y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(picture.samples(), 3 * (y * width + x), samples, 3 * (y * width + width - 1 - x), 3);
            }
        }
        return new RgbImage(width, picture.height(), samples);
    }

    private RgbImage jittered(RgbImage picture, RandomStream random) {
        int[] order = {0, 1, 2};
        random.shuffle(order);
        int length = 3 * picture.width() * picture.height();
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = picture.samples()[i] & 0xff;
        }
        for (int kind : order) {
            float factor = (float) random.between(Math.max(0, 1 - settings.colorJitter()),
                    1 + settings.colorJitter());
            switch (kind) {
                case 0 -> blend(values, factor, i -> 0);
                case 1 -> {
                    double sum = 0;
                    for (int i = 0; i < length; i += 3) {
                        sum += gray(values, i);
                    }
                    float mean = (float) (3 * sum / length);
                    blend(values, factor, i -> mean);
                }
                default -> blend(values, factor, i -> gray(values, i));
            }
        }
        byte[] samples = new byte[length];
        for (int i = 0; i < length; i++) {
            samples[i] = (byte) (int) (values[i] + 0.5f);
        }
        return new RgbImage(picture.width(), picture.height(), samples);
    }

    /** What a pixel is blended with, by the index of its first sample. */
    private interface Other {
        float at(int pixel);
    }

    private static void blend(float[] values, float factor, Other other) {
        for (int i = 0; i < values.length; i += 3) {
            float with = (1 - factor) * other.at(i);
            for (int c = 0; c < 3; c++) {
                values[i + c] = Math.min(255, Math.max(0, factor * values[i + c] + with));
            }
        }
    }

    /** PIL's luma. */
    private static float gray(float[] values, int i) {
        return 0.299f * values[i] + 0.587f * values[i + 1] + 0.114f * values[i + 2];
    }

    private static void erase(RandomStream random, float[] out, int offset, int width, int height) {
        double log = StrictMath.log(1 / ERASE_ASPECT);
        for (int i = 0; i < ERASE_TRIES; i++) {
            double area = width * height * random.between(ERASE_LEAST, ERASE_MOST);
            double aspect = StrictMath.exp(random.between(-log, log));
            int high = (int) Math.rint(Math.sqrt(area * aspect));
            int wide = (int) Math.rint(Math.sqrt(area / aspect));
            if (wide >= width || high >= height) {
                continue;
            }
            int top = random.below(height - high + 1);
            int left = random.below(width - wide + 1);
            for (int c = 0; c < 3; c++) {
                for (int y = top; y < top + high; y++) {
                    int row = offset + (c * height + y) * width;
                    for (int x = left; x < left + wide; x++) {
                        out[row + x] = (float) random.normal();
                    }
                }
            }
            return;
        }
    }

    private static void shares(RgbImage mask, int patch, float[] shares, int offset) {
        int columns = mask.width() / patch;
        for (int i = 0; i < columns * (mask.height() / patch); i++) {
            int sum = 0;
            for (int y = 0; y < patch; y++) {
                int row = (i / columns * patch + y) * mask.width() + i % columns * patch;
                for (int x = 0; x < patch; x++) {
                    sum += mask.samples()[3 * (row + x)] & 0xff;
                }
            }
            shares[offset + i] = sum / (255f * patch * patch);
        }
    }
}
