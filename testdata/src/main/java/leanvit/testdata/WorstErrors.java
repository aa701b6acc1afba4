package leanvit.testdata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The largest errors that the tests of one JVM saw, by what was compared. Where {@code -Dleanvit.worst=FILE} is given
 * they are written there as a Markdown table when the JVM ends, together with those of JVMs before; otherwise nothing
 * is.
 */
public final class WorstErrors {

    private static final String FILE = System.getProperty("leanvit.worst");
    private static final Map<String, Double> WORST = new TreeMap<>();

    static {
        if (FILE != null) {
            Runtime.getRuntime().addShutdownHook(new Thread(WorstErrors::write));
        }
    }

    private WorstErrors() {
    }

    /** Takes in an error; NaN is larger than all. */
    public static synchronized void note(String what, double error) {
        WORST.merge(what, error, (a, b) -> Double.compare(a, b) >= 0 ? a : b);
    }

    private static synchronized void write() {
        try {
            Path file = Path.of(FILE);
            for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                String[] columns = line.split(" *[|] *");
                if (columns.length == 3 && columns[2].matches("[0-9].*")) {
                    note(columns[1], Double.parseDouble(columns[2]));
                }
            }
            List<String> lines = new ArrayList<>(List.of("| gradients of | worst error |", "|---|---|"));
            WORST.forEach((what, error) -> lines.add(String.format(Locale.ROOT, "| %s | %.1e |", what, error)));
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
