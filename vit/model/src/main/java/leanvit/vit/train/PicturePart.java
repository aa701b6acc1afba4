package leanvit.vit.train;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import leanvit.vit.data.LabelledPictures;

/** Some of a source's pictures, chosen by a seed over all classes together, as where a class has a single picture. */
public final class PicturePart implements TrainingPictures {

    private static final int SPLIT = 5;

    private final TrainingPictures source;
    private final int[] chosen;

    private PicturePart(TrainingPictures source, int[] chosen) {
        this.source = source;
        this.chosen = chosen;
    }

    /**
     * Returns two parts that together are all pictures, or at most {@code limit} of them: those to learn from and those
     * to hold out. Each is in the source's order.
     *
     * @param heldOut the share to hold out, 0 to below 1
     * @param limit   at least 1
     * @throws IllegalArgumentException if nothing would be left to learn from
     */
    public static List<PicturePart> split(TrainingPictures source, double heldOut, int limit, long seed) {
        int[][] parts = split(source.size(), heldOut, limit, seed);
        return List.of(new PicturePart(source, parts[0]), new PicturePart(source, parts[1]));
    }

    /**
     * Returns the pictures that {@link #split} would hold out of all of these, to try on them what was learnt from the
     * others.
     *
     * @throws IllegalArgumentException if none would be left to learn from, or none is held out
     */
    public static LabelledPictures heldOut(LabelledPictures pictures, double heldOut, long seed) {
        int[] held = split(pictures.size(), heldOut, Integer.MAX_VALUE, seed)[1];
        if (held.length == 0) {
            throw new IllegalArgumentException("of " + pictures.size() + " pictures none is held out");
        }
        return pictures.some(held);
    }

    private static int[][] split(int pictures, double heldOut, int limit, long seed) {
        int[] order = new int[pictures];
        Arrays.setAll(order, i -> i);
        RandomStream.of(seed, SPLIT).shuffle(order);
        int size = Math.min(limit, order.length);
        int out = (int) Math.round(heldOut * size);
        if (out >= size) {
            throw new IllegalArgumentException("of " + size + " pictures " + out + " are held out: none is left to "
                    + "learn from");
        }
        int[] rest = Arrays.copyOfRange(order, out, size);
        int[] held = Arrays.copyOf(order, out);
        Arrays.sort(rest);
        Arrays.sort(held);
        return new int[][] {rest, held};
    }

    @Override
    public List<String> labels() {
        return source.labels();
    }

    @Override
    public int size() {
        return chosen.length;
    }

    @Override
    public String name(int picture) {
        return source.name(chosen[picture]);
    }

    @Override
    public TrainingSample sample(int epoch, int picture) throws IOException {
        return source.sample(epoch, chosen[picture]);
    }
}
