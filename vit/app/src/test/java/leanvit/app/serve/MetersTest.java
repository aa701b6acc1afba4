package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.reducers.Reducers;
import leanvit.vit.Classifier;
import org.junit.jupiter.api.Test;

/** The text of {@code /metrics}, read by a parser of the format that forgives nothing. */
class MetersTest {

    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("((?!__)[a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");
    private static final Pattern BUCKET = Pattern.compile("[a-z_]+_bucket\\{(?:(.*),)?le=\"([^\"]+)\"}");
    private static final Pattern VALUE =
            Pattern.compile("[+-]?(?:[0-9]+(?:\\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|Inf)|NaN");

    /** Reads the format, version 0.0.4; returns the samples by name and labels. */
    private static Map<String, Double> parse(String text) {
        assertThat(text).endsWith("\n");
        Map<String, Double> samples = new HashMap<>();
        Map<String, String> types = new HashMap<>();
        Set<String> closed = new HashSet<>();
        String family = null;
        for (String line : text.split("\n")) {
            if (line.startsWith("# HELP ")) {
                assertThat(types.keySet()).as("a type for each help").isEqualTo(closed);
                family = line.split(" ")[2];
                assertThat(line.replaceAll("\\\\[\\\\n]", "")).as("help").doesNotContain("\\");
                assertThat(closed.add(family)).as("one block of %s", family).isTrue();
                continue;
            }
            if (line.startsWith("# TYPE ")) {
                String[] words = line.split(" ");
                assertThat(words).hasSize(4);
                assertThat(words[2]).isEqualTo(family);
                assertThat(words[3]).isIn("counter", "gauge", "histogram");
                types.put(family, words[3]);
                continue;
            }
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.matches()).as(line).isTrue();
            assertThat(types).as("a type before each sample").containsKey(family);
            assertThat(sample.group(3)).as(line).matches(VALUE);
            String name = sample.group(1);
            if ("histogram".equals(types.get(family))) {
                assertThat(name).matches(family + "_(bucket|sum|count)");
            } else {
                assertThat(name).isEqualTo(family);
            }
            String labels = sample.group(2) == null ? "" : sample.group(2);
            int at = 0;
            Set<String> labelNames = new HashSet<>();
            Matcher label = LABEL.matcher(labels);
            while (at < labels.length()) {
                assertThat(label.find(at) && label.start() == at).as(line).isTrue();
                assertThat(labelNames.add(label.group(1))).as("each label once: %s", line).isTrue();
                at = label.end();
            }
            double value = Double.parseDouble(sample.group(3).replace("Inf", "Infinity"));
            assertThat(samples.put(name + "{" + labels + "}", value)).as("one of %s", line).isNull();
            if ("counter".equals(types.get(family))) {
                assertThat(name).endsWith("_total");
                assertThat(value).isNotNegative();
            }
        }
        types.forEach((name, type) -> {
            if (type.equals("histogram")) {
                assertHistogram(name, samples);
            }
        });
        return samples;
    }

    /** Each histogram has ascending bounds up to +Inf, counts that never fall, and that of +Inf as its count. */
    private static void assertHistogram(String name, Map<String, Double> samples) {
        Map<String, TreeMap<Double, Double>> buckets = new HashMap<>();
        samples.forEach((sample, value) -> {
            Matcher bucket = BUCKET.matcher(sample);
            if (sample.startsWith(name + "_bucket{")) {
                assertThat(bucket.matches()).as(sample).isTrue();
                double bound = bucket.group(2).equals("+Inf") ? Double.POSITIVE_INFINITY
                        : Double.parseDouble(bucket.group(2));
                String labels = bucket.group(1) == null ? "" : bucket.group(1);
                assertThat(buckets.computeIfAbsent(labels, key -> new TreeMap<>()).put(bound, value))
                        .as("one of %s", sample).isNull();
            }
        });
        buckets.forEach((labels, counts) -> {
            assertThat(List.copyOf(counts.values())).as(name).isSorted();
            assertThat(counts.lastKey()).as(name).isInfinite();
            assertThat(samples.get(name + "_count{" + labels + "}")).as(name).isEqualTo(counts.lastEntry().getValue());
            assertThat(samples.get(name + "_sum{" + labels + "}")).as(name).isNotNegative();
        });
        long series = samples.keySet().stream().filter(sample -> sample.startsWith(name + "_count{")).count();
        assertThat(buckets).as(name).hasSize((int) series);
    }

    @Test
    void metersCountWhatHappened() throws IOException {
        Classifier classifier = Served.demo();
        try (Served served = Served.start(classifier,
                Served.settings(classifier, List.of(Reducers.parse("tome:r=16")), 8, 1 << 20))) {
            for (int i = 0; i < 3; i++) {
                served.post("/v1/classify?reducer=tome:r=16", "image/png", Served.picture("cup"));
            }
            served.post("/v1/classify", "image/png", new byte[3]);
            served.get("/nothing");
            HttpResponse<byte[]> response = served.get("/metrics");
            assertThat(response.headers().firstValue("Content-Type"))
                    .contains("text/plain; version=0.0.4; charset=utf-8");
            Map<String, Double> samples = parse(Served.text(response));
            assertThat(samples).containsEntry("leanvit_requests_total{endpoint=\"/v1/classify\",code=\"200\"}", 3.0)
                    .containsEntry("leanvit_requests_total{endpoint=\"/v1/classify\",code=\"422\"}", 1.0)
                    .containsEntry("leanvit_requests_total{endpoint=\"none\",code=\"404\"}", 1.0)
                    .containsEntry("leanvit_errors_total{kind=\"invalid_picture\"}", 1.0)
                    .containsEntry("leanvit_pictures_total{model=\"demo\",reducer=\"tome:r=16\"}", 3.0)
                    .containsEntry("leanvit_input_tokens_total{model=\"demo\",reducer=\"tome:r=16\"}", 3 * 145.0)
                    .containsEntry("leanvit_kept_tokens_total{model=\"demo\",reducer=\"tome:r=16\"}", 3 * 49.0)
                    .containsEntry("leanvit_broken_pictures_total{model=\"demo\",reducer=\"none\"}", 1.0)
                    .containsEntry("leanvit_phase_seconds_count{phase=\"model\"}", 4.0)
                    .containsEntry("leanvit_queue_pictures{}", 0.0)
                    .containsEntry("leanvit_queue_limit_pictures{}", 8.0)
                    .containsEntry("leanvit_body_bytes{}", 0.0)
                    .containsEntry("leanvit_ready{}", 1.0);
            assertThat(samples.get("leanvit_heap_used_bytes{}")).isPositive();
        }
    }

    @Test
    void labelsAreEscaped() {
        Meters meters = new Meters();
        meters.counter("a_total", "A.");
        meters.add("a_total", 2, "k", "q\"b\\n\n");
        assertThat(parse(meters.text())).isEqualTo(Map.of("a_total{k=\"q\\\"b\\\\n\\n\"}", 2.0));
    }

    @Test
    void numbersAreOfTheFormat() {
        Meters meters = new Meters();
        meters.histogram("h_seconds", "H.", 1e-9, 0.5, 1e20);
        meters.observe("h_seconds", 1e-9, "k", "a");
        meters.observe("h_seconds", 1e6, "k", "a");
        meters.observe("h_seconds", 2e20, "k", "b");
        double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e300, 1e-300, -0.0};
        for (int i = 0; i < odd.length; i++) {
            double value = odd[i];
            meters.gauge("g" + i, "G.", () -> value);
        }
        Map<String, Double> samples = parse(meters.text());
        for (int i = 0; i < odd.length; i++) {
            assertThat(samples.get("g" + i + "{}")).isEqualTo(Double.valueOf(odd[i]));
        }
        assertThat(samples).containsEntry("h_seconds_bucket{k=\"a\",le=\"0.5\"}", 1.0)
                .containsEntry("h_seconds_count{k=\"a\"}", 2.0).containsEntry("h_seconds_count{k=\"b\"}", 1.0);
    }
}
