package leanvit.reducers;

import java.util.List;

/**
 * POMT's choice of how many tokens to prune, from measured latency and accuracy over the token count (Eliopoulos et
 * al., "Pruning One More Token is Enough", WACV 2025):
 *
 * <pre>{@code
 * U(n)  = alpha (1 - L(n) / max L) + (1 - alpha) A(n) / max A
 * n*    = the n of the largest U, the first one on ties: the largest n, as the grid descends
 * R     = N - n*, at least 0
 * }</pre>
 *
 * <p>Where latency is a staircase in n, U peaks just below a step: removing a few tokens more there saves a whole step.
 * U does not change when L or A is multiplied by a constant.
 *
 * @param counts  the grid of total token counts n (prefix included), in the order given
 * @param utility U of each
 * @param best    the index of n* in both
 */
public record PomtSchedule(List<Integer> counts, List<Double> utility, int best) {

    /** Copies the lists. */
    public PomtSchedule {
        counts = List.copyOf(counts);
        utility = List.copyOf(utility);
    }

    /**
     * Computes utility and n*.
     *
     * @param counts   total token counts, descending, each at least 1
     * @param latency  L(n), any unit, greater than 0
     * @param accuracy A(n), any unit, at least 0 and not 0 everywhere
     * @param alpha    the weight of latency, 0 (accuracy alone) to 1 (latency alone)
     * @throws IllegalArgumentException naming the value that is not so
     */
    public static PomtSchedule of(List<Integer> counts, List<Double> latency, List<Double> accuracy, double alpha) {
        int n = counts.size();
        if (n == 0 || latency.size() != n || accuracy.size() != n) {
            throw new IllegalArgumentException(n + " token counts, " + latency.size() + " latencies, " + accuracy.size()
                    + " accuracies: each count needs one of both, and one count is the least");
        }
        if (!(alpha >= 0 && alpha <= 1)) {
            throw new IllegalArgumentException("alpha " + alpha + " is not from 0 to 1");
        }
        double maxLatency = 0;
        double maxAccuracy = 0;
        for (int i = 0; i < n; i++) {
            checkPoint(counts, i, latency.get(i), accuracy.get(i));
            maxLatency = Math.max(maxLatency, latency.get(i));
            maxAccuracy = Math.max(maxAccuracy, accuracy.get(i));
        }
        if (maxAccuracy == 0) {
            throw new IllegalArgumentException("accuracy is 0 at every token count: there is nothing to weigh");
        }
        Double[] utility = new Double[n];
        int best = 0;
        for (int i = 0; i < n; i++) {
            utility[i] = alpha * (1 - latency.get(i) / maxLatency) + (1 - alpha) * (accuracy.get(i) / maxAccuracy);
            if (utility[i] > utility[best]) {
                best = i;
            }
        }
        return new PomtSchedule(counts, List.of(utility), best);
    }

    private static void checkPoint(List<Integer> counts, int i, double latency, double accuracy) {
        if (counts.get(i) < 1 || i > 0 && counts.get(i) >= counts.get(i - 1)) {
            throw new IllegalArgumentException("token count " + counts.get(i) + " at " + i
                    + ": counts are at least 1 and descend");
        }
        if (!(latency > 0 && latency < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "latency " + latency + " at " + counts.get(i) + " tokens is not above 0");
        }
        if (!(accuracy >= 0 && accuracy < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "accuracy " + accuracy + " at " + counts.get(i) + " tokens is not at least 0");
        }
    }

    /** Returns n*, the total token count with the largest utility. */
    public int bestCount() {
        return counts.get(best);
    }

    /**
     * Returns R, so that exactly n* of the model's tokens are left: N - n*, at least 0.
     *
     * @param tokens N, the tokens of an unreduced image, prefix included
     */
    public int exactR(int tokens) {
        return Math.max(0, tokens - bestCount());
    }

    /**
     * Returns R as the authors' program has it, {@code n0 - (n* + P)}: two fewer than asked for where P is 1, and -1
     * for the largest count of its grid.
     *
     * @param patches n0, the patches of an unreduced image
     * @param prefix  P, its prefix tokens
     */
    public int upstreamR(int patches, int prefix) {
        return patches - (bestCount() + prefix);
    }
}
