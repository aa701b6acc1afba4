package leanvit.app.scenes;

import static leanvit.app.scenes.Palette.brown;
import static leanvit.app.scenes.Palette.hsv;
import static leanvit.app.scenes.Palette.pale;
import static leanvit.app.scenes.Palette.rgb;
import static leanvit.app.scenes.Palette.tint;
import static leanvit.app.scenes.Palette.vivid;
import static leanvit.app.scenes.Part.fill;
import static leanvit.app.scenes.Part.line;
import static leanvit.app.scenes.Shapes.arc;
import static leanvit.app.scenes.Shapes.ellipse;
import static leanvit.app.scenes.Shapes.of;
import static leanvit.app.scenes.Shapes.rectangle;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.train.RandomStream;

/** Things that people make: parts from back to front. */
final class MadeThings {

    private MadeThings() {
    }

    static List<Part> car(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random);
        float[] glass = hsv(random.between(0.5, 0.6), random.between(0.1, 0.4), random.between(0.7, 1));
        float[] tyre = hsv(random.nextDouble(), 0.1, random.between(0.08, 0.25));
        double roof = random.between(-0.58, -0.45);
        double front = random.between(0.25, 0.45);
        double back = random.between(-0.6, -0.4);
        double mid = (back + front) / 2;
        double top = roof + 0.1;
        parts.add(fill(of(back - 0.2, -0.02, back, roof, front, roof, front + 0.3, -0.02), c));
        parts.add(fill(of(-0.97, 0, -0.85, -0.1, 0.75, -0.08, 0.97, 0.1, 1, 0.38, -1, 0.38), c));
        parts.add(fill(of(back - 0.08, -0.06, back + 0.05, top, mid - 0.04, top, mid - 0.04, -0.06), glass));
        parts.add(fill(of(mid + 0.04, -0.06, mid + 0.04, top, front - 0.02, top, front + 0.16, -0.06), glass));
        parts.add(fill(ellipse(0.9, 0.12, 0.07, 0.08), hsv(0.15, 0.4, 1)));
        double r = random.between(0.2, 0.25);
        for (double x = -0.55; x < 1; x += 1.1) {
            parts.add(fill(ellipse(x, 0.4, r, r), tyre));
            parts.add(fill(ellipse(x, 0.4, r * 0.5, r * 0.5), hsv(0, 0, 0.75)));
        }
        return parts;
    }

    static List<Part> cup(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = random.chance(0.7) ? vivid(random) : pale(random);
        double top = random.between(0.55, 0.66);
        double low = random.between(0.38, 0.6);
        if (random.chance(0.5)) {
            parts.add(fill(ellipse(-0.1, 0.72, 0.92, 0.15), tint(c, 0.85)));
        }
        parts.add(line(arc(top - 0.08, 0.05, 0.34, 0.32, -100, 100, 24), c, random.between(0.1, 0.15)));
        parts.add(fill(Shapes.join(of(-0.12 - top, -0.42), arc(-0.12, 0.6, low, 0.14, 180, 0, 20),
                of(-0.12 + top, -0.42)), c));
        if (random.chance(0.4)) {
            double y = random.between(-0.1, 0.3);
            parts.add(fill(rectangle(-0.1 - low, y, -0.14 + low, y + random.between(0.08, 0.2)), pale(random)));
        }
        parts.add(fill(ellipse(-0.12, -0.42, top, 0.16), tint(c, 1.25)));
        parts.add(fill(ellipse(-0.12, -0.41, top * 0.86, 0.11), brown(random)));
        if (random.chance(0.4)) {
            for (double x = -0.35; x < 0.2; x += 0.45) {
                double[] steam = new double[20];
                for (int i = 0; i < 10; i++) {
                    double y = -0.6 - 0.4 * i / 9;
                    steam[2 * i] = x + 0.07 * StrictMath.sin(y * 12);
                    steam[2 * i + 1] = y;
                }
                parts.add(line(steam, rgb(0.92, 0.92, 0.94), 0.05));
            }
        }
        return parts;
    }

    static List<Part> house(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] wall = random.chance(0.6) ? vivid(random, 0.1) : pale(random);
        float[] roof = vivid(random, 0.02);
        float[] door = brown(random);
        double w = random.between(0.62, 0.78);
        double top = random.between(-0.2, 0);
        double peak = random.between(-0.95, -0.75);
        float[] light = hsv(random.chance(0.5) ? 0.14 : 0.55, random.between(0.2, 0.6), 1);
        if (random.chance(0.6)) {
            parts.add(fill(rectangle(0.35, -0.85, 0.55, -0.2), tint(roof, 0.7)));
        }
        parts.add(fill(rectangle(-w, top - 0.05, w, 0.88), wall));
        parts.add(fill(of(-w - 0.2, top, 0, peak, w + 0.2, top), roof));
        double x = random.between(-0.1, 0.05);
        parts.add(fill(rectangle(x - 0.14, 0.38, x + 0.16, 0.88), door));
        for (int m = -1; m <= 1; m += 2) {
            double cx = m * w * 0.62;
            parts.add(fill(rectangle(cx - 0.15, 0.14, cx + 0.15, 0.42), light));
            parts.add(line(of(cx, 0.14, cx, 0.42), tint(door, 0.8), 0.04));
        }
        if (random.chance(0.4)) {
            parts.add(fill(ellipse(0, (top + peak) / 2 + 0.1, 0.12, 0.12), light));
        }
        return parts;
    }

    static List<Part> key(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = random.chance(0.5)
                ? hsv(random.between(0.1, 0.16), random.between(0.5, 0.9), random.between(0.7, 1))
                : random.chance(0.5) ? hsv(0.6, random.between(0, 0.15), random.between(0.6, 0.9)) : vivid(random);
        double r = random.between(0.28, 0.36);
        double thick = random.between(0.13, 0.19);
        parts.add(line(of(-0.65 + r, 0, 0.98, 0), c, thick));
        if (random.chance(0.3)) {
            for (double angle : new double[] {81, -81, 180}) {
                double x = -0.65 + 0.38 * StrictMath.cos(Math.toRadians(angle)) * r / 0.36;
                double y = 0.5 * r * StrictMath.sin(Math.toRadians(angle));
                parts.add(line(arc(x, y, r * 0.42, r * 0.42, 0, 360, 24), c, thick * 0.8));
            }
        } else {
            parts.add(line(arc(-0.63, 0, r, r * random.between(0.85, 1.15), 0, 360, 36), c, thick));
        }
        int teeth = random.whole(2, 3);
        for (int k = 0; k < teeth; k++) {
            double x = 0.9 - 0.22 * k;
            parts.add(fill(rectangle(x - 0.07, 0, x + 0.07, random.between(0.28, 0.42)), c));
        }
        return parts;
    }

    static List<Part> sailboat(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] hull = random.chance(0.4) ? brown(random) : vivid(random);
        float[] sail = random.chance(0.5) ? pale(random) : vivid(random);
        float[] jib = random.chance(0.4) ? sail : vivid(random);
        double w = random.between(0.8, 0.97);
        double deck = random.between(0.42, 0.52);
        parts.add(line(of(0, -0.97, 0, deck), brown(random), 0.07));
        parts.add(fill(of(0.07, -0.92, random.between(0.65, 0.85), deck - 0.14, 0.07, deck - 0.14), sail));
        parts.add(fill(of(-0.07, random.between(-0.85, -0.6), -0.07, deck - 0.14, -random.between(0.5, 0.75),
                deck - 0.14), jib));
        parts.add(fill(of(-w, deck, w, deck, w * 0.7, 0.9, -w * 0.65, 0.9), hull));
        if (random.chance(0.5)) {
            parts.add(line(of(-w * 0.92, deck + 0.12, w * 0.92, deck + 0.12), pale(random), 0.07));
        }
        return parts;
    }

    static List<Part> umbrella(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random);
        float[] d = random.chance(0.5) ? tint(c, 0.72) : vivid(random);
        float[] rod = hsv(random.nextDouble(), random.between(0, 0.6), random.between(0.15, 0.5));
        double high = random.between(0.75, 0.92);
        int side = random.chance(0.5) ? 1 : -1;
        double[] hook = Shapes.scale(arc(0.15, 0.78, 0.15, 0.18, 180, 0, 16), side, 1);
        parts.add(line(Shapes.join(of(0, -0.95, 0, 0.78), hook), rod, 0.08));
        // The rim is four arcs; the dome's two middle panels are darker.
        double panel = 0.97 / 2;
        double[] dome = arc(0, 0, 0.97, high, 180, 360, 36);
        for (int k = 3; k >= 0; k--) {
            dome = Shapes.join(dome, arc(-0.97 + (k + 0.5) * panel, 0, panel / 2, 0.1, 360, 180, 10));
        }
        parts.add(fill(dome, c));
        for (int k = 1; k < 4; k += 2) {
            double a = -0.97 + k * panel;
            double b = a + panel;
            parts.add(fill(Shapes.join(rib(a, high, false), rib(b, high, true),
                    arc((a + b) / 2, 0, panel / 2, 0.1, 360, 180, 10)), d));
        }
        return parts;
    }

    /** A rib of an umbrella: from the rim at {@code x} up to the top, or from the top down to it. */
    private static double[] rib(double x, double high, boolean down) {
        double[] out = new double[20];
        for (int i = 0; i < 10; i++) {
            double t = Math.PI / 2 * (down ? i : 9 - i) / 9;
            out[2 * i] = x * StrictMath.sin(t);
            out[2 * i + 1] = -high * StrictMath.cos(t);
        }
        return out;
    }
}
