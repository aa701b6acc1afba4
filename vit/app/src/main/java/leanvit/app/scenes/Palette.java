package leanvit.app.scenes;

import leanvit.vit.train.RandomStream;

/** Colours as three floats, red, green and blue from 0 to 1. */
final class Palette {

    private static final double OWN_HUE = 0.8;
    private static final double SPREAD = 0.05;

    private Palette() {
    }

    static float[] hsv(double hue, double saturation, double value) {
        double h = (hue - Math.floor(hue)) * 6;
        double s = Math.min(1, Math.max(0, saturation));
        double v = Math.min(1, Math.max(0, value));
        int sector = (int) h;
        double f = h - sector;
        double p = v * (1 - s);
        double q = v * (1 - s * f);
        double t = v * (1 - s * (1 - f));
        return switch (sector) {
            case 0 -> rgb(v, t, p);
            case 1 -> rgb(q, v, p);
            case 2 -> rgb(p, v, t);
            case 3 -> rgb(p, q, v);
            case 4 -> rgb(t, p, v);
            default -> rgb(v, p, q);
        };
    }

    static float[] rgb(double red, double green, double blue) {
        return new float[] {(float) red, (float) green, (float) blue};
    }

    /** A factor below 1 darkens, one above 1 moves towards white. */
    static float[] tint(float[] colour, double factor) {
        float[] out = new float[3];
        for (int c = 0; c < 3; c++) {
            out[c] = (float) (factor <= 1 ? colour[c] * factor : 1 - (1 - colour[c]) / factor);
        }
        return out;
    }

    /** A strong colour of any hue. */
    static float[] vivid(RandomStream random) {
        return hsv(random.nextDouble(), random.between(0.45, 1), random.between(0.6, 1));
    }

    /** A strong colour, near the hue in four of five cases. */
    static float[] vivid(RandomStream random, double hue) {
        double h = random.chance(OWN_HUE) ? hue + random.between(-SPREAD, SPREAD) : random.nextDouble();
        return hsv(h, random.between(0.45, 1), random.between(0.6, 1));
    }

    static float[] brown(RandomStream random) {
        return hsv(random.between(0.05, 0.1), random.between(0.4, 0.8), random.between(0.3, 0.6));
    }

    static float[] pale(RandomStream random) {
        return hsv(random.nextDouble(), random.between(0, 0.2), random.between(0.85, 1));
    }

    /** A background's colour: any hue, mostly less strong than a thing's. */
    static float[] calm(RandomStream random) {
        return hsv(random.nextDouble(), random.between(0.05, 0.65), random.between(0.2, 1));
    }
}
