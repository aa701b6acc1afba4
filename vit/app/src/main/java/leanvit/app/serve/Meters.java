package leanvit.app.serve;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/**
 * Counters, gauges and histograms in Prometheus's text format (version 0.0.4). Safe for any number of threads; the
 * labels come from the server's own words, so that their number is bounded.
 */
final class Meters {

    /** The content type of the text. */
    static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double NANOS = 1e9;

    /** A family of counters or histograms, by labels. */
    private static final class Family {
        private final String type;
        private final String help;
        private final double[] bounds;
        private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();
        private final Map<String, Buckets> histograms = new ConcurrentHashMap<>();
        private DoubleSupplier gauge;

        Family(String type, String help, double... bounds) {
            this.type = type;
            this.help = help;
            this.bounds = bounds;
        }
    }

    /** A histogram: observations at most each bound, and beyond the last. */
    private static final class Buckets {
        private final double[] bounds;
        private final LongAdder[] counts;
        /** In units of 10^-9. */
        private final LongAdder sum = new LongAdder();

        Buckets(double[] bounds) {
            this.bounds = bounds;
            counts = new LongAdder[bounds.length + 1];
            for (int i = 0; i < counts.length; i++) {
                counts[i] = new LongAdder();
            }
        }

        void observe(double value) {
            int at = 0;
            while (at < bounds.length && value > bounds[at]) {
                at++;
            }
            counts[at].increment();
            sum.add(Math.round(value * NANOS));
        }
    }

    private final Map<String, Family> families = new TreeMap<>();

    /** Declares a counter, before any thread counts. */
    void counter(String name, String help) {
        families.put(name, new Family("counter", help));
    }

    /** Declares a histogram with the upper bounds of its buckets. */
    void histogram(String name, String help, double... bounds) {
        families.put(name, new Family("histogram", help, bounds));
    }

    /** Declares a gauge that is asked when somebody looks. */
    void gauge(String name, String help, DoubleSupplier value) {
        Family family = new Family("gauge", help);
        family.gauge = value;
        families.put(name, family);
    }

    /**
     * Counts.
     *
     * @param labels name, value, name, value, ...
     */
    void add(String name, long amount, String... labels) {
        families.get(name).counters.computeIfAbsent(labels(labels), key -> new LongAdder()).add(amount);
    }

    /** Adds an observation to a histogram. */
    void observe(String name, double value, String... labels) {
        Family family = families.get(name);
        family.histograms.computeIfAbsent(labels(labels), key -> new Buckets(family.bounds)).observe(value);
    }

    private static String labels(String... pairs) {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            labels.append(i == 0 ? "" : ",").append(pairs[i]).append("=\"")
                    .append(pairs[i + 1].replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")).append('"');
        }
        return labels.toString();
    }

    /** Returns all as text. */
    String text() {
        StringBuilder text = new StringBuilder();
        families.forEach((name, family) -> {
            text.append("# HELP ").append(name).append(' ').append(family.help).append("\n# TYPE ").append(name)
                    .append(' ').append(family.type).append('\n');
            if (family.gauge != null) {
                sample(text, name, "", number(family.gauge.getAsDouble()));
            }
            new TreeMap<>(family.counters)
                    .forEach((labels, count) -> sample(text, name, labels, Long.toString(count.sum())));
            new TreeMap<>(family.histograms).forEach((labels, buckets) -> histogram(text, name, labels, buckets));
        });
        return text.toString();
    }

    private static void histogram(StringBuilder text, String name, String labels, Buckets buckets) {
        String before = labels.isEmpty() ? "" : labels + ",";
        long count = 0;
        for (int i = 0; i <= buckets.bounds.length; i++) {
            count += buckets.counts[i].sum();
            String bound = i == buckets.bounds.length ? "+Inf" : number(buckets.bounds[i]);
            sample(text, name + "_bucket", before + "le=\"" + bound + "\"", Long.toString(count));
        }
        sample(text, name + "_sum", labels, number(buckets.sum.sum() / NANOS));
        sample(text, name + "_count", labels, Long.toString(count));
    }

    private static void sample(StringBuilder text, String name, String labels, String value) {
        text.append(name).append(labels.isEmpty() ? "" : "{" + labels + "}").append(' ').append(value).append('\n');
    }

    private static String number(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? String.format(Locale.ROOT, "%.0f", value)
                : Double.toString(value);
    }
}
