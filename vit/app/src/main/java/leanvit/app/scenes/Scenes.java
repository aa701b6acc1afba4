package leanvit.app.scenes;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import leanvit.vit.image.RgbImage;
import leanvit.vit.train.RandomStream;
import leanvit.vit.train.TrainingSample;

/**
 * Pictures without end of sixteen things, each made by the seed and its number alone: the same pixels every time, on
 * every JDK, in any order. Clutter, light, pose, what stands before the thing, and wear vary. Safe for use by several
 * threads at once.
 */
public final class Scenes {

    /** The size that the demo model sees. */
    public static final int USUAL_SIZE = 96;
    /** Sides beyond which nothing is drawn. */
    public static final int MAX_SIZE = 4096;
    /** The least side on which things can be told apart. */
    public static final int MIN_SIZE = 16;

    private final int width;
    private final int height;
    private final long seed;
    private final ConcurrentLinkedDeque<SceneDrawer> idle = new ConcurrentLinkedDeque<>();

    /**
     * Makes the pictures of a seed.
     *
     * @param width  columns, {@value #MIN_SIZE} to {@value #MAX_SIZE}
     * @param height rows, {@value #MIN_SIZE} to {@value #MAX_SIZE}
     */
    public Scenes(int width, int height, long seed) {
        if (Math.min(width, height) < MIN_SIZE || Math.max(width, height) > MAX_SIZE) {
            throw new IllegalArgumentException("pictures of " + width + " x " + height + " pixels, expected sides from "
                    + MIN_SIZE + " to " + MAX_SIZE);
        }
        this.width = width;
        this.height = height;
        this.seed = seed;
    }

    /** Returns the classes' names. */
    public static List<String> labels() {
        return Thing.all().stream().map(Thing::label).toList();
    }

    /** Returns a picture's class: one after another, so that any run of sixteen has them all. */
    public static int label(long picture) {
        return (int) Math.floorMod(picture, (long) Thing.all().size());
    }

    /** Draws a picture. */
    public RgbImage picture(long picture) {
        return picture(picture, null);
    }

    /** Draws a picture, with its class and where the thing is. */
    public TrainingSample sample(long picture) {
        byte[] mask = new byte[width * height];
        return new TrainingSample(picture(picture, mask), label(picture), mask);
    }

    private RgbImage picture(long picture, byte[] mask) {
        SceneDrawer drawer = idle.pollFirst();
        if (drawer == null) {
            drawer = new SceneDrawer(width, height);
        }
        try {
            return drawer.draw(Thing.all().get(label(picture)), RandomStream.of(seed, picture),
                    mask);
        } finally {
            idle.offerFirst(drawer);
        }
    }
}
