package leanvit.app.scenes;

import java.util.List;
import leanvit.vit.image.RgbImage;
import leanvit.vit.train.RandomStream;

/** Draws pictures of one size, one at a time; holds their scratch. Not safe for use by several threads at once. */
final class SceneDrawer {

    private static final double SMALLEST = 0.5;
    private static final double LARGEST = 0.9;
    /** Where the thing and what lies behind it differ by less than this in every channel, the ground is inverted. */
    private static final double LEAST_CONTRAST = 0.2;

    private final int width;
    private final int height;
    private final double unit;
    private final Ground ground;
    private final Layer layer;
    /** The thing's soft outline while the ground is shaded; after that, its outline. */
    private final float[] shadow;
    private final float[] scratch;

    SceneDrawer(int width, int height) {
        this.width = width;
        this.height = height;
        unit = Math.min(width, height) / 2.0;
        ground = new Ground(width, height);
        layer = new Layer(width, height);
        shadow = new float[width * height];
        scratch = new float[width * height];
    }

    /**
     * Draws a picture of a thing.
     *
     * @param mask receives how much of each pixel shows the thing, 0 to 255; null where nobody wants to know
     */
    RgbImage draw(Thing thing, RandomStream random, byte[] mask) {
        ground.draw(random);
        float[][] planes = ground.planes();
        double reachX = width / unit / 2;
        double reachY = height / unit / 2;
        Pose whole = Pose.upright(unit, width / 2.0, height / 2.0);
        layer.clear();
        layer.paint(Clutter.decoys(random, reachX, reachY), whole, null, 0);
        layer.paint(Clutter.specks(random, reachX, reachY), whole, null, 0);
        lay(planes);

        double scale = random.between(SMALLEST, LARGEST);
        double x = random.between(-1, 1) * Math.max(0.06, reachX - 0.05 - scale) * 0.9;
        double y = random.between(-1, 1) * Math.max(0.06, reachY - 0.05 - scale) * 0.9;
        Pose pose = Pose.of(random, thing.turn(random), scale * unit, width / 2.0 + x * unit,
                height / 2.0 + y * unit);
        float[] edge = null;
        if (random.chance(0.45)) {
            boolean dark = random.chance(0.75);
            edge = Palette.hsv(random.nextDouble(), random.between(0, 0.5),
                    dark ? random.between(0, 0.3) : random.between(0.9, 1));
        }
        double edgeWidth = random.between(0.008, 0.022) * unit;
        layer.clear();
        layer.paint(thing.parts(random), pose, edge, edgeWidth);
        light(random, x, y, scale);
        if (random.chance(0.5)) {
            shade(random, planes);
        }
        contrast(planes);
        lay(planes);
        System.arraycopy(layer.alpha, 0, shadow, 0, shadow.length);

        layer.clear();
        List<Part> covers = Clutter.covers(random, x, y, scale);
        layer.paint(covers, whole, null, 0);
        for (int i = 0; mask != null && i < mask.length; i++) {
            mask[i] = (byte) (255 * shadow[i] * (1 - layer.alpha[i]) + 0.5f);
        }
        layer.paint(Clutter.scratches(random, reachX, reachY), whole, null, 0);
        lay(planes);
        Wear.apply(random, planes, scratch, width, height);
        return bytes(planes);
    }

    /** Lays the layer over the planes. */
    private void lay(float[][] planes) {
        for (int c = 0; c < 3; c++) {
            float[] plane = planes[c];
            float[] over = layer.colour[c];
            for (int i = 0; i < plane.length; i++) {
                plane[i] = plane[i] * (1 - layer.alpha[i]) + over[i];
            }
        }
    }

