package leanvit.app.scenes;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.train.RandomStream;

/** Small things that are none of the classes, in a picture's coordinates: half its short side is 1. */
final class Clutter {

    /** The share of things that something stands before, in all pictures alike. */
    private static final double COVERED = 0.15;

    private Clutter() {
    }

    /** Specks strewn behind the thing. */
    static List<Part> specks(RandomStream random, double reachX, double reachY) {
        List<Part> parts = new ArrayList<>();
        int count = random.chance(0.5) ? random.whole(3, 13) : 0;
        for (int i = 0; i < count; i++) {
            parts.add(shape(random, random.between(-reachX, reachX), random.between(-reachY, reachY),
                    random.between(0.02, 0.08)));
        }
        return parts;
    }

    /** Larger shapes behind the thing, which draw the eye from it. */
    static List<Part> decoys(RandomStream random, double reachX, double reachY) {
        List<Part> parts = new ArrayList<>();
        int count = random.chance(0.45) ? random.whole(1, 3) : 0;
        for (int i = 0; i < count; i++) {
            parts.add(shape(random, random.between(-reachX, reachX), random.between(-reachY, reachY),
                    random.between(0.08, 0.2)));
        }
        return parts;
    }

    private static Part shape(RandomStream random, double x, double y, double size) {
        float[] colour = Palette.vivid(random);
        return switch (random.below(4)) {
            case 0 -> Part.fill(Shapes.ellipse(x, y, size, size * random.between(0.6, 1), 20), colour);
            case 1 -> Part.fill(Shapes.move(Shapes.rotate(Shapes.ellipse(0, 0, size, size, random.whole(3, 5)),
                    random.between(0, 360)), x, y), colour);
            case 2 -> Part.line(Shapes.ellipse(x, y, size, size, 20), colour, size * 0.4);
            default -> {
                double angle = random.between(0, Math.PI);
                yield Part.line(Shapes.of(x, y, x + 3 * size * StrictMath.cos(angle),
                        y + 3 * size * StrictMath.sin(angle)), colour, Math.max(0.03, size * 0.4));
            }
        };
    }

    /**
     * What hides a part of the thing: bars and leaves before it.
     *
     * @param x    the thing's centre
     * @param y    the thing's centre
     * @param size half of the thing's side
     */
    static List<Part> covers(RandomStream random, double x, double y, double size) {
        List<Part> parts = new ArrayList<>();
        int count = random.chance(COVERED) ? random.whole(1, 2) : 0;
        for (int i = 0; i < count; i++) {
            float[] colour = random.chance(0.5) ? Palette.calm(random) : Palette.vivid(random);
            double angle = random.between(0, 360);
            double cx = x + random.between(-0.8, 0.8) * size;
            double cy = y + random.between(-0.8, 0.8) * size;
            if (random.chance(0.5)) {
                double half = random.between(0.05, 0.12) * size;
                parts.add(Part.fill(Shapes.move(Shapes.rotate(Shapes.rectangle(-2.5, -half, 2.5, half), angle), cx,
                        cy), colour));
            } else {
                double r = random.between(0.18, 0.34) * size;
                double[] leaf = new double[20];
                for (int k = 0; k < 10; k++) {
                    double reach = r * random.between(0.7, 1.2);
                    leaf[2 * k] = reach * StrictMath.cos(2 * Math.PI * k / 10);
                    leaf[2 * k + 1] = reach * StrictMath.sin(2 * Math.PI * k / 10);
                }
                parts.add(Part.fill(Shapes.move(Shapes.smooth(leaf), cx, cy), colour));
            }
        }
        return parts;
    }

    /** Thin scratches over everything. */
    static List<Part> scratches(RandomStream random, double reachX, double reachY) {
        List<Part> parts = new ArrayList<>();
        int count = random.chance(0.25) ? random.whole(1, 4) : 0;
        for (int i = 0; i < count; i++) {
            double x = random.between(-reachX, reachX);
            double y = random.between(-reachY, reachY);
            parts.add(Part.line(Shapes.of(x, y, x + random.between(-0.6, 0.6), y + random.between(-0.6, 0.6),
                    x + random.between(-1, 1), y + random.between(-1, 1)), Palette.pale(random), 0.012));
        }
        return parts;
    }
}
