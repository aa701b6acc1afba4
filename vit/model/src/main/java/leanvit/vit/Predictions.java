package leanvit.vit;

import java.util.ArrayList;
import java.util.List;
import leanvit.kernels.ArgSort;

/** Turns logits into the likeliest classes. */
final class Predictions {

    private Predictions() {
    }

    /**
     * Returns the likeliest classes.
     *
     * @param logits  a value per class
     * @param labels  the classes' names, or none
     * @param sigmoid whether each class's probability is its own, rather than a share of all
     * @param top     how many, 0 to all
     */
    static List<Prediction> of(float[] logits, List<String> labels, boolean sigmoid, int top) {
        if (top == 0) {
            return List.of();
        }
        int[] order = new int[top];
        ArgSort.topK(logits, 0, logits.length, top, order, 0, new long[logits.length]);
        double largest = logits[order[0]];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        List<Prediction> predictions = new ArrayList<>(top);
        for (int index : order) {
            predictions.add(new Prediction(index, labels.isEmpty() ? "" : labels.get(index),
                    sigmoid ? 1 / (1 + Math.exp(-(double) logits[index])) : Math.exp(logits[index] - largest) / sum));
        }
        return List.copyOf(predictions);
    }
}
