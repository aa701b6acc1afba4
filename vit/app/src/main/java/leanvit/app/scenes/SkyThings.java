package leanvit.app.scenes;

import static leanvit.app.scenes.Palette.hsv;
import static leanvit.app.scenes.Palette.tint;
import static leanvit.app.scenes.Palette.vivid;
import static leanvit.app.scenes.Part.fill;
import static leanvit.app.scenes.Part.line;
import static leanvit.app.scenes.Shapes.ellipse;
import static leanvit.app.scenes.Shapes.of;
import static leanvit.app.scenes.Shapes.turned;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.train.RandomStream;

/** Signs and what floats: parts from back to front. */
final class SkyThings {

    private SkyThings() {
    }

    static List<Part> balloon(RandomStream random) {
        float[] c = vivid(random);
        double w = random.between(0.5, 0.62);
        double swing = random.between(0.03, 0.1);
        double waves = random.between(6, 12);
        double[] string = new double[28];
        for (int i = 0; i < 14; i++) {
            double y = 0.4 + 0.6 * i / 13;
            string[2 * i] = swing * StrictMath.sin((y - 0.4) * waves);
            string[2 * i + 1] = y;
        }
        double[] half = {0, -1, w * 0.75, -0.82, w, -0.4, w * 0.75, 0.02, 0.12, 0.33, 0, 0.36};
        return List.of(line(string, tint(c, random.between(0.3, 0.6)), 0.05),
                fill(of(0, 0.28, 0.13, 0.47, -0.13, 0.47), tint(c, 0.75)),
                fill(Shapes.smooth(Shapes.mirrored(half)), c), fill(turned(-w * 0.4, -0.6, 0.09, 0.18, 25),
                tint(c, 2.2)));
    }

    static List<Part> heart(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random, 0.97);
        double wide = random.between(0.88, 1.05);
        double high = random.between(0.88, 1.05);
        double[] outline = new double[96];
        for (int i = 0; i < 48; i++) {
            double t = 2 * Math.PI * i / 48;
            double sin = StrictMath.sin(t);
            outline[2 * i] = wide * 16 * sin * sin * sin / 17;
            outline[2 * i + 1] = -0.1 - high * (13 * StrictMath.cos(t) - 5 * StrictMath.cos(2 * t)
                    - 2 * StrictMath.cos(3 * t) - StrictMath.cos(4 * t)) / 17;
        }
        parts.add(fill(outline, c));
        double style = random.nextDouble();
        if (style < 0.25) {
            parts.add(fill(Shapes.move(Shapes.scale(outline, 0.6, 0.6), 0, -0.04),
                    tint(c, random.chance(0.5) ? 0.7 : 1.6)));
        } else if (style < 0.7) {
            parts.add(fill(turned(-0.48, -0.45, 0.13, 0.2, 35), tint(c, 2)));
        }
        return parts;
    }

    static List<Part> moon(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = random.chance(0.65)
                ? hsv(random.between(0.1, 0.17), random.between(0.1, 0.7), random.between(0.85, 1)) : vivid(random);
        double d = random.between(0.38, 0.62);
        double r = random.between(0.78, 0.9);
        // Where the unit circle and the one of radius r about (d, 0) meet.
        double x = (1 + d * d - r * r) / (2 * d);
        double outer = Math.toDegrees(StrictMath.acos(x));
        double inner = Math.toDegrees(StrictMath.atan2(Math.sqrt(1 - x * x), x - d));
        double[] crescent = Shapes.join(Shapes.arc(0, 0, 0.95, 0.95, outer, 360 - outer, 36),
                Shapes.arc(d * 0.95, 0, r * 0.95, r * 0.95, 360 - inner, inner, 36));
        parts.add(fill(Shapes.move(crescent, 0.2, 0), c));
        if (random.chance(0.4)) {
            double[][] craters = {{-0.3, 0.08}, {0.12, 0.06}, {0.4, 0.09}};
            for (double[] at : craters) {
                parts.add(fill(ellipse(-0.58 + Math.abs(at[0]) * 0.35, at[0], at[1], at[1]), tint(c, 0.82)));
            }
        }
        return parts;
    }

    static List<Part> star(RandomStream random) {
        List<Part> parts = new ArrayList<>();
        float[] c = vivid(random, 0.14);
        double inner = random.between(0.38, 0.52);
        double[] points = new double[20];
        for (int i = 0; i < 10; i++) {
            double angle = Math.toRadians(36 * i - 90);
            points[2 * i] = StrictMath.cos(angle) * (i % 2 == 0 ? 1 : inner);
            points[2 * i + 1] = StrictMath.sin(angle) * (i % 2 == 0 ? 1 : inner);
        }
        parts.add(fill(points, c));
        double style = random.nextDouble();
        if (style < 0.25) {
            for (int k = 0; k < 5; k++) {
                int next = (2 * k + 1) % 10;
                parts.add(fill(of(0, 0, points[4 * k], points[4 * k + 1], points[2 * next], points[2 * next + 1]),
                        tint(c, 0.8)));
            }
        } else if (style < 0.45) {
            parts.add(fill(Shapes.scale(points, 0.55, 0.55), tint(c, random.chance(0.5) ? 0.75 : 1.5)));
        }
        return parts;
    }
}
