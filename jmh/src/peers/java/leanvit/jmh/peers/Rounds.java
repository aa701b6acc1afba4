package leanvit.jmh.peers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Measurements of several contenders in rounds: each round starts each contender once, those that are compared one
 * right after the other, and every other round backwards. So a machine that slows down for a while slows both sides of
 * a comparison, and ratios are taken within a round.
 */
final class Rounds {

    /** Largest over smallest measurement from which on one had better look. */
    private static final double SUSPICIOUS = 1.1;

    private final Map<Contender, List<Map<String, Double>>> results = new LinkedHashMap<>();
    private final int rounds;

    Rounds(int rounds) {
        this.rounds = rounds;
    }

    /** Adds a contender, to be measured after those added before it. */
    Contender add(Contender contender) {
        results.put(contender, new ArrayList<>());
        return contender;
    }

    /** Measures all contenders in all rounds. */
    void run() throws IOException, RunnerException {
        List<Contender> order = new ArrayList<>(results.keySet());
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < order.size(); i++) {
                Contender contender = order.get(round % 2 == 0 ? i : order.size() - 1 - i);
                System.err.printf("round %d of %d: %d of %d%n", round + 1, rounds, i + 1, order.size());
                results.get(contender).add(contender.measure());
            }
        }
    }

    /** Returns a counter's median over the rounds; NaN for a contender that is null. */
    double median(Contender contender, String counter) {
        return ratio(contender, counter, null, null);
    }

    /**
     * Returns the median over the rounds of a counter over another's, both of the same round; NaN where a contender is
     * null.
     *
     * @param divisor null to divide by 1
     */
    double ratio(Contender contender, String counter, Contender divisor, String divisorCounter) {
        if (contender == null || divisor == null && divisorCounter != null) {
            return Double.NaN;
        }
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            ratios[round] = results.get(contender).get(round).get(counter)
                    / (divisor == null ? 1 : results.get(divisor).get(round).get(divisorCounter));
        }
        return Contender.median(ratios);
    }

    /** Returns a line for each contender whose rounds differ by more than a tenth. */
    List<String> suspicious() {
        List<String> lines = new ArrayList<>();
        results.forEach((contender, measured) -> {
            Map<String, List<Double>> values = new HashMap<>();
            measured.forEach(round -> round.forEach((name, value) ->
                    values.computeIfAbsent(name, n -> new ArrayList<>()).add(value)));
            values.forEach((name, list) -> {
                double least = list.stream().mapToDouble(d -> d).min().orElse(1);
                double most = list.stream().mapToDouble(d -> d).max().orElse(1);
                if (most > SUSPICIOUS * least && !name.equals("gmac")) {
                    StringBuilder line = new StringBuilder(contender + ":");
                    list.forEach(value -> line.append(String.format(Locale.ROOT, " %.1f", value)));
                    lines.add(line.toString());
                }
            });
        });
        return lines;
    }
}
