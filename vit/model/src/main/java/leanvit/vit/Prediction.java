package leanvit.vit;

/**
 * A class that a picture may show.
 *
 * @param index       the class, counted from 0
 * @param label       its name; empty where the model names none
 * @param probability softmax of the model's logits, or, of a model for several labels at once or of a single
 *                    output, the sigmoid of its own, 0 to 1; NaN where a logit is NaN
 */
public record Prediction(int index, String label, double probability) {
}
