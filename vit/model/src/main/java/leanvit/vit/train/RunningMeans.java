package leanvit.vit.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A run's means over its last steps, and its speed. */
final class RunningMeans {

    private final long steps;
    private final long first;
    private final long began = System.nanoTime();
    private double loss;
    private double accuracy;
    private double weight;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private long images;

    /**
     * Begins.
     *
     * @param steps of the whole run
     * @param first steps that were done before
     */
    RunningMeans(long steps, long first) {
        this.steps = steps;
        this.first = first;
    }

    /** Takes in a step on pictures that were not seen in this run before. */
    void add(double stepLoss, int right, int count, Map<String, Double> more) {
        mean(stepLoss, right, count, more);
        saw(count);
    }

    /** Counts pictures that were read and run. */
    void saw(int count) {
        images += count;
    }

    /** Takes a step into the means: older ones fade, as if the last {@link TrainingProgress#WINDOW} were counted. */
    void mean(double stepLoss, int right, int count, Map<String, Double> more) {
        double keep = 1 - 1.0 / TrainingProgress.WINDOW;
        weight = weight * keep + 1;
        loss += (stepLoss - loss) / weight;
        accuracy += ((double) right / count - accuracy) / weight;
        more.forEach((name, value) -> {
            double before = figures.getOrDefault(name, value);
            figures.put(name, before + (value - before) / weight);
        });
    }

    TrainingProgress progress(long step, int epoch, int epochs, double rate, int skipped) {
        double seconds = (System.nanoTime() - began) / 1e9;
        return new TrainingProgress(step, steps, epoch, epochs, loss, accuracy, rate, images / seconds,
                seconds / Math.max(1, step - first) * (steps - step), skipped,
                Collections.unmodifiableMap(new LinkedHashMap<>(figures)));
    }
}
