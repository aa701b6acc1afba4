package leanvit.vit;

import java.util.List;

/**
 * What a model says about a picture, and what it took.
 *
 * @param predictions the likeliest classes, likeliest first
 * @param tokens      tokens of this picture after each block, prefix tokens included
 * @param macs        multiply-accumulates that this picture took, as {@link Macs} counts them
 */
public record Classification(List<Prediction> predictions, int[] tokens, long macs) {
}
