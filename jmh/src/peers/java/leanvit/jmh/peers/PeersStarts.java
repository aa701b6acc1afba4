package leanvit.jmh.peers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import leanvit.jmh.ChildJvm;
import leanvit.jmh.Quartiles;

/**
 * One row of {@link PeersTable}, measured in several JVMs one after another: two starts of one JVM compile and place
 * memory differently.
 */
final class PeersStarts {

    private final List<Map<String, double[]>> seconds = new ArrayList<>();
    private final Map<String, Double> work = new HashMap<>();
    private String machine;

    /** Measures a row so many times. */
    PeersStarts(ChildJvm jvm, int starts, String... arguments) throws IOException {
        for (int start = 0; start < starts; start++) {
            List<String> lines = jvm.run(PeersRow.class, arguments);
            machine = lines.get(0);
            Map<String, double[]> contenders = new HashMap<>();
            for (String line : lines.subList(1, lines.size())) {
                String[] cells = line.split("\t");
                work.put(cells[0], Double.parseDouble(cells[1]));
                contenders.put(cells[0], Arrays.stream(cells).skip(2).mapToDouble(Double::parseDouble).toArray());
            }
            seconds.add(contenders);
        }
    }

    /** Returns what the row was measured on. */
    String machine() {
        return machine;
    }

    /** Returns whether a contender took part. */
    boolean has(String contender) {
        return work.containsKey(contender);
    }

    /** Returns the seconds of a contender's pass: of each start the median, and of those. NaN where it took no part. */
    double seconds(String contender) {
        return has(contender) ? each(start -> Quartiles.of(start.get(contender))).median() : Double.NaN;
    }

    /** Returns the work a second, 10^9 operations. */
    double rate(String contender) {
        return has(contender) ? work.get(contender) / seconds(contender) : Double.NaN;
    }

    /** Returns how many times faster one is than another in the slices that follow one another; null without both. */
    Quartiles faster(String one, String other) {
        return has(one) && has(other) ? each(start -> ratios(start, one, other)) : null;
    }

    /** Returns the same of the work a second. */
    Quartiles rateRatio(String one, String other) {
        Quartiles faster = faster(one, other);
        if (faster == null) {
            return null;
        }
        double factor = work.get(one) / work.get(other);
        return new Quartiles(factor * faster.q1(), factor * faster.median(), factor * faster.q3());
    }

    /** Returns the median ratio of each start. */
    double[] starts(String one, String other) {
        return seconds.stream().mapToDouble(start -> ratios(start, one, other).median()).toArray();
    }

    private Quartiles each(Function<Map<String, double[]>, Quartiles> quartiles) {
        return Quartiles.middle(seconds.stream().map(quartiles).toList());
    }

    private static Quartiles ratios(Map<String, double[]> start, String one, String other) {
        double[] ratios = start.get(other).clone();
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] /= start.get(one)[i];
        }
        return Quartiles.of(ratios);
    }
}
