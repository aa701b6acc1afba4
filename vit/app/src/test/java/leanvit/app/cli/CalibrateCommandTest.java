package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import leanvit.vit.image.Pictures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code calibrate}, on the demo model and its pictures. */
class CalibrateCommandTest {

    @TempDir
    private Path directory;

    @Test
    @SuppressWarnings("unchecked")
    void jsonCsvAndPlotSayWhatWasMeasured() throws IOException {
        Path csv = directory.resolve("out.csv");
        Path plot = directory.resolve("out.png");
        Cli cli = Cli.run("calibrate", Cli.PICTURES, "--json", "--csv", csv, "--plot", plot, "--stride", "48",
                "--seconds",
                "0.01");
        assertThat(cli.status()).isZero();
        assertThat(cli.err().lines()).allMatch(line -> line.startsWith("leanvit: warning: "));
        Map<String, Object> found = cli.object();
        assertThat(found).containsOnlyKeys("alpha", "images", "tokens", "n_star", "r", "reducer", "warnings", "points")
                .containsEntry("alpha", 0.5).containsEntry("images", 16L).containsEntry("tokens", 145L);
        List<Map<String, Object>> points = (List<Map<String, Object>>) found.get("points");
        assertThat(points).extracting(point -> point.get("n")).containsExactly(145L, 97L, 49L);
        assertThat(points.get(0)).containsEntry("accuracy", 100.0);
        Map<String, Object> best =
                points.stream().filter(point -> point.get("n").equals(found.get("n_star"))).findFirst()
                .orElseThrow();
        assertThat(points).allSatisfy(point -> {
            assertThat((double) point.get("latency_ms")).isPositive();
            assertThat((double) point.get("utility")).isLessThanOrEqualTo((double) best.get("utility"));
        });
        assertThat(found.get("reducer")).isEqualTo("pomt:r=" + found.get("r") + ",layer=1");
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines).hasSize(4).first().isEqualTo("n,latency_ms,latency_iqr,accuracy,utility");
        assertThat(lines.get(1)).startsWith("145,").contains(",100.000,");
        assertThat(Pictures.read(plot).width()).isGreaterThan(300);
        assertThat(Cli.files(directory)).containsExactly("out.csv", "out.png");
    }

    @Test
    void countsThatTheModelLacksAreNamed() {
        Cli.run("calibrate", "--alpha", "1", "--start", "500").failed("--start 500: the model has 145 tokens");
        Cli.run("calibrate", "--alpha", "1", "--start", "20", "--end", "40")
                .failed("--end 40: expected from 2 to start, 20");
    }

    @Test
    void latencyAloneNeedsNoPictures() {
        Cli cli = Cli.run("calibrate", "--alpha", "1", "--stride", "72", "--seconds", "0.01");
        assertThat(cli.status()).isZero();
        assertThat(cli.out()).contains("n* = ", " of 145 tokens, R = ");
        Cli.run("calibrate", "--model", Cli.DEMO).refused("calibrate",
                "expected a FOLDER with labels.csv, to measure accuracy on; --alpha 1 alone, "
                + "which weighs latency and nothing else, goes without");
    }
}
