package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import leanvit.reducers.ModelShape;
import org.junit.jupiter.api.Test;

class CalibrationReportTest {

    private static final ModelShape DEIT = new ModelShape(12, 192, 3, 1, 196);
    private static final List<Integer> COUNTS = List.of(197, 97, 2);
    private static final double[][] LATENCY = {{10, 10, 10.5}, {4, 4, 4}, {3, 3, 3}};
    private static final boolean[][] RIGHT =
            {{true, true, true, true}, {true, true, true, false}, {false, false, false, false}};
    private static final Calibration FOUND = Calibration.of(DEIT, COUNTS, LATENCY, RIGHT, 0.5);
    private static final Calibration LATENCY_ONLY = Calibration.of(DEIT, COUNTS, LATENCY, null, 1);

    @Test
    void printsATableWithTheChosenCount() {
        assertThat(CalibrationReport.text(FOUND)).isEqualTo("""
                tokens  latency ms  IQR ms  top-1 %  utility
                197         10.000   0.250    100.0   0.5000
                97 *         4.000   0.000     75.0   0.6750
                2            3.000   0.000      0.0   0.3500

                n* = 97 of 197 tokens, R = 100: pomt:r=100,layer=3
                """);
    }

    @Test
    void writesCsv() {
        assertThat(CalibrationReport.csv(FOUND)).isEqualTo("""
                n,latency_ms,latency_iqr,accuracy,utility
                197,10.00000,0.25000,100.000,0.500000
                97,4.00000,0.00000,75.000,0.675000
                2,3.00000,0.00000,0.000,0.350000
                """);
        assertThat(CalibrationReport.csv(LATENCY_ONLY)).contains("\n97,4.00000,0.00000,,0.600000\n");
    }

    @Test
    void writesJson() {
        assertThat(CalibrationReport.json(FOUND))
                .startsWith("{\"alpha\":0.5,\"images\":4,\"tokens\":197,\"n_star\":97,\"r\":100,"
                + "\"reducer\":\"pomt:r=100,layer=3\",\"warnings\":[")
                .contains("\"points\":[{\"n\":197,\"latency_ms\":10.0,"
                + "\"latency_iqr\":0.25,\"accuracy\":100.0,\"utility\":0.5},");
        assertThat(CalibrationReport.json(LATENCY_ONLY)).contains("\"warnings\":[]", "\"accuracy\":null");
    }

    @Test
    void plotsTwoOrThreeCurves() {
        int three = CalibrationReport.plot("four pictures", FOUND).height();
        assertThat(CalibrationReport.plot("none", LATENCY_ONLY).height()).isLessThan(three);
        assertThat(CalibrationReport.plot("one count",
                Calibration.of(DEIT, List.of(50), new double[][] {{1}}, null, 1)).height())
                .isLessThan(three);
    }
}
