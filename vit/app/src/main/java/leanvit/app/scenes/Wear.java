package leanvit.app.scenes;

import leanvit.vit.train.RandomStream;

/** What a camera and time do to a picture: light, contrast, a cast of colour, blur and noise. */
final class Wear {

    private Wear() {
    }

    /** Changes the planes of a picture, 0 to 1, in place. */
    static void apply(RandomStream random, float[][] planes, float[] scratch, int width, int height) {
        boolean blurred = random.chance(0.3);
        int blurs = random.whole(1, 2);
        double contrast = random.between(0.75, 1.2);
        double brightness = random.between(-0.12, 0.12);
        double noise = random.chance(0.5) ? random.between(0, 0.04) : 0;
        for (float[] plane : planes) {
            float cast = (float) random.between(0.92, 1.08);
            float factor = (float) (contrast * cast);
            float shift = (float) (0.5 - 0.5 * contrast + brightness);
            for (int i = 0; i < plane.length; i++) {
                plane[i] = plane[i] * factor + shift;
            }
            for (int i = 0; blurred && i < blurs; i++) {
                soften(plane, scratch, width, height);
            }
            if (noise > 0) {
                noise(random, plane, (float) noise);
            }
        }
    }

    /** Weights 1/4, 1/2, 1/4 along rows and columns; the border repeats. */
    private static void soften(float[] plane, float[] scratch, int width, int height) {
        for (int y = 0; y < height; y++) {
            int row = y * width;
            for (int x = 0; x < width; x++) {
                scratch[row + x] = 0.5f * plane[row + x] + 0.25f * plane[row + Math.max(0, x - 1)]
                        + 0.25f * plane[row + Math.min(width - 1, x + 1)];
            }
        }
        for (int y = 0; y < height; y++) {
            int row = y * width;
            int above = Math.max(0, y - 1) * width;
            int below = Math.min(height - 1, y + 1) * width;
            for (int x = 0; x < width; x++) {
                plane[row + x] = 0.5f * scratch[row + x] + 0.25f * scratch[above + x] + 0.25f * scratch[below + x];
            }
        }
    }

    /** Adds the sum of four bytes, centred: close to a normal distribution, from one number for two pixels. */
    private static void noise(RandomStream random, float[] plane, float deviation) {
        // A byte has the variance (256^2 - 1) / 12.
        float factor = deviation / (float) Math.sqrt(4 * 65535 / 12.0);
        long bits = 0;
        for (int i = 0; i < plane.length; i++) {
            bits = i % 2 == 0 ? random.nextLong() : bits >>> 32;
            long sum = (bits & 0xff) + (bits >>> 8 & 0xff) + (bits >>> 16 & 0xff) + (bits >>> 24 & 0xff);
            plane[i] += factor * (sum - 510);
        }
    }
}
