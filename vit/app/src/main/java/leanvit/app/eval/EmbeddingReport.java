package leanvit.app.eval;

import java.util.List;
import java.util.Locale;
import leanvit.app.draw.Chart;
import leanvit.vit.image.RgbImage;
import leanvit.vit.json.JsonWriter;

/** Says what {@link Comparison#runEmbeddings} found: as a table, as JSON, as a plot. All methods are pure. */
public final class EmbeddingReport {

    private EmbeddingReport() {
    }

    /** Returns a table with aligned columns, one row per reducer. */
    public static String text(List<EmbeddingScore> scores) {
        return table(scores).text();
    }

    /** Returns the table of {@link #text} in Markdown. */
    public static String markdown(List<EmbeddingScore> scores) {
        return table(scores).markdown();
    }

    private static TextTable table(List<EmbeddingScore> scores) {
        TextTable table = new TextTable(List.of("reducer", "cosine, mean", "worst", "recall@1", "recall@10",
                "images/s", "speed-up", "GMACs", "tokens"));
        for (EmbeddingScore each : scores) {
            ReducerScore score = each.score();
            table.add(List.of(ComparisonReport.shortened(score.reducer()),
                    String.format(Locale.ROOT, "%.4f", each.agreement().cosineMean()),
                    String.format(Locale.ROOT, "%.4f", each.agreement().cosineWorst()),
                    percent(each.agreement().recall1()), percent(each.agreement().recall10()),
                    ComparisonReport.speed(score), ComparisonReport.speedup(score),
                    String.format(Locale.ROOT, "%.3f", score.gmacs()),
                    String.format(Locale.ROOT, "%.1f", score.tokensOut())));
        }
        return table;
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /**
     * Returns one JSON value: an array, one element per reducer, with the keys {@code reducer}, {@code images},
     * {@code cosine_mean}, {@code cosine_worst}, {@code worst} (the picture's name), {@code recall_at_1},
     * {@code recall_at_10} (0 to 1), {@code passes}, {@code images_per_s}, {@code speedup} (null where too few passes
     * were timed), {@code gmacs}, {@code tokens_out}.
     */
    public static String json(List<EmbeddingScore> scores) {
        JsonWriter json = new JsonWriter().beginArray();
        for (EmbeddingScore each : scores) {
            json.beginObject().name("reducer").value(each.score().reducer())
                    .name("images").value(each.score().images())
                    .name("cosine_mean").value(each.agreement().cosineMean())
                    .name("cosine_worst").value(each.agreement().cosineWorst())
                    .name("worst").value(each.worst())
                    .name("recall_at_1").value(each.agreement().recall1())
                    .name("recall_at_10").value(each.agreement().recall10());
            ComparisonReport.cost(json, each.score());
            json.endObject();
        }
        return json.endArray().toString();
    }

    /**
     * Draws recall@10 against images/s, or against GMACs where too few passes were timed.
     *
     * @param title says what was measured
     */
    public static RgbImage plot(String title, List<EmbeddingScore> scores) {
        boolean timed = scores.stream().allMatch(each -> each.score().imagesPerSecond().isPresent());
        List<Chart.Point> points = scores.stream().map(each -> new Chart.Point(each.score().reducer(),
                each.score().imagesPerSecond().orElse(each.score().gmacs()), 100 * each.agreement().recall10(),
                each.score().reducer().equals("none"))).toList();
        return Chart.scatter(title, timed ? "images/s" : "GMACs", "recall@10 of the unreduced model's neighbours, %",
                points);
    }
}
