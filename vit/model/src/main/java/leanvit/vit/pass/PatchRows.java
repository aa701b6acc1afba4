package leanvit.vit.pass;

import leanvit.reducers.TokenMap;
import leanvit.vit.weights.VitConfig;

/**
 * A row for every patch of a batch, whatever became of its token: the row of the token that it is in at the end, or,
 * where that was dropped, the row that it had then.
 */
public final class PatchRows {

    private final PackedVit model;
    private final int prefix;
    private final int patches;
    private final int width;
    private float[] rows;
    private boolean[] dropped;

    public PatchRows(PackedVit model) {
        this.model = model;
        prefix = model.shape().prefix();
        patches = model.shape().patches();
        width = model.shape().width();
    }

    /**
     * Begins a pass.
     *
     * @throws IllegalArgumentException if one array cannot hold the rows; the message says which batch fits
     */
    public void begin(int images) {
        VitConfig config = model.config();
        long length = (long) images * patches * width;
        if (length > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a batch of " + images + " images has more dense features than one "
                    + "array holds, " + config.gridRows() + " x " + config.gridColumns() + " x " + width
                    + " each; a batch of " + (Integer.MAX_VALUE - 8) / ((long) patches * width) + " fits");
        }
        rows = new float[(int) length];
        dropped = new boolean[images * patches];
    }

    /**
     * Keeps the rows of an image's tokens that a map drops.
     *
     * @param before     the tokens that the map was made for
     * @param assignment for each token of the unreduced image, the one of these that it is in, or -1
     */
    public void keepDropped(int image, TokenBatch before, TokenMap map, int[] assignment) {
        for (int patch = 0; patch < patches; patch++) {
            int token = assignment[prefix + patch];
            if (token != TokenMap.DROPPED && map.target(token) == TokenMap.DROPPED) {
                dropped[image * patches + patch] = true;
                copy(image, patch, before, token);
            }
        }
    }

    /** Takes the rows of an image's last tokens, and norms all. */
    public void finish(int image, TokenBatch last, int[] assignment) {
        for (int patch = 0; patch < patches; patch++) {
            if (assignment[prefix + patch] != TokenMap.DROPPED) {
                copy(image, patch, last, assignment[prefix + patch]);
            }
        }
        if (model.norm() != null) {
            int offset = image * patches * width;
            model.norm().rows(rows, offset, width, patches, rows, offset, width);
        }
    }

    private void copy(int image, int patch, TokenBatch from, int token) {
        System.arraycopy(from.rows(), from.offset(image) + token * width, rows, (image * patches + patch) * width,
                width);
    }

    /** Returns the rows, [images, patches, C]. */
    public float[] rows() {
        return rows;
    }

    /** Returns whether each patch's token was dropped, [images, patches]. */
    public boolean[] dropped() {
        return dropped;
    }
}
