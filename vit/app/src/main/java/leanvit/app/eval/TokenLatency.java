package leanvit.app.eval;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleConsumer;
import leanvit.vit.Inference;
import leanvit.vit.weights.VitConfig;

/**
 * Measures L(n), how long a pass takes with n tokens, on this machine with this model, batch and threads (Eliopoulos et
 * al., "Pruning One More Token is Enough", WACV 2025).
 *
 * <p>The input is random normal. Patches are dropped at random between the embedding and block 0, and all blocks run
 * with what is left. After a warm-up, rounds go over all token counts, each in an order of its own and with one pass
 * per count, so that whatever else the machine does falls upon all counts alike.
 */
public final class TokenLatency {

    private static final long SEED = 1;
    private static final int LEAST_ROUNDS = 15;
    private static final double NANOS = 1e9;
    /** C2 has compiled a model's kernels after about a second. */
    private static final double WARM_UP_SECONDS = 2;

    private TokenLatency() {
    }

    /**
     * Measures.
     *
     * @param run      the model, on the threads to use; its reducer is not looked at
     * @param counts   token counts, prefix included, as {@link Calibration#counts} gives them
     * @param batch    images per pass, at least 1
     * @param seconds  how long to measure each count, above 0; there are at least {@value #LEAST_ROUNDS} rounds in any
     *                 case
     * @param progress is told after each round what share is done, to 1
     * @return milliseconds, [counts][rounds]: outliers are still there
     * @throws IllegalArgumentException if a count is not one of the model's or a number is out of range
     */
    public static double[][] measure(Inference run, List<Integer> counts, int batch, double seconds,
            DoubleConsumer progress) {
        Calibration.checkCounts(counts, run.model().shape());
        if (batch < 1 || !(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("batch is " + batch + ", expected 1 or more; seconds are " + seconds
                    + ", expected more than 0");
        }
        RandomPruning pruning = new RandomPruning(run.model().shape());
        Inference pruned = run.with(pruning);
        VitConfig config = run.model().config();
        Random random = new Random(SEED);
        float[] pixels = new float[Math.multiplyExact(batch, 3 * config.imageHeight() * config.imageWidth())];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            order.add(i);
        }
        double[] times = new double[counts.size()];
        long start = System.nanoTime();
        do {
            round(pruned, pruning, counts, order, pixels, batch, times);
        } while (System.nanoTime() - start < WARM_UP_SECONDS * NANOS);

        List<double[]> rounds = new ArrayList<>();
        double budget = seconds * counts.size() * NANOS;
        start = System.nanoTime();
        double share = 0;
        while (share < 1) {
            Collections.shuffle(order, random);
            double[] round = new double[counts.size()];
            round(pruned, pruning, counts, order, pixels, batch, round);
            rounds.add(round);
            share = Math.min((System.nanoTime() - start) / budget, (double) rounds.size() / LEAST_ROUNDS);
            progress.accept(Math.min(1, share));
        }
        double[][] samples = new double[counts.size()][rounds.size()];
        for (int r = 0; r < rounds.size(); r++) {
            for (int i = 0; i < samples.length; i++) {
                samples[i][r] = rounds.get(r)[i];
            }
        }
        return samples;
    }

    private static void round(Inference pruned, RandomPruning pruning, List<Integer> counts, List<Integer> order,
                              float[] pixels, int batch, double[] milliseconds) {
        for (int i : order) {
            pruning.set(counts.get(i), SEED);
            long start = System.nanoTime();
            pruned.logits(pixels, batch);
            milliseconds[i] = (System.nanoTime() - start) / 1e6;
        }
    }
}
