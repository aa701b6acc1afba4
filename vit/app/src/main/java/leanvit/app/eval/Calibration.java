package leanvit.app.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Pomt;
import leanvit.reducers.PomtSchedule;
import leanvit.reducers.Schedule;

/**
 * POMT's offline computation: how many tokens are worth their time (Eliopoulos et al., "Pruning One More Token is
 * Enough", WACV 2025). Measured latency L(n) and accuracy A(n) give the utility U(n), whose largest value is at n*;
 * {@link PomtSchedule} has the formulas.
 *
 * <pre>{@code
 * List<Integer> counts = Calibration.counts(shape, shape.tokens(), 2, 5);
 * double[][] latency = TokenLatency.measure(run, counts, 1, 0.5, share -> { });
 * boolean[][] right = TokenAccuracy.measure(run, preprocessing, counts, pictures.stratified(1024), 1, share -> { });
 * Calibration found = Calibration.of(shape, counts, latency, right, 0.5);
 * Inference faster = model.inference().with(found.pomt());
 * }</pre>
 *
 * <p>L(n) is the median of the samples that are no outliers (outside 1.5 interquartile ranges beyond the quartiles).
 * A(n) is the share of the pictures that are right.
 *
 * <p><b>Whether the measurement can decide.</b> n* is compared with its rivals: the other local maxima of U, which are
 * the other token counts that anybody would choose. The latency samples of every count are drawn again with
 * replacement, 1000 times, and U is computed from each draw. A rival whose U comes out above n*'s in more than 5 % of
 * the draws cannot be told from n*: {@link #latencyRivals}. The same with the pictures drawn again, the same draw for
 * every count: {@link #pictureRivals}. Where there are such rivals, {@link #warnings} says so. Counts beside n* that
 * are no local maxima are left out: to take one of them costs next to nothing.
 *
 * @param model          the model's shape
 * @param alpha          the weight of latency against accuracy, 0 to 1
 * @param pictures       pictures that accuracy was measured on; 0 for none
 * @param points         one measurement per token count, descending
 * @param schedule       utility and n*
 * @param latencyRivals  token counts that scattering latencies do not let be told from n*, descending
 * @param pictureRivals  token counts that so few pictures do not let be told from n*, descending
 */
