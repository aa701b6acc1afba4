package leanvit.app.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.reducers.PomtSchedule;

/** The measurements behind a {@link Calibration}, and what draws from them with replacement (the bootstrap) tell. */
final class CalibrationSamples {

    private static final int DRAWS = 1000;
    private static final double UNDECIDED_SHARE = 0.05;
    private static final long SEED = 1;

    private final List<Integer> counts;
    /** Without outliers, ascending. */
    private final double[][] latency;
    private final boolean[][] right;
    private final double alpha;

    CalibrationSamples(List<Integer> counts, double[][] latency, boolean[][] right, double alpha) {
        this.counts = counts;
        this.latency = new double[latency.length][];
        Arrays.setAll(this.latency, i -> Samples.withoutOutliers(latency[i]));
        this.right = right;
        this.alpha = alpha;
    }

    int pictures() {
        return right == null ? 0 : right[0].length;
    }

    double latency(int i) {
        return Samples.quantile(latency[i], 0.5);
    }

    double latencyIqr(int i) {
        return Samples.quantile(latency[i], 0.75) - Samples.quantile(latency[i], 0.25);
    }

    double accuracy(int i) {
        int sum = 0;
        for (boolean one : right[i]) {
            sum += one ? 1 : 0;
        }
        return (double) sum / right[i].length;
    }

    PomtSchedule schedule() {
        return schedule(latencies(), accuracies());
    }

    private List<Double> latencies() {
        List<Double> medians = new ArrayList<>();
        for (int i = 0; i < latency.length; i++) {
            medians.add(latency(i));
        }
        return medians;
    }

    private List<Double> accuracies() {
        List<Double> shares = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            // Without pictures alpha is 1, and accuracy has no weight.
            shares.add(right == null ? 1.0 : accuracy(i));
        }
        return shares;
    }

    private PomtSchedule schedule(List<Double> latencies, List<Double> accuracies) {
        return PomtSchedule.of(counts, latencies, accuracies, alpha);
    }

    /** Returns the rivals of n* that draws of the latencies put before it, descending. */
    List<Integer> latencyRivals(PomtSchedule found) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Double> accuracies = accuracies();
        List<PomtSchedule> draws = new ArrayList<>();
        for (int draw = 0; draw < DRAWS; draw++) {
            List<Double> latencies = new ArrayList<>();
            for (double[] samples : latency) {
                latencies.add(drawnMedian(samples, random));
            }
            draws.add(schedule(latencies, accuracies));
        }
        return rivals(found, draws);
    }

    /** Returns the rivals of n* that draws of the pictures put before it, descending. */
    List<Integer> pictureRivals(PomtSchedule found) {
        if (right == null) {
            return List.of();
        }
        SplittableRandom random = new SplittableRandom(SEED);
        List<Double> latencies = latencies();
        List<PomtSchedule> draws = new ArrayList<>();
        int[] times = new int[pictures()];
        for (int draw = 0; draw < DRAWS; draw++) {
            Arrays.fill(times, 0);
            for (int i = 0; i < times.length; i++) {
                times[random.nextInt(times.length)]++;
            }
            List<Double> accuracies = new ArrayList<>();
            boolean some = false;
            for (boolean[] row : right) {
                int sum = 0;
                for (int i = 0; i < row.length; i++) {
                    sum += row[i] ? times[i] : 0;
                }
                accuracies.add((double) sum / row.length);
                some |= sum > 0;
            }
            if (some) {
                draws.add(schedule(latencies, accuracies));
            }
        }
        return rivals(found, draws);
    }

    /** Returns the median of as many samples, drawn with replacement from ascending ones. */
    private static double drawnMedian(double[] sorted, SplittableRandom random) {
        int[] times = new int[sorted.length];
        for (int i = 0; i < sorted.length; i++) {
            times[random.nextInt(sorted.length)]++;
        }
        double[] drawn = new double[sorted.length];
        int next = 0;
        for (int i = 0; i < sorted.length; i++) {
            Arrays.fill(drawn, next, next + times[i], sorted[i]);
            next += times[i];
        }
        return Samples.quantile(drawn, 0.5);
    }

    private List<Integer> rivals(PomtSchedule found, List<PomtSchedule> draws) {
        List<Integer> rivals = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            if (i == found.best() || !isLocalMaximum(found.utility(), i)) {
                continue;
            }
            int above = 0;
            for (PomtSchedule draw : draws) {
                above += draw.utility().get(i) > draw.utility().get(found.best()) ? 1 : 0;
            }
            if (above > UNDECIDED_SHARE * draws.size()) {
                rivals.add(counts.get(i));
            }
        }
        return rivals;
    }

    private static boolean isLocalMaximum(List<Double> utility, int i) {
        return (i == 0 || utility.get(i) >= utility.get(i - 1))
                && (i == utility.size() - 1 || utility.get(i) >= utility.get(i + 1));
    }
}
