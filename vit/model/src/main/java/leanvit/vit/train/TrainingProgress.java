package leanvit.vit.train;

import java.util.Map;

/**
 * Where a run stands after a step.
 *
 * @param step            steps done, of all; of a run that was resumed too
 * @param steps           steps of the whole run
 * @param epoch           counted from 0
 * @param epochs          of the whole run
 * @param loss            mean over the last {@value #WINDOW} steps or so
 * @param accuracy        share of the pictures whose likeliest class was right, over the same steps
 * @param rate            the step's learning rate
 * @param imagesPerSecond since the run began or was resumed
 * @param secondsLeft     at that speed
 * @param skipped         pictures left out because they could not be read
 * @param figures         what else a method has to say, by name, such as {@code r_flops}; in an order
 */
public record TrainingProgress(long step, long steps, int epoch, int epochs, double loss, double accuracy, double rate,
                               double imagesPerSecond, double secondsLeft, int skipped, Map<String, Double> figures) {

    /** Steps that the running means look back on. */
    public static final int WINDOW = 50;
}
