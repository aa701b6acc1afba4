package leanvit.vit.grad;

/**
 * What training with masks gives to a block's attention and takes from it, beside the tokens: arrays of B images, each
 * from index 0, or null where it is not needed. B·N values each, but {@link #dMeanKeys}.
 */
public final class AttentionSide {

    /** Given forward: added to each key's scores, such as ln(size) of its token. */
    public float[] keyBias;
    /** Given forward: each key's mask. */
    public float[] mask;
    /** Taken forward: each key's share of attention, the mean over heads and queries (LTMP's importance). */
    public float[] columnMeans;
    /** Given backward: the gradient of {@link #columnMeans}. */
    public float[] dColumnMeans;
    /** Given backward: the gradient of the keys' mean over heads, [B, N, d]. */
    public float[] dMeanKeys;
    /** Taken backward: the gradient of {@link #mask}. */
    public float[] dMask;
    /** Taken backward: the gradient of {@link #keyBias}. */
    public float[] dKeyBias;
}
