package leanvit.vit.pass;

import java.util.Arrays;

/**
 * Token rows of a batch of images, one image after another, each with as many tokens as it has left ("ragged"): image b
 * has the rows {@code start(b)} to {@code start(b + 1)}. Where a reducer tracks sizes, each token has one, and its
 * logarithm.
 */
public final class TokenBatch {

    /** Logarithms of the small whole numbers that sizes are. */
    private static final float[] LOG = new float[1025];

    static {
        for (int i = 0; i < LOG.length; i++) {
            LOG[i] = (float) Math.log(i);
        }
    }

    private final int width;
    private int images;
    private int[] starts = new int[1];
    private float[] rows = {};
    private int base;
    private float[] sizes = {};
    private float[] logSizes = {};
    /** Null where positions are a matter of the embedding alone. */
    private final Places places;

    public TokenBatch(PackedVit model) {
        width = model.shape().width();
        places = model.hasPlaces() ? new Places(model.config().gridColumns(), model.turns()) : null;
    }

    /**
     * Makes room for {@code images} of up to {@code tokens} tokens each; starts are not set but the first.
     *
     * @param rows where the rows are to lie, from {@code base} on
     */
    void reset(int images, int tokens, boolean sized, float[] rows, int base) {
        this.images = images;
        this.rows = rows;
        this.base = base;
        if (starts.length < images + 1) {
            starts = new int[images + 1];
        }
        starts[0] = 0;
        int total = Math.multiplyExact(images, tokens);
        if (places != null) {
            places.reset(images, total);
        }
        if (sized && sizes.length < total) {
            sizes = new float[total];
            logSizes = new float[total];
        }
    }

    /** Sets how many tokens image {@code image} has; images are counted in their order. */
    public void count(int image, int tokens) {
        starts[image + 1] = starts[image] + tokens;
    }

    /** Puts an image's patches at their places; its tokens are counted before. */
    public void placePatches(int image, int prefix) {
        if (places != null) {
            places.begin(image, starts[image], count(image), prefix);
        }
    }

    /** Returns where tokens are; null where the model does not ask. */
    Places places() {
        return places;
    }

    /** Gives all tokens size 1. */
    public void unitSizes() {
        Arrays.fill(sizes, 0, starts[images], 1f);
        Arrays.fill(logSizes, 0, starts[images], 0f);
    }

    /** Works out the logarithms of an image's sizes. */
    void takeLogs(int image) {
        for (int i = starts[image]; i < starts[image + 1]; i++) {
            float size = sizes[i];
            int whole = (int) size;
            logSizes[i] = whole == size && whole < LOG.length ? LOG[whole] : (float) Math.log(size);
        }
    }

    public int images() {
        return images;
    }

    public int start(int image) {
        return starts[image];
    }

    public int count(int image) {
        return starts[image + 1] - starts[image];
    }

    /** Returns the array of rows; image b's first channel stands at {@link #offset}{@code (b)}. */
    public float[] rows() {
        return rows;
    }

    public int offset(int image) {
        return base + starts[image] * width;
    }

    public float[] sizes() {
        return sizes;
    }

    float[] logSizes() {
        return logSizes;
    }
}
