package leanvit.app.scenes;

import java.util.Arrays;
import java.util.List;

/**
 * A picture of floats in three planes that outlines are painted on, and how much of each pixel is painted. Colours are
 * premultiplied by that. Not safe for use by several threads at once.
 */
final class Layer {

    final int width;
    final int height;
    final float[][] colour;
    final float[] alpha;
    private final Coverage coverage;
    private final float[] row;

    Layer(int width, int height) {
        this.width = width;
        this.height = height;
        colour = new float[3][width * height];
        alpha = new float[width * height];
        coverage = new Coverage(width, height);
        row = new float[width];
    }

    void clear() {
        for (float[] plane : colour) {
            Arrays.fill(plane, 0f);
        }
        Arrays.fill(alpha, 0f);
    }

    /**
     * Paints parts.
     *
     * @param pose maps the parts' coordinates to pixels
     * @param edge the colour of a line around each part; null for none
     */
    void paint(List<Part> parts, Pose pose, float[] edge, double edgeWidth) {
        for (Part part : parts) {
            double[] points = pose.apply(part.points());
            if (part.stroke() > 0) {
                double width = Math.max(1, part.stroke() * pose.scale());
                if (edge != null) {
                    coverage.stroke(points, width + 2 * edgeWidth, false);
                    paint(edge);
                }
                coverage.stroke(points, width, false);
                paint(part.colour());
            } else {
                coverage.add(points);
                paint(part.colour());
                if (edge != null) {
                    coverage.stroke(points, 2 * edgeWidth, true);
                    paint(edge);
                }
            }
        }
    }

    private void paint(float[] with) {
        int bottom = coverage.bottom();
        for (int y = coverage.top(); y < bottom; y++) {
            coverage.row(y, row);
            int start = y * width;
            for (int c = 0; c < 3; c++) {
                float[] plane = colour[c];
                float value = with[c];
                for (int x = 0; x < width; x++) {
                    plane[start + x] += row[x] * (value - plane[start + x]);
                }
            }
            for (int x = 0; x < width; x++) {
                alpha[start + x] += row[x] * (1 - alpha[start + x]);
            }
        }
        coverage.clear();
    }
}
