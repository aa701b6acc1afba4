package leanvit.app.draw;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds places for labels beside points, so that they hide neither each other nor the points as far as there is room.
 */
final class LabelPlacement {

    /** Directions in the order in which they are liked. */
    private static final double[][] DIRECTIONS = {{1, 0}, {1, -1}, {1, 1}, {-1, 0}, {-1, -1}, {-1, 1}, {0, -1}, {0, 1}};
    private static final double[] DISTANCES = {1, 2.2, 3.6, 5.2, 7};

    /** A rectangle of whole pixels. */
    record Box(int left, int top, int width, int height) {

        long overlap(Box other) {
            long across = Math.min(left + width, other.left + other.width) - Math.max(left, other.left);
            long down = Math.min(top + height, other.top + other.height) - Math.max(top, other.top);
            return Math.max(0, across) * Math.max(0, down);
        }

        long outside(Box other) {
            return (long) width * height - overlap(other);
        }
    }

    private final Box area;
    private final List<Box> taken = new ArrayList<>();

    /** Starts with nothing but an area that labels should stay in. */
    LabelPlacement(Box area) {
        this.area = area;
    }

    /** Keeps labels off a rectangle. */
    void take(Box box) {
        taken.add(box);
    }

    /** Returns the best place for a label of a size at a point, and takes it. */
    Box place(double x, double y, int width, int height, double gap) {
        Box best = null;
        double leastCost = Double.POSITIVE_INFINITY;
        for (double distance : DISTANCES) {
            for (double[] direction : DIRECTIONS) {
                double away = gap * distance;
                double left = x + direction[0] * away + (direction[0] - 1) / 2 * width;
                double top = y + direction[1] * away * (direction[0] == 0 ? 1 : 0.8) + (direction[1] - 1) / 2 * height;
                Box box = new Box((int) Math.round(left), (int) Math.round(top), width, height);
                double cost = 20.0 * box.outside(area) + distance;
                for (Box other : taken) {
                    cost += 10.0 * box.overlap(other);
                }
                if (cost < leastCost) {
                    leastCost = cost;
                    best = box;
                }
            }
        }
        taken.add(best);
        return best;
    }
}
