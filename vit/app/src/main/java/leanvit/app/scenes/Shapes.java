package leanvit.app.scenes;

/** Outlines: x and y in turn; x points right, y down. */
final class Shapes {

    private static final int ELLIPSE_POINTS = 36;

    private Shapes() {
    }

    static double[] of(double... points) {
        return points;
    }

    static double[] ellipse(double cx, double cy, double rx, double ry) {
        return ellipse(cx, cy, rx, ry, ELLIPSE_POINTS);
    }

    static double[] ellipse(double cx, double cy, double rx, double ry, int points) {
        double[] out = new double[2 * points];
        for (int i = 0; i < points; i++) {
            double angle = 2 * Math.PI * i / points;
            out[2 * i] = cx + rx * StrictMath.cos(angle);
            out[2 * i + 1] = cy + ry * StrictMath.sin(angle);
        }
        return out;
    }

    /** An ellipse whose axes are turned by some degrees. */
    static double[] turned(double cx, double cy, double rx, double ry, double degrees) {
        return move(rotate(ellipse(0, 0, rx, ry), degrees), cx, cy);
    }

    /** A part of an ellipse, both ends with it, in degrees. */
    static double[] arc(double cx, double cy, double rx, double ry, double start, double end, int points) {
        double[] out = new double[2 * points];
        for (int i = 0; i < points; i++) {
            double angle = Math.toRadians(start + (end - start) * i / (points - 1));
            out[2 * i] = cx + rx * StrictMath.cos(angle);
            out[2 * i + 1] = cy + ry * StrictMath.sin(angle);
        }
        return out;
    }

    static double[] rectangle(double x0, double y0, double x1, double y1) {
        return new double[] {x0, y0, x1, y0, x1, y1, x0, y1};
    }

    /** A closed curve through the points (Catmull and Rom 1974). */
    static double[] smooth(double... points) {
        int steps = 6;
        int count = points.length / 2;
        double[] out = new double[points.length * steps];
        for (int i = 0; i < count; i++) {
            for (int axis = 0; axis < 2; axis++) {
                double p0 = points[2 * ((i + count - 1) % count) + axis];
                double p1 = points[2 * i + axis];
                double p2 = points[2 * ((i + 1) % count) + axis];
                double p3 = points[2 * ((i + 2) % count) + axis];
                for (int step = 0; step < steps; step++) {
                    double t = (double) step / steps;
                    out[2 * (i * steps + step) + axis] = 0.5 * (2 * p1 + (p2 - p0) * t
                            + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t + (3 * p1 - p0 - 3 * p2 + p3) * t * t * t);
                }
            }
        }
        return out;
    }

    /** The points, and then their mirror images about x = 0 in reverse, but for the first and the last. */
    static double[] mirrored(double... half) {
        int count = half.length / 2;
        double[] out = new double[2 * half.length - 4];
        System.arraycopy(half, 0, out, 0, half.length);
        for (int i = count - 2; i > 0; i--) {
            int at = half.length + 2 * (count - 2 - i);
            out[at] = -half[2 * i];
            out[at + 1] = half[2 * i + 1];
        }
        return out;
    }

    static double[] join(double[]... parts) {
        int length = 0;
        for (double[] part : parts) {
            length += part.length;
        }
        double[] out = new double[length];
        int at = 0;
        for (double[] part : parts) {
            System.arraycopy(part, 0, out, at, part.length);
            at += part.length;
        }
        return out;
    }

    static double[] move(double[] points, double x, double y) {
        return transform(points, 1, 0, 0, 1, x, y);
    }

    static double[] scale(double[] points, double x, double y) {
        return transform(points, x, 0, 0, y, 0, 0);
    }

    static double[] rotate(double[] points, double degrees) {
        double cos = StrictMath.cos(Math.toRadians(degrees));
        double sin = StrictMath.sin(Math.toRadians(degrees));
        return transform(points, cos, -sin, sin, cos, 0, 0);
    }

    /** Maps (x, y) to (a x + b y + dx, c x + d y + dy). */
    static double[] transform(double[] points, double a, double b, double c, double d, double dx, double dy) {
        double[] out = new double[points.length];
        for (int i = 0; i < points.length; i += 2) {
            out[i] = a * points[i] + b * points[i + 1] + dx;
            out[i + 1] = c * points[i] + d * points[i + 1] + dy;
        }
        return out;
    }
}
