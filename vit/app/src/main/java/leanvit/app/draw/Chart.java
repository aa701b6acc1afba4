package leanvit.app.draw;

import java.util.List;
import leanvit.vit.image.RgbImage;

/**
 * Plots of measurements, as pictures: labelled points, and curves over one another with a common x. Write them with
 * {@link leanvit.vit.image.Pictures#writePng}.
 *
 * <p>Nothing but the arguments goes into a plot, so equal arguments give equal pixels on every machine. Values must be
 * between -1e12 and 1e12; equal values and single ones are fine.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class Chart {

    /** The largest absolute value; the ticks of larger ones are too long to write. */
    private static final double MAX_VALUE = 1e12;

    private static final int WIDTH = 1200;
    private static final int SCATTER_HEIGHT = 800;
    private static final int CURVE_HEIGHT = 260;
    private static final int MARGIN = 24;
    private static final int GAP = 28;
    private static final int LEFT = 120;
    private static final int RIGHT = 40;
    private static final int LABEL_WIDTH = 420;
    private static final int TEXT = 2;
    private static final int TITLE = 3;
    private static final int CAPITAL = BitmapFont.CAPITAL * TEXT;
    private static final int LINE = BitmapFont.LINE * TEXT;

    private static final int WHITE = 0xffffff;
    private static final int BLACK = 0x1c1c1c;
    private static final int GRAY = 0x5f5f5f;
    private static final int GRID = 0xe4e4e4;
    private static final int LEADER = 0xa8a8a8;
    private static final int MARK = 0xd02c2c;
    private static final int[] COLOURS = {0x1f6fb4, 0x2b8a3e, 0xb3610a, 0x7a4fb5, 0x0b8793, 0xb0357f, 0x6b6b1f,
            0x40549b};

    private Chart() {
    }

    /**
     * A labelled point.
     *
     * @param reference whether it is what the others are compared with; it is marked as that
     */
    public record Point(String label, double x, double y, boolean reference) {
    }

    /** A curve: its name with the unit, and a value for every x. */
    public record Curve(String name, double[] y) {
    }

    /**
     * Draws labelled points.
     *
     * @param title  says what the plot shows
     * @param xName  name and unit of the x axis
     * @param yName  name and unit of the y axis
     * @param points at least one
     * @throws IllegalArgumentException if there is no point or a value is NaN or beyond 1e12
     */
    public static RgbImage scatter(String title, String xName, String yName, List<Point> points) {
        if (points.isEmpty()) {
            throw new IllegalArgumentException("a plot needs at least one point");
        }
        double[] xs = points.stream().mapToDouble(Point::x).toArray();
        double[] ys = points.stream().mapToDouble(Point::y).toArray();
        for (int i = 0; i < xs.length; i++) {
            requirePlottable(points.get(i).label(), xs[i]);
            requirePlottable(points.get(i).label(), ys[i]);
        }
        List<String> titleLines = Canvas.wrap(title, WIDTH - 2 * MARGIN, TITLE);
        int top = MARGIN + titleLines.size() * BitmapFont.LINE * TITLE + GAP / 2;
        int bottom = SCATTER_HEIGHT - MARGIN - 2 * LINE - CAPITAL;
        Canvas canvas = new Canvas(WIDTH, SCATTER_HEIGHT, WHITE);
        canvas.text(titleLines, MARGIN, MARGIN, TITLE, BLACK);
        Axis x = Axis.around(xs, LEFT, WIDTH - RIGHT, 8);
        Axis y = Axis.around(ys, bottom, top, 8);
        grid(canvas, x, y);
        xAxis(canvas, x, bottom, xName);
        yAxis(canvas, y);
        String up = Canvas.elide(yName, bottom - top, TEXT);
        canvas.textUpwards(up, MARGIN, (top + bottom - BitmapFont.width(up, TEXT)) / 2, TEXT, BLACK);
        points(canvas, x, y, points, new LabelPlacement.Box(LEFT, top, WIDTH - RIGHT - LEFT, bottom - top));
        return canvas.picture();
    }

    private static void points(Canvas canvas, Axis x, Axis y, List<Point> points, LabelPlacement.Box area) {
        int radius = 7;
        for (Point point : points) {
            for (int dash = LEFT; point.reference() && dash < WIDTH - RIGHT; dash += 12) {
                canvas.fill(dash, (int) Math.round(y.pixel(point.y())), 6, 1, GRAY);
            }
        }
        LabelPlacement labels = new LabelPlacement(area);
        for (Point point : points) {
            labels.take(new LabelPlacement.Box((int) x.pixel(point.x()) - radius - 2,
                    (int) y.pixel(point.y()) - radius - 2,
                    2 * radius + 5, 2 * radius + 5));
        }
        for (int i = 0; i < points.size(); i++) {
            Point point = points.get(i);
            double px = x.pixel(point.x());
            double py = y.pixel(point.y());
            String label = Canvas.elide(point.label(), LABEL_WIDTH, TEXT) + (point.reference() ? " (reference)" : "");
            int width = BitmapFont.width(label, TEXT);
            LabelPlacement.Box box = labels.place(px, py, width + 8, CAPITAL + 10, radius + 3);
            double nearX = Math.max(box.left(), Math.min(box.left() + box.width(), px));
            double nearY = Math.max(box.top(), Math.min(box.top() + box.height(), py));
            if (Math.hypot(nearX - px, nearY - py) > 2 * radius) {
                canvas.line(px, py, nearX, nearY, 1, LEADER);
            }
            canvas.fill(box.left(), box.top(), box.width(), box.height(), WHITE);
            canvas.text(label, box.left() + 4, box.top() + 5, TEXT, colour(point, i));
        }
        for (int i = 0; i < points.size(); i++) {
            Point point = points.get(i);
            double px = x.pixel(point.x());
            double py = y.pixel(point.y());
            canvas.disc(px, py, radius + 2, WHITE);
            canvas.disc(px, py, radius, colour(point, i));
            if (point.reference()) {
                canvas.disc(px, py, radius - 3, WHITE);
            }
        }
    }

    private static int colour(Point point, int index) {
        return point.reference() ? BLACK : COLOURS[index % COLOURS.length];
    }

    /**
     * Draws curves one over the other with a common x axis, and marks one x.
     *
     * @param title  says what the plot shows
     * @param xName  name and unit of the x axis
     * @param x      at least one value, ascending
     * @param curves one to three, each with as many values as {@code x}
     * @param chosen index in {@code x} of the value to mark
     * @param reason what the mark means, such as {@code "chosen: n = 141"}
     * @throws IllegalArgumentException if lengths differ, x does not ascend, or a value is NaN or beyond 1e12
     */
    public static RgbImage curves(String title, String xName, double[] x, List<Curve> curves, int chosen,
                                  String reason) {
        check(x, curves, chosen);
        List<String> titleLines = Canvas.wrap(title, WIDTH - 2 * MARGIN, TITLE);
        int top = MARGIN + titleLines.size() * BitmapFont.LINE * TITLE + LINE;
        int each = CURVE_HEIGHT + LINE + GAP;
        int height = top + curves.size() * each - GAP + 2 * LINE + CAPITAL + MARGIN;
        Canvas canvas = new Canvas(WIDTH, height, WHITE);
        canvas.text(titleLines, MARGIN, MARGIN, TITLE, BLACK);
        Axis across = Axis.around(x, LEFT, WIDTH - RIGHT, 10);
        double mark = across.pixel(x[chosen]);
        for (int c = 0; c < curves.size(); c++) {
            Curve curve = curves.get(c);
            int from = top + c * each + LINE;
            int to = from + CURVE_HEIGHT;
            Axis up = Axis.around(curve.y(), to, from, 5);
            canvas.text(Canvas.elide(curve.name(), WIDTH - RIGHT - LEFT, TEXT), LEFT, from - LINE + 4, TEXT,
                    COLOURS[c]);
            grid(canvas, across, up);
            yAxis(canvas, up);
            for (int dash = from; dash < to; dash += 12) {
                canvas.line(mark, dash, mark, Math.min(to, dash + 6), 1.5, MARK);
            }
            for (int i = 1; i < x.length; i++) {
                canvas.line(across.pixel(x[i - 1]), up.pixel(curve.y()[i - 1]), across.pixel(x[i]),
                        up.pixel(curve.y()[i]), 2.5, COLOURS[c]);
            }
            for (int i = 0; i < x.length && x.length <= 60; i++) {
                canvas.disc(across.pixel(x[i]), up.pixel(curve.y()[i]), 3.5, COLOURS[c]);
            }
            markValue(canvas, across, up, curve, x, chosen, from, to);
            if (c == curves.size() - 1) {
                xAxis(canvas, across, to, xName);
            }
        }
        String shown = Canvas.elide(reason, WIDTH - RIGHT - LEFT, TEXT);
        int width = BitmapFont.width(shown, TEXT);
        int left = (int) Math.round(Math.max(LEFT, Math.min(WIDTH - RIGHT - width, mark - width / 2.0)));
        canvas.text(shown, left, top - LINE, TEXT, MARK);
        return canvas.picture();
    }

    private static void check(double[] x, List<Curve> curves, int chosen) {
        if (curves.isEmpty() || curves.size() > 3) {
            throw new IllegalArgumentException("expected 1 to 3 curves, not " + curves.size());
        }
        if (chosen < 0 || chosen >= x.length) {
            throw new IllegalArgumentException("there is no value " + chosen + " of " + x.length);
        }
        for (int i = 0; i < x.length; i++) {
            requirePlottable("x", x[i]);
            if (i > 0 && x[i] <= x[i - 1]) {
                throw new IllegalArgumentException("x must ascend, but " + x[i] + " follows " + x[i - 1]);
            }
        }
        for (Curve curve : curves) {
            if (curve.y().length != x.length) {
                throw new IllegalArgumentException(curve.name() + " has " + curve.y().length + " values, x has "
                        + x.length);
            }
            for (double value : curve.y()) {
                requirePlottable(curve.name(), value);
            }
        }
    }

    /** Draws the chosen point and its value, on a side where the curve leaves room. */
    private static void markValue(Canvas canvas, Axis across, Axis up, Curve curve, double[] x, int chosen, int top,
                                  int bottom) {
        double px = across.pixel(x[chosen]);
        double py = up.pixel(curve.y()[chosen]);
        String value = up.format(curve.y()[chosen], 1);
        LabelPlacement labels =
                new LabelPlacement(new LabelPlacement.Box(LEFT, top, WIDTH - RIGHT - LEFT, bottom - top));
        labels.take(new LabelPlacement.Box((int) px - 3, top, 6, bottom - top));
        for (int i = 1; i < x.length; i++) {
            for (int part = 0; part <= 8; part++) {
                double share = part / 8.0;
                double cx = across.pixel(x[i - 1] + share * (x[i] - x[i - 1]));
                double cy = up.pixel(curve.y()[i - 1] + share * (curve.y()[i] - curve.y()[i - 1]));
                labels.take(new LabelPlacement.Box((int) cx - 3, (int) cy - 3, 6, 6));
            }
        }
        LabelPlacement.Box box = labels.place(px, py, BitmapFont.width(value, TEXT) + 8, CAPITAL + 8, 10);
        canvas.fill(box.left(), box.top(), box.width(), box.height(), WHITE);
        canvas.text(value, box.left() + 4, box.top() + 4, TEXT, MARK);
        canvas.disc(px, py, 7, MARK);
        canvas.disc(px, py, 3.5, WHITE);
    }

    private static void grid(Canvas canvas, Axis x, Axis y) {
        int left = (int) x.from();
        int right = (int) x.to();
        int top = (int) y.to();
        int bottom = (int) y.from();
        for (int i = 0; i < x.ticks(); i++) {
            canvas.fill((int) Math.round(x.pixel(x.tick(i))), top, 1, bottom - top, GRID);
        }
        for (int i = 0; i < y.ticks(); i++) {
            canvas.fill(left, (int) Math.round(y.pixel(y.tick(i))), right - left, 1, GRID);
        }
        canvas.fill(left, top, 1, bottom - top, GRAY);
        canvas.fill(left, bottom, right - left, 1, GRAY);
    }

    private static void xAxis(Canvas canvas, Axis x, int bottom, String name) {
        for (int i = 0; i < x.ticks(); i++) {
            String text = x.format(x.tick(i), 0);
            int at = (int) Math.round(x.pixel(x.tick(i)));
            canvas.fill(at, bottom, 1, 6, GRAY);
            canvas.text(text, at - BitmapFont.width(text, TEXT) / 2, bottom + 12, TEXT, GRAY);
        }
        String shown = Canvas.elide(name, (int) (x.to() - x.from()), TEXT);
        int centre = (int) (x.from() + x.to()) / 2;
        canvas.text(shown, centre - BitmapFont.width(shown, TEXT) / 2, bottom + 12 + LINE + 6, TEXT, BLACK);
    }

    private static void yAxis(Canvas canvas, Axis y) {
        for (int i = 0; i < y.ticks(); i++) {
            String text = y.format(y.tick(i), 0);
            int at = (int) Math.round(y.pixel(y.tick(i)));
            canvas.fill(LEFT - 6, at, 6, 1, GRAY);
            canvas.text(text, LEFT - 12 - BitmapFont.width(text, TEXT), at - CAPITAL / 2, TEXT, GRAY);
        }
    }

    private static void requirePlottable(String name, double value) {
        if (!(Math.abs(value) <= MAX_VALUE)) {
            throw new IllegalArgumentException("cannot plot " + value + " (" + name + ")");
        }
    }
}
