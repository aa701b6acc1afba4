package leanvit.vit;

import java.util.Objects;

/**
 * A class that a picture may show.
 *
 * @param index       the class, counted from 0
 * @param label       its name, never null; empty where the model names none
 * @param probability softmax of the model's logits, or, of a model for several labels at once or of a single
 *                    output, the sigmoid of its own, 0 to 1; NaN where a logit is NaN
 */
public record Prediction(int index, String label, double probability) {

    /**
     * Checks the label.
     *
     * @throws NullPointerException if it is null
     */
    public Prediction {
        Objects.requireNonNull(label, "label");
    }
}
