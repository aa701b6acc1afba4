package leanvit.app.scenes;

import static leanvit.app.scenes.Palette.brown;
import static leanvit.app.scenes.Palette.hsv;
import static leanvit.app.scenes.Palette.pale;
import static leanvit.app.scenes.Palette.rgb;
import static leanvit.app.scenes.Palette.tint;
import static leanvit.app.scenes.Palette.vivid;
import static leanvit.app.scenes.Part.fill;
import static leanvit.app.scenes.Part.line;
import static leanvit.app.scenes.Shapes.ellipse;
import static leanvit.app.scenes.Shapes.of;
import static leanvit.app.scenes.Shapes.smooth;
import static leanvit.app.scenes.Shapes.turned;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.train.RandomStream;

/** Things that grow, each with a shape and colours of its own: parts from back to front. */
final class LivingThings {

    private LivingThings() {
    }

    static List<Part> apple(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random, new double[] {0, 0.28, 0.13}[random.below(3)]);
        double w = random.between(0.85, 0.98);
        double lean = random.between(-0.2, 0.2);
        parts.add(line(of(0, -0.45, lean / 2, -0.75, lean, -0.98), brown(random), 0.1));
        parts.add(fill(smooth(Shapes.mirrored(0, -0.5, 0.35, -0.66, 0.75, -0.5, w, -0.02, 0.75, 0.6, 0.38, 0.9, 0,
                0.8)), c));
        if (random.chance(0.8)) {
            parts.add(fill(turned(0.3 + lean / 2, -0.8, 0.28, 0.12, -25), vivid(random, 0.33)));
        }
        parts.add(fill(turned(-0.45, -0.2, 0.1, 0.2, 20), tint(c, 1.8)));
        return parts;
    }

    static List<Part> butterfly(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random);
        float[] d = random.chance(0.6) ? vivid(random) : tint(c, 0.6);
        float[] spot = hsv(random.nextDouble(), random.between(0, 0.4), random.between(0.8, 1));
        float[] body = hsv(random.nextDouble(), 0.4, random.between(0.1, 0.35));
        double up = random.between(0.42, 0.52);
        double low = random.between(0.3, 0.4);
        boolean spots = random.chance(0.7);
        for (int m = -1; m <= 1; m += 2) {
            parts.add(fill(turned(m * 0.42, 0.42, low, low * 0.85, m * 40), d));
            parts.add(fill(turned(m * 0.52, -0.3, up, up * 0.72, -m * 40), c));
            parts.add(fill(ellipse(m * 0.6, -0.38, up * 0.35, up * 0.3), spot));
            if (spots) {
                parts.add(fill(ellipse(m * 0.45, 0.45, low * 0.35, low * 0.35), tint(c, 1.5)));
            }
            parts.add(line(of(0, -0.45, m * 0.1, -0.7, m * 0.24, -0.88), body, 0.05));
        }
        parts.add(fill(ellipse(0, 0, 0.1, 0.55), body));
        return parts;
    }

    static List<Part> fish(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random);
        float[] d = random.chance(0.5) ? vivid(random) : tint(c, 0.7);
        double h = random.between(0.38, 0.58);
        double t = random.between(0.35, 0.5);
        parts.add(fill(smooth(-0.45, 0, -0.97, -t, -0.82, 0, -0.97, t), d));
        parts.add(fill(smooth(-0.15, -h * 0.8, 0, -h - 0.25, 0.35, -h * 0.8), d));
        parts.add(fill(smooth(-0.1, h * 0.8, -0.05, h + 0.2, 0.25, h * 0.8), d));
        parts.add(fill(smooth(-0.6, 0, -0.2, -h * 0.8, 0.25, -h, 0.7, -h * 0.65, 0.97, 0, 0.7, h * 0.65, 0.25, h,
                -0.2, h * 0.8), c));
        if (random.chance(0.5)) {
            float[] stripe = pale(random);
            for (double x = -0.12; x < 0.3; x += 0.32) {
                parts.add(fill(of(x, -h * 0.75, x + 0.13, -h * 0.8, x + 0.13, h * 0.8, x, h * 0.75), stripe));
            }
        }
        parts.add(fill(of(0.12, 0.02, -0.16, 0.16, -0.02, 0.24), d));
        parts.add(fill(ellipse(0.62, -0.14, 0.12, 0.12), rgb(0.98, 0.98, 0.98)));
        parts.add(fill(ellipse(0.65, -0.14, 0.06, 0.06), rgb(0.08, 0.08, 0.12)));
        return parts;
    }

    static List<Part> flower(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random);
        int petals = random.whole(5, 9);
        boolean stem = random.chance(0.6);
        double cy = stem ? -0.35 : 0;
        double r = stem ? 0.62 : 0.95;
        float[] green = vivid(random, 0.33);
        if (stem) {
            double lean = random.between(-0.15, 0.15);
            parts.add(line(of(0, cy, lean, 0.4, 0, 1), green, 0.1));
            for (int m = -1; m <= 1; m += 2) {
                parts.add(fill(turned(lean + m * 0.27, 0.55, 0.28, 0.12, -m * 35), green));
            }
        }
        double first = random.between(0, 360);
        double w = random.between(0.75, 1) * Math.PI / petals;
        for (int k = 0; k < petals; k++) {
            double angle = first + 360.0 * k / petals;
            double x = StrictMath.cos(Math.toRadians(angle));
            double y = StrictMath.sin(Math.toRadians(angle));
            float[] shade = k % 2 == 1 || random.chance(0.5) ? c : tint(c, 0.9);
            parts.add(fill(turned(0.6 * r * x, cy + 0.6 * r * y, 0.42 * r, Math.max(w * 0.62, 0.2) * r, angle),
                    shade));
        }
        parts.add(fill(ellipse(0, cy, 0.3 * r, 0.3 * r), vivid(random, 0.14)));
        return parts;
    }

    static List<Part> mushroom(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random, 0.01);
        float[] stem = hsv(random.between(0.08, 0.15), random.between(0.05, 0.35), random.between(0.8, 1));
        double w = random.between(0.8, 0.97);
        double top = random.between(0.2, 0.3);
        parts.add(fill(smooth(-top, 0, -top * 0.9, 0.5, -top * 1.3, 0.92, 0, 0.98, top * 1.3, 0.92, top * 0.9, 0.5,
                top, 0), stem));
        parts.add(fill(Shapes.join(Shapes.arc(0, 0.05, w, random.between(0.85, 1), 180, 360, 24),
                Shapes.arc(0, 0.05, w, 0.16, 0, 180, 16)), c));
        if (random.chance(0.85)) {
            float[] spot = pale(random);
            double[][] spots = {{-0.45, -0.25, 0.15}, {0.08, -0.55, 0.17}, {0.5, -0.2, 0.14}, {0, -0.1, 0.11}};
            for (double[] at : spots) {
                double size = at[2] * random.between(0.7, 1.1);
                parts.add(fill(ellipse(at[0] * w, at[1], size, size * 0.9), spot));
            }
        }
        return parts;
    }

    static List<Part> tree(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random, new double[] {0.3, 0.36, 0.08}[random.below(3)]);
        double w = random.between(0.1, 0.16);
        parts.add(fill(of(-w, 0.1, w, 0.1, w * 1.3, 1, -w * 1.3, 1), brown(random)));
        if (random.chance(0.5)) {
            int tiers = random.whole(3, 4);
            double wide = random.between(0.6, 0.78);
            for (int k = tiers - 1; k >= 0; k--) {
                double top = -1 + 1.3 * k / tiers;
                double low = Math.min(-1 + 1.3 * (k + 1) / tiers + 0.42, 0.62);
                double half = wide * (0.5 + 0.5 * (k + 1) / tiers);
                parts.add(fill(of(0, top, half, low, -half, low), tint(c, 1 - 0.07 * (k % 2))));
            }
            return parts;
        }
        double[][] crown = {{-0.42, 0, 0.4}, {0.42, 0, 0.4}, {-0.25, -0.42, 0.42}, {0.28, -0.42, 0.42},
            {0, -0.12, 0.5}, {0, -0.6, 0.38}};
        for (double[] at : crown) {
            double r = at[2] * random.between(0.9, 1.1);
            parts.add(fill(ellipse(at[0], at[1], r, r), tint(c, random.between(0.85, 1.1))));
        }
        if (random.chance(0.35)) {
            float[] fruit = vivid(random, 0);
            double[][] fruits = {{-0.4, 0.05}, {0.1, -0.5}, {0.42, -0.1}, {-0.15, -0.25}, {0.1, 0.1}};
            for (double[] at : fruits) {
                parts.add(fill(ellipse(at[0], at[1], 0.08, 0.08), fruit));
            }
        }
        return parts;
    }
}
