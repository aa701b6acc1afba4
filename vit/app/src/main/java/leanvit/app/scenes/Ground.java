package leanvit.app.scenes;

import leanvit.vit.train.RandomStream;

/** What lies behind the thing: a smooth ground, then soft blobs and grain. */
final class Ground {

    private final int width;
    private final int height;
    private final double unit;
    private final float[][] planes;
    private final float[] weight;

    Ground(int width, int height) {
        this.width = width;
        this.height = height;
        unit = Math.min(width, height) / 2.0;
        planes = new float[3][width * height];
        weight = new float[width * height];
    }

    /** Returns the planes of the last one drawn, 0 to 1; not a copy. */
    float[][] planes() {
        return planes;
    }

    void draw(RandomStream random) {
        float[] a = Palette.calm(random);
        float[] b = Palette.calm(random);
        if (random.chance(0.5)) {
            double factor = random.between(0.6, 1.3);
            for (int c = 0; c < 3; c++) {
                b[c] = (float) Math.min(1, Math.max(0, a[c] * factor + random.between(-0.1, 0.1)));
            }
        }
        double style = random.nextDouble();
        double angle = random.between(0, 2 * Math.PI);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        if (style < 0.3) {
            weigh((x, y) -> (cos * x + sin * y) / 2.4 + 0.5);
        } else if (style < 0.5) {
            double cx = random.between(-0.6, 0.6);
            double cy = random.between(-0.6, 0.6);
            double reach = random.between(1.2, 2);
            weigh((x, y) -> Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) / reach);
        } else if (style < 0.8) {
            weigh((x, y) -> (y + 1) / 2);
        } else if (style < 0.9) {
            double sharp = random.between(1, 6);
            double often = random.between(0.6, 2.2);
            double start = random.nextDouble();
            weigh((x, y) -> 0.5 + sharp * (wave((cos * x + sin * y) * often + start)) / 2);
        } else {
            weigh((x, y) -> 0);
        }
        for (int c = 0; c < 3; c++) {
            float[] plane = planes[c];
            for (int i = 0; i < plane.length; i++) {
                plane[i] = a[c] + (b[c] - a[c]) * weight[i];
            }
        }
        if (style >= 0.5 && style < 0.8) {
            land(random);
        }
        int blobs = random.below(5);
        for (int i = 0; i < blobs; i++) {
            blob(random);
        }
        if (random.chance(0.4)) {
            grain(random);
        }
    }

    /** A value for each place, in units of half the short side from the centre. */
    private interface Field {
        double at(double x, double y);
    }

    private void weigh(Field field) {
        for (int y = 0; y < height; y++) {
            double v = (y + 0.5 - height / 2.0) / unit;
            for (int x = 0; x < width; x++) {
                double u = (x + 0.5 - width / 2.0) / unit;
                weight[y * width + x] = (float) Math.min(1, Math.max(0, field.at(u, v)));
            }
        }
    }

    /** A wave of period 1 between -1 and 1, of parabolas. */
    static double wave(double t) {
        double part = t - Math.floor(t) - 0.5;
        return 8 * part * (1 - 2 * Math.abs(part));
    }

    private void blend(float[] colour, float most) {
        for (int c = 0; c < 3; c++) {
            float[] plane = planes[c];
            for (int i = 0; i < plane.length; i++) {
                plane[i] += most * weight[i] * (colour[c] - plane[i]);
            }
        }
    }

    private void land(RandomStream random) {
        float[] ground = Palette.calm(random);
        double horizon = random.between(0.1, 0.75);
        double hills = random.between(0, 0.12);
        double often = random.between(0.16, 0.64);
        double start = random.nextDouble();
        double sharp = random.between(15, 50);
        Field edge = (x, y) -> (y - horizon - hills * wave(often * x + start)) * sharp;
        weigh(edge);
        blend(ground, 1);
        weigh((x, y) -> Math.min(1, Math.max(0, edge.at(x, y))) * Math.min(1, Math.max(0, (y - horizon) / 0.9)));
        blend(Palette.tint(ground, 0.7), 1);
    }

    private void blob(RandomStream random) {
        double cx = random.between(-1.3, 1.3);
        double cy = random.between(-1.3, 1.3);
        double r = random.between(0.2, 0.7);
        double flat = random.between(0.8, 2.5);
        boolean soft = random.chance(0.6);
        weigh((x, y) -> {
            double d = ((x - cx) * (x - cx) + (y - cy) * (y - cy) * flat * flat) / (r * r);
            double near = Math.max(0, 1 - d / 3);
            return soft ? near * near * near : 6 * (1 - d);
        });
        blend(Palette.calm(random), (float) random.between(0.2, 0.8));
    }

    /** Random values on a coarse grid, and straight lines between them. */
    private void grain(RandomStream random) {
        int cells = random.whole(4, 23);
        float most = (float) random.between(0.03, 0.25);
        float[] values = new float[(cells + 1) * (cells + 1)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        for (int y = 0; y < height; y++) {
            float v = (float) y / height * cells;
            int row = (int) v;
            for (int x = 0; x < width; x++) {
                float u = (float) x / width * cells;
                int column = (int) u;
                int at = row * (cells + 1) + column;
                float above = values[at] + (u - column) * (values[at + 1] - values[at]);
                int low = at + cells + 1;
                float below = values[low] + (u - column) * (values[low + 1] - values[low]);
                float value = most * (above + (v - row) * (below - above));
                for (int c = 0; c < 3; c++) {
                    planes[c][y * width + x] += value;
                }
            }
        }
    }
}
