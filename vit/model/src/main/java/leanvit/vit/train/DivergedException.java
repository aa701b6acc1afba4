package leanvit.vit.train;

/**
 * A loss or gradient is not finite: training stops before the values are touched, so that they, and the last
 * checkpoint, are the last good state.
 */
public final class DivergedException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    private final long step;
    private final String picture;
    private final String layer;

    /**
     * Makes the message.
     *
     * @param step    counted from 1
     * @param picture the first of the batch that is affected; empty where none is known
     * @param layer   the first whose result is not finite
     */
    DivergedException(long step, String picture, String layer) {
        super("step " + step + ": the loss is no longer a finite number; first in " + layer
                + (picture.isEmpty() ? "" : ", with picture " + picture)
                + "; nothing of this step was kept (a smaller learning rate may help)");
        this.step = step;
        this.picture = picture;
        this.layer = layer;
    }

    /** Returns the step, counted from 1. */
    public long step() {
        return step;
    }

    /** Returns the first picture that is affected; empty where none is known. */
    public String picture() {
        return picture;
    }

    /** Returns the first layer whose result is not finite. */
    public String layer() {
        return layer;
    }
}
