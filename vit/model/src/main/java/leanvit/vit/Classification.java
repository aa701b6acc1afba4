package leanvit.vit;

import java.util.List;

/**
 * What a model says about a picture, and what it took. The arrays were made for this record, and nothing else holds
 * them.
 *
 * @param predictions the likeliest classes, likeliest first
 * @param logits      the classifier's output, a value per class, as {@link Inference#logits} gives it; empty for a
 *                    model without a classifier
 * @param embedding   the feature vector, [C], as {@link Inference#features} gives it
 * @param tokens      tokens of this picture after each block, prefix tokens included
 * @param macs        multiply-accumulates that this picture took, as {@link Macs} counts them
 */
public record Classification(List<Prediction> predictions, float[] logits, float[] embedding, int[] tokens,
        long macs) {
}
