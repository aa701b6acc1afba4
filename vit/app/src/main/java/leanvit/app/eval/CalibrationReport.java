package leanvit.app.eval;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import leanvit.app.draw.Chart;
import leanvit.vit.image.RgbImage;
import leanvit.vit.json.JsonWriter;

/** Says what a {@link Calibration} found: as a table, as CSV, as JSON, as a plot. All methods are pure. */
public final class CalibrationReport {

    private CalibrationReport() {
    }

    /** Returns a table of all token counts, and a last line with n*, R and the SPEC to use. */
    public static String text(Calibration found) {
        TextTable table = new TextTable(List.of("tokens", "latency ms", "IQR ms", "top-1 %", "utility"));
        for (Calibration.Point point : found.points()) {
            table.add(List.of(point.tokens() + (point.equals(found.best()) ? " *" : ""),
                    number("%.3f", point.latency()),
                    number("%.3f", point.latencyIqr()), percent("%.1f", point.accuracy()),
                    number("%.4f", point.utility())));
        }
        return table.text() + "\nn* = " + found.best().tokens() + " of " + found.model()
                .tokens() + " tokens, R = " + found.r()
                + ": " + found.pomt().spec() + "\n";
    }

    /**
     * Returns one line per token count, after the line {@code n,latency_ms,latency_iqr,accuracy,utility}: tokens,
     * milliseconds, milliseconds, percent (empty where it was not measured), utility.
     */
    public static String csv(Calibration found) {
        StringBuilder csv = new StringBuilder("n,latency_ms,latency_iqr,accuracy,utility\n");
        for (Calibration.Point point : found.points()) {
            csv.append(point.tokens()).append(',').append(number("%.5f", point.latency())).append(',')
                    .append(number("%.5f", point.latencyIqr())).append(',').append(percent("%.3f", point.accuracy()))
                    .append(',').append(number("%.6f", point.utility())).append('\n');
        }
        return csv.toString();
    }

    private static String percent(String format, OptionalDouble share) {
        return share.isPresent() ? number(format, 100 * share.getAsDouble()) : "";
    }

    private static String number(String format, double number) {
        return String.format(Locale.ROOT, format, number);
    }

    /**
     * Returns one JSON value:
     * {@code {"alpha", "images", "tokens", "n_star", "r", "reducer", "warnings": [...],
     * "points": [{"n", "latency_ms", "latency_iqr", "accuracy", "utility"}]}}; {@code reducer} is the SPEC to use,
     * {@code accuracy} a percentage, null where it was not measured.
     */
    public static String json(Calibration found) {
        JsonWriter json = new JsonWriter().beginObject().name("alpha").value(found.alpha())
                .name("images").value(found.pictures()).name("tokens").value(found.model().tokens())
                .name("n_star").value(found.best().tokens()).name("r").value(found.r())
                .name("reducer").value(found.pomt().spec()).name("warnings").tree(found.warnings()).name("points")
                .beginArray();
        for (Calibration.Point point : found.points()) {
            json.beginObject().name("n").value(point.tokens()).name("latency_ms").value(point.latency())
                    .name("latency_iqr").value(point.latencyIqr()).name("accuracy")
                    .value(point.accuracy().isPresent() ? 100 * point.accuracy().getAsDouble() : Double.NaN)
                    .name("utility").value(point.utility()).endObject();
        }
        return json.endArray().endObject().toString();
    }

    /**
     * Draws latency, accuracy (where it was measured) and utility over the token count, with n* marked.
     *
     * @param title says what was measured
     */
    public static RgbImage plot(String title, Calibration found) {
        List<Calibration.Point> points = found.points();
        int size = points.size();
        double[] tokens = new double[size];
        double[] latency = new double[size];
        double[] accuracy = new double[size];
        double[] utility = new double[size];
        for (int i = 0; i < size; i++) {
            Calibration.Point point = points.get(size - 1 - i);
            tokens[i] = point.tokens();
            latency[i] = point.latency();
            accuracy[i] = 100 * point.accuracy().orElse(0);
            utility[i] = point.utility();
        }
        Chart.Curve latencies = new Chart.Curve("latency, ms per pass", latency);
        Chart.Curve utilities = new Chart.Curve("utility", utility);
        return Chart.curves(title, "tokens", tokens, found.pictures() == 0 ? List.of(latencies, utilities)
                : List.of(latencies, new Chart.Curve("top-1, %", accuracy), utilities),
                size - 1 - found.schedule().best(),
                "n* = " + found.best().tokens() + ", R = " + found.r());
    }
}