public record Calibration(ModelShape model, double alpha, int pictures, List<Point> points, PomtSchedule schedule,
                          List<Integer> latencyRivals, List<Integer> pictureRivals) {

    /**
     * What was measured at one token count.
     *
     * @param tokens     n, prefix included
     * @param latency    L(n), milliseconds per pass
     * @param latencyIqr interquartile range of the samples behind it, milliseconds
     * @param accuracy   A(n), the share of the pictures that are right, 0 to 1; empty where there were none
     * @param utility    U(n)
     */
    public record Point(int tokens, double latency, double latencyIqr, OptionalDouble accuracy, double utility) {
    }

    /** Copies the lists. */
    public Calibration {
        points = List.copyOf(points);
        latencyRivals = List.copyOf(latencyRivals);
        pictureRivals = List.copyOf(pictureRivals);
    }

    /**
     * Returns a grid of token counts, {@code start}, {@code start - stride}, ..., down to {@code end}.
     *
     * @param start  the largest, prefix included; at most the model's tokens
     * @param end    a bound for the smallest; more than the prefix, at most {@code start}
     * @param stride at least 1
     * @throws IllegalArgumentException that names the number that is not so
     */
    public static List<Integer> counts(ModelShape model, int start, int end, int stride) {
        if (start > model.tokens()) {
            throw new IllegalArgumentException("start " + start + ": the model has " + model.tokens() + " tokens");
        }
        if (end <= model.prefix() || end > start) {
            throw new IllegalArgumentException("end " + end + ": expected from " + (model.prefix() + 1) + " to start, "
                    + start);
        }
        if (stride < 1) {
            throw new IllegalArgumentException("stride " + stride + ": expected 1 or more");
        }
        List<Integer> counts = new ArrayList<>();
        for (int n = start; n >= end; n -= stride) {
            counts.add(n);
        }
        return counts;
    }

    static void checkCounts(List<Integer> counts, ModelShape model) {
        for (int count : counts) {
            if (count <= model.prefix() || count > model.tokens()) {
                throw new IllegalArgumentException("token count " + count + ", expected from " + (model.prefix() + 1)
                        + " to the model's " + model.tokens());
            }
        }
    }

    /**
     * Chooses n*.
     *
     * @param counts  token counts n, prefix included, descending
     * @param latency samples, milliseconds above 0, [counts][any number, at least 1]
     * @param right   whether each picture was right, [counts][pictures]; null where accuracy was not measured, which
     *                alpha = 1 alone allows
     * @param alpha   the weight of latency, 0 (accuracy alone) to 1 (latency alone)
     * @throws IllegalArgumentException if lengths differ, a number is out of range, or no picture is right at any count
     */
    public static Calibration of(ModelShape model, List<Integer> counts, double[][] latency, boolean[][] right,
            double alpha) {
        checkCounts(counts, model);
        if (right == null && alpha < 1) {
            throw new IllegalArgumentException("alpha " + alpha + " weighs accuracy, which was not measured");
        }
        if (latency.length != counts.size() || right != null && right.length != counts.size()) {
            throw new IllegalArgumentException(counts.size() + " token counts, " + latency.length + " latencies"
                    + (right == null ? "" : ", " + right.length + " accuracies") + ": expected as many");
        }
        for (int i = 0; right != null && i < right.length; i++) {
            if (right[i].length == 0 || right[i].length != right[0].length) {
                throw new IllegalArgumentException(right[i].length + " pictures at " + counts.get(i) + " tokens, "
                        + right[0].length + " at " + counts.get(0) + ": expected the same ones, and at least one");
            }
        }
        CalibrationSamples samples = new CalibrationSamples(counts, latency, right, alpha);
        PomtSchedule schedule = samples.schedule();
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            points.add(new Point(counts.get(i), samples.latency(i), samples.latencyIqr(i),
                    right == null ? OptionalDouble.empty() : OptionalDouble.of(samples.accuracy(i)),
                    schedule.utility().get(i)));
        }
        return new Calibration(model, alpha, samples.pictures(), points, schedule, samples.latencyRivals(schedule),
                samples.pictureRivals(schedule));
    }

    /** Returns what was measured at n*. */
    public Point best() {
        return points.get(schedule.best());
    }

    /** Returns R, the tokens to prune so that exactly n* are left; at least 0. */
    public int r() {
        return schedule.exactR(model.tokens());
    }

    /** Returns the method set to R, at a quarter of the depth as in the paper (block 3 of 12). */
    public Pomt pomt() {
        return new Pomt(Schedule.oneBlock(r(), model.depth() / 4), false);
    }

    /** Returns a plain sentence for each reason why the measurement cannot decide; none where it can. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (!latencyRivals.isEmpty()) {
            warnings.add("the latencies scatter too much to tell " + best()
                    .tokens() + " tokens from " + listed(latencyRivals)
                    + ": measure longer, or on a machine with less to do");
        }
        if (!pictureRivals.isEmpty()) {
            warnings.add(pictures + (pictures == 1 ? " picture is" : " pictures are") + " too few to tell " + best()
                    .tokens()
                    + " tokens from " + listed(pictureRivals) + ": take more");
        }
        return warnings;
    }

    private static String listed(List<Integer> rivals) {
        int last = rivals.size() - 1;
        if (rivals.size() > 4) {
            return rivals.size() + " other counts from " + rivals.get(last) + " to " + rivals.get(0);
        }
        StringBuilder text = new StringBuilder().append(rivals.get(0));
        for (int i = 1; i <= last; i++) {
            text.append(i == last ? " or " : ", ").append(rivals.get(i));
        }
        return text.toString();
    }
}