    /** Light from one side, at times a highlight and a texture. */
    private void light(RandomStream random, double x, double y, double scale) {
        double angle = random.between(0, 2 * Math.PI);
        double slope = random.between(0, 0.3);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        double highlight = random.chance(0.35) ? random.between(0.1, 0.3) : 0;
        double texture = random.chance(0.25) ? random.between(0.05, 0.15) : 0;
        double often = random.between(2, 6.5);
        boolean crossed = random.chance(0.5);
        for (int row = 0; row < height; row++) {
            double v = (row + 0.5 - height / 2.0) / unit;
            for (int column = 0; column < width; column++) {
                int i = row * width + column;
                if (layer.alpha[i] == 0) {
                    continue;
                }
                double u = (column + 0.5 - width / 2.0) / unit;
                double factor = 1 + slope * (cos * (u - x) + sin * (v - y));
                double du = u - x + 0.3 * scale;
                double dv = v - y + 0.3 * scale;
                factor += highlight * Math.max(0, 1 - (du * du + dv * dv) / 0.25);
                if (texture > 0) {
                    double wave = Ground.wave(often * (u * cos + v * sin));
                    factor += texture * (crossed ? wave * Ground.wave(often * (v * cos - u * sin)) : wave);
                }
                for (int c = 0; c < 3; c++) {
                    layer.colour[c][i] = Math.min(layer.alpha[i], layer.colour[c][i] * (float) factor);
                }
            }
        }
    }

    /** Darkens what lies behind the thing by its soft, shifted outline. */
    private void shade(RandomStream random, float[][] planes) {
        int radius = (int) Math.max(1, Math.round(random.between(0.02, 0.08) * unit));
        int dx = (int) Math.round(random.between(-0.08, 0.08) * unit);
        int dy = (int) Math.round(random.between(-0.08, 0.08) * unit);
        float strength = (float) random.between(0.2, 0.6);
        boxBlur(layer.alpha, scratch, radius, width, height, 1, width);
        boxBlur(scratch, shadow, radius, height, width, width, 1);
        for (int y = 0; y < height; y++) {
            int from = Math.min(height - 1, Math.max(0, y - dy)) * width;
            for (int x = 0; x < width; x++) {
                float keep = 1 - strength * shadow[from + Math.min(width - 1, Math.max(0, x - dx))];
                for (float[] plane : planes) {
                    plane[y * width + x] *= keep;
                }
            }
        }
    }

    /** The mean of 2 radius + 1 neighbours along each line; outside there is nothing. */
    private static void boxBlur(float[] from, float[] to, int radius, int length, int lines, int step, int lineStep) {
        float part = 1f / (2 * radius + 1);
        for (int line = 0; line < lines; line++) {
            int start = line * lineStep;
            float sum = 0;
            for (int i = 0; i < Math.min(radius, length); i++) {
                sum += from[start + i * step];
            }
            for (int i = 0; i < length; i++) {
                sum += i + radius < length ? from[start + (i + radius) * step] : 0;
                to[start + i * step] = Math.max(0, sum * part);
                sum -= i - radius >= 0 ? from[start + (i - radius) * step] : 0;
            }
        }
    }

    private void contrast(float[][] planes) {
        double[] difference = new double[3];
        int solid = 0;
        for (int i = 0; i < layer.alpha.length; i++) {
            if (layer.alpha[i] > 0.5f) {
                solid++;
                for (int c = 0; c < 3; c++) {
                    difference[c] += layer.colour[c][i] / layer.alpha[i] - planes[c][i];
                }
            }
        }
        double most = 0;
        for (double d : difference) {
            most = Math.max(most, Math.abs(d) / Math.max(1, solid));
        }
        if (most < LEAST_CONTRAST) {
            for (float[] plane : planes) {
                for (int i = 0; i < plane.length; i++) {
                    plane[i] = 1 - plane[i];
                }
            }
        }
    }

    private RgbImage bytes(float[][] planes) {
        byte[] samples = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            for (int c = 0; c < 3; c++) {
                samples[3 * i + c] = (byte) (Math.min(1, Math.max(0, planes[c][i])) * 255 + 0.5f);
            }
        }
        return new RgbImage(width, height, samples);
    }
}
