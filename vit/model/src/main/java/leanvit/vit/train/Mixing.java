package leanvit.vit.train;

/**
 * Mixup (Zhang et al. 2018) and cutmix (Yun et al. 2019) of a whole batch, as timm's {@code Mixup} in batch mode: one
 * share for the batch, and picture i with picture B - 1 - i.
 */
final class Mixing {

    private Mixing() {
    }

    /** Writes a label's distribution over the classes, smoothed. */
    static void target(int label, int classes, double smoothing, float[] targets, int offset) {
        float off = (float) (smoothing / classes);
        for (int c = 0; c < classes; c++) {
            targets[offset + c] = c == label ? (float) (1 - smoothing + smoothing / classes) : off;
        }
    }

    /**
     * Mixes a batch in place.
     *
     * @param pixels  [B, 3, height, width]
     * @param targets [B, K]
     */
    static void apply(Augmentation settings, RandomStream random, float[] pixels, int images, int height, int width,
                      float[] targets, int classes) {
        boolean cut = settings.cutmix() > 0 && (settings.mixup() == 0 || random.chance(settings.mixSwitch()));
        double alpha = cut ? settings.cutmix() : settings.mixup();
        double share = random.beta(alpha, alpha);
        int length = 3 * height * width;
        int[] box = cut ? box(random, share, height, width) : null;
        if (cut) {
            share = 1 - (double) (box[1] - box[0]) * (box[3] - box[2]) / ((double) height * width);
        }
        float keep = (float) share;
        for (int one = 0; one < images / 2; one++) {
            int other = images - 1 - one;
            if (cut) {
                swap(pixels, one * length, other * length, height, width, box);
            } else {
                blend(pixels, one * length, other * length, length, keep);
            }
            blend(targets, one * classes, other * classes, classes, keep);
        }
    }

    /** Returns top, bottom, left, right of a rectangle of the share that is not kept, cut off at the border. */
    private static int[] box(RandomStream random, double share, int height, int width) {
        double side = Math.sqrt(1 - share);
        int high = (int) (height * side);
        int wide = (int) (width * side);
        int y = random.below(height);
        int x = random.below(width);
        return new int[] {Math.max(0, y - high / 2), Math.min(height, y + high / 2), Math.max(0, x - wide / 2),
            Math.min(width, x + wide / 2)};
    }

    private static void blend(float[] values, int one, int other, int length, float keep) {
        for (int i = 0; i < length; i++) {
            float a = values[one + i];
            float b = values[other + i];
            values[one + i] = keep * a + (1 - keep) * b;
            values[other + i] = keep * b + (1 - keep) * a;
        }
    }

    private static void swap(float[] pixels, int one, int other, int height, int width, int[] box) {
        for (int c = 0; c < 3; c++) {
            for (int y = box[0]; y < box[1]; y++) {
                for (int x = box[2]; x < box[3]; x++) {
                    int i = (c * height + y) * width + x;
                    float a = pixels[one + i];
                    pixels[one + i] = pixels[other + i];
                    pixels[other + i] = a;
                }
            }
        }
    }
}
