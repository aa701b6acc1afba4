package leanvit.vit;

/**
 * What a {@link Classifier} did in one batch. The array was made for this record.
 *
 * @param model       the model's architecture, such as {@code deit_tiny_patch16_224}
 * @param reducer     the reducer's SPEC
 * @param pictures    pictures that went through the model
 * @param broken      pictures that could not be decoded
 * @param tokens      tokens of all these pictures together: before the first block, then after each block; the sums
 *                    that the model's time goes with
 * @param macs        multiply-accumulates of all these pictures together
 * @param waitNanos   from the call (in a {@link Batcher}, from the oldest picture's arrival) to its turn
 * @param decodeNanos decoding, of a PNG with the resize of its rows
 * @param resizeNanos resizing, cropping and normalising
 * @param modelNanos  the model, the reducer's own work included
 */
public record CallReport(String model, String reducer, int pictures, int broken, long[] tokens, long macs,
        long waitNanos, long decodeNanos, long resizeNanos, long modelNanos) {
}
