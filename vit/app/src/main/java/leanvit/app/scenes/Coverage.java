package leanvit.app.scenes;

import java.util.Arrays;

/**
 * How much of each pixel an outline covers, exactly: every edge adds the signed area to its right to the pixels that it
 * crosses, and a running sum along the row does the rest. Outlines of one direction that overlap count once, but for
 * the partly covered pixels where their edges cross. Not safe for use by several threads at once.
 */
final class Coverage {

    private final int width;
    private final int height;
    private final int stride;
    private final float[] area;
    private int top;
    private int bottom;

    Coverage(int width, int height) {
        this.width = width;
        this.height = height;
        stride = width + 2;
        area = new float[stride * height];
        clear();
    }

    /** Takes all outlines away. */
    void clear() {
        if (top < bottom) {
            Arrays.fill(area, top * stride, bottom * stride, 0f);
        }
        top = height;
        bottom = 0;
    }

    /** Adds a closed outline: x and y in turn, in pixels. */
    void add(double[] points) {
        int last = points.length - 2;
        for (int i = 0; i < points.length; i += 2) {
            edge(points[last], points[last + 1], points[i], points[i + 1]);
            last = i;
        }
    }

    /** Adds a line of round ends and corners through the points, as wide as {@code width}. */
    void stroke(double[] points, double width, boolean closed) {
        double half = width / 2;
        int count = points.length / 2;
        double beforeX = 0;
        double beforeY = 0;
        for (int i = 0; i < (closed ? count : count - 1); i++) {
            double x0 = points[2 * i];
            double y0 = points[2 * i + 1];
            int next = (i + 1) % count;
            double dx = points[2 * next] - x0;
            double dy = points[2 * next + 1] - y0;
            double length = Math.sqrt(dx * dx + dy * dy);
            if (length < 1e-9) {
                continue;
            }
            double nx = -dy / length * half;
            double ny = dx / length * half;
            add(new double[] {x0 + nx, y0 + ny, x0 - nx, y0 - ny, x0 + dx - nx, y0 + dy - ny, x0 + dx + nx,
                    y0 + dy + ny});
            // On a gentle bend the gap is a fraction of a pixel.
            if (nx * beforeX + ny * beforeY < 0.9 * half * half) {
                add(Shapes.ellipse(x0, y0, half, half, 12));
            }
            beforeX = nx;
            beforeY = ny;
        }
        if (!closed) {
            add(Shapes.ellipse(points[points.length - 2], points[points.length - 1], half, half, 12));
        }
    }

    private void edge(double fromX, double fromY, double toX, double toY) {
        if (fromY == toY) {
            return;
        }
        boolean down = fromY < toY;
        double x0 = down ? fromX : toX;
        double y0 = down ? fromY : toY;
        double x1 = down ? toX : fromX;
        double y1 = down ? toY : fromY;
        int first = (int) Math.max(0, Math.floor(y0));
        int end = (int) Math.min(height, Math.ceil(y1));
        if (first >= end) {
            return;
        }
        top = Math.min(top, first);
        bottom = Math.max(bottom, end);
        double slope = (x1 - x0) / (y1 - y0);
        float sign = down ? 1 : -1;
        for (int y = first; y < end; y++) {
            double above = Math.max(y, y0);
            double below = Math.min(y + 1, y1);
            double a = x0 + (above - y0) * slope;
            double b = x0 + (below - y0) * slope;
            row(y * stride, Math.min(a, b), Math.max(a, b), sign * (float) (below - above));
        }
    }

    /** Adds an edge within a row that reaches from {@code left} to {@code right} and is {@code rise} high. */
    private void row(int start, double left, double right, float rise) {
        double from = Math.min(width, Math.max(0, left));
        double to = Math.min(width, Math.max(0, right));
        int pixel = (int) from;
        if (to <= pixel + 1) {
            add(start + pixel, rise, (float) (0.5 * (from + to) - pixel));
            return;
        }
        double perColumn = rise / (to - from);
        while (from < to) {
            double end = Math.min(pixel + 1, to);
            add(start + pixel, (float) (perColumn * (end - from)), (float) (0.5 * (from + end) - pixel));
            from = end;
            pixel++;
        }
    }

    /** The pixel is covered right of the edge, which lies at {@code at} in it on average; those beyond it wholly. */
    private void add(int index, float rise, float at) {
        area[index] += rise * (1 - at);
        area[index + 1] += rise * at;
    }

    /** Returns the first row that may be covered. */
    int top() {
        return top;
    }

    /** Returns the row after the last one that may be covered. */
    int bottom() {
        return bottom;
    }

    /** Writes how much of each pixel of a row is covered, 0 to 1. */
    void row(int y, float[] out) {
        float sum = 0;
        for (int x = 0; x < width; x++) {
            sum += area[y * stride + x];
            out[x] = Math.min(1, Math.abs(sum));
        }
    }
}
