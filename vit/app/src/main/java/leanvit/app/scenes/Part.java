package leanvit.app.scenes;

import java.util.List;

/**
 * A part of a thing: an outline that is filled, or a line.
 *
 * @param points x and y in turn; a thing fills about [-1, 1] both ways
 * @param colour red, green, blue
 * @param stroke the line's width; 0 for an outline that is filled
 */
record Part(double[] points, float[] colour, double stroke) {

    static Part fill(double[] points, float[] colour) {
        return new Part(points, colour, 0);
    }

    static Part line(double[] points, float[] colour, double width) {
        return new Part(points, colour, width);
    }

    /** Adds parts to a list, so that a thing reads from back to front. */
    static void add(List<Part> parts, Part... more) {
        parts.addAll(List.of(more));
    }
}
