package leanvit.app.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import leanvit.app.draw.Chart;
import leanvit.vit.image.RgbImage;
import leanvit.vit.json.JsonWriter;

/** Says what a {@link Comparison} found: as a table, as JSON, as a plot. All methods are pure. */
public final class ComparisonReport {

    /** LTMP's thresholds, written out, would make a line of some 200 characters. */
    private static final int LONGEST_SPEC = 44;
    private static final String UNKNOWN = "-";

    private ComparisonReport() {
    }

    /** Returns a table with aligned columns, one row per reducer; counts of pictures have their share beside them. */
    public static String text(List<ReducerScore> scores) {
        return table(scores).text();
    }

    /** Returns the table of {@link #text} in Markdown. */
    public static String markdown(List<ReducerScore> scores) {
        return table(scores).markdown();
    }

    private static TextTable table(List<ReducerScore> scores) {
        boolean labelled = scores.stream().allMatch(score -> score.top1().isPresent());
        List<String> header = new ArrayList<>(List.of("reducer"));
        header.addAll(labelled ? List.of("top-1", "top-5") : List.of());
        header.addAll(List.of("agrees with dense", "images/s", "speed-up", "GMACs", "tokens"));
        TextTable table = new TextTable(header);
        for (ReducerScore score : scores) {
            List<String> row = new ArrayList<>(List.of(shortened(score.reducer())));
            if (labelled) {
                row.add(share(score.top1().getAsInt(), score.images()));
                row.add(share(score.top5().getAsInt(), score.images()));
            }
            row.add(share(score.agreement(), score.images()));
            row.add(speed(score));
            row.add(speedup(score));
            row.add(String.format(Locale.ROOT, "%.3f", score.gmacs()));
            row.add(String.format(Locale.ROOT, "%.1f", score.tokensOut()));
            table.add(row);
        }
        return table;
    }

    static String speed(ReducerScore score) {
        return score.imagesPerSecond().isEmpty() ? UNKNOWN : rounded(score.imagesPerSecond().getAsDouble());
    }

    static String speedup(ReducerScore score) {
        return score.speedup().isEmpty() ? UNKNOWN
                : String.format(Locale.ROOT, "%.2fx", score.speedup().getAsDouble());
    }

    private static String share(int count, int images) {
        return String.format(Locale.ROOT, "%d (%.1f %%)", count, 100.0 * count / images);
    }

    private static String rounded(double number) {
        return String.format(Locale.ROOT, number < 10 ? "%.2f" : number < 1000 ? "%.1f" : "%.0f", number);
    }

    static String shortened(String spec) {
        return spec.length() <= LONGEST_SPEC ? spec : spec.substring(0, LONGEST_SPEC - 3) + "...";
    }

    /**
     * Returns one JSON value: an array, one element per reducer, with the keys {@code reducer}, {@code images},
     * {@code top1}, {@code top5}, {@code agreement} (counts of pictures; the former two null where classes are not
     * known), {@code passes}, {@code images_per_s}, {@code speedup} (null where too few passes were timed),
     * {@code gmacs}, {@code tokens_out}.
     */
    public static String json(List<ReducerScore> scores) {
        JsonWriter json = new JsonWriter().beginArray();
        for (ReducerScore score : scores) {
            json.beginObject().name("reducer").value(score.reducer()).name("images").value(score.images());
            count(json, "top1", score.top1());
            count(json, "top5", score.top5());
            json.name("agreement").value(score.agreement());
            cost(json, score);
            json.endObject();
        }
        return json.endArray().toString();
    }

    /** Writes what a reducer costs, from {@code passes} on. */
    static void cost(JsonWriter json, ReducerScore score) {
        json.name("passes").value(score.passes());
        number(json, "images_per_s", score.imagesPerSecond());
        number(json, "speedup", score.speedup());
        json.name("gmacs").value(score.gmacs()).name("tokens_out").value(score.tokensOut());
    }

    private static void count(JsonWriter json, String name, OptionalInt count) {
        json.name(name);
        if (count.isPresent()) {
            json.value(count.getAsInt());
        } else {
            json.nullValue();
        }
    }

    private static void number(JsonWriter json, String name, OptionalDouble number) {
        json.name(name);
        if (number.isPresent()) {
            json.value(number.getAsDouble());
        } else {
            json.nullValue();
        }
    }

    /**
     * Draws accuracy against images/s, a labelled point for each reducer, with the unreduced model marked. Where the
     * classes are not known, agreement with the unreduced model stands for accuracy; where too few passes were timed,
     * GMACs stand for images/s.
     *
     * @param title says what was measured
     */
    public static RgbImage plot(String title, List<ReducerScore> scores) {
        boolean labelled = scores.stream().allMatch(score -> score.top1().isPresent());
        boolean timed = scores.stream().allMatch(score -> score.imagesPerSecond().isPresent());
        List<Chart.Point> points = new ArrayList<>();
        for (ReducerScore score : scores) {
            int right = labelled ? score.top1().getAsInt() : score.agreement();
            points.add(new Chart.Point(score.reducer(), score.imagesPerSecond().orElse(score.gmacs()),
                    100.0 * right / score.images(), score.reducer().equals("none")));
        }
        return Chart.scatter(title, timed ? "images/s" : "GMACs",
                labelled ? "top-1, %" : "agreement with the unreduced model, %",
                points);
    }
}
