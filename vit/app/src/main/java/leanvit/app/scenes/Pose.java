package leanvit.app.scenes;

import leanvit.vit.train.RandomStream;

/**
 * Where a thing stands in a picture and how: its coordinates to pixels, (x, y) to (a x + b y + dx, c x + d y + dy).
 */
record Pose(double a, double b, double c, double d, double dx, double dy) {

    private static final double STRETCH = 0.12;
    private static final double SHEAR = 0.08;

    /** Mirrors, stretches, shears and turns a little, then scales and places. */
    static Pose of(RandomStream random, double degrees, double scale, double dx, double dy) {
        double stretch = random.between(1 - STRETCH, 1 + STRETCH);
        double mirror = random.chance(0.5) ? 1 : -1;
        double shear = random.between(-SHEAR, SHEAR);
        double cos = scale * StrictMath.cos(Math.toRadians(degrees));
        double sin = scale * StrictMath.sin(Math.toRadians(degrees));
        double xx = mirror * stretch;
        double yy = 1 / stretch;
        return new Pose(cos * xx, cos * shear - sin * yy, sin * xx, sin * shear + cos * yy, dx, dy);
    }

    /** Scales and places alone. */
    static Pose upright(double scale, double dx, double dy) {
        return new Pose(scale, 0, 0, scale, dx, dy);
    }

    double[] apply(double[] points) {
        return Shapes.transform(points, a, b, c, d, dx, dy);
    }

    /** Returns pixels per unit. */
    double scale() {
        return Math.sqrt(Math.abs(a * d - b * c));
    }
}
