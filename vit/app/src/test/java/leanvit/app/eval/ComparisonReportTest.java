package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;

class ComparisonReportTest {

    private static final OptionalInt UNKNOWN = OptionalInt.empty();
    private static final List<ReducerScore> LABELLED = List.of(
            new ReducerScore("none", 200, OptionalInt.of(161), OptionalInt.of(194), 200, 30,
                    OptionalDouble.of(81.25), OptionalDouble.of(1), 1.2537, 197),
            new ReducerScore("ltmp:merge=0.95/0.94/0.93/0.92/0.91/0.9/0.9/0.89/0.88", 200, OptionalInt.of(8),
            OptionalInt.of(40),
                    7, 30, OptionalDouble.of(1234.5), OptionalDouble.of(15.19385), 0.06149, 11.375));
    private static final List<ReducerScore> UNLABELLED =
            List.of(new ReducerScore("tome:r=8", 3, UNKNOWN, UNKNOWN, 2, 30, OptionalDouble.of(9.5),
                    OptionalDouble.of(1.25), 0.924, 101));
    private static final List<ReducerScore> UNTIMED =
            List.of(new ReducerScore("tome:r=8", 3, UNKNOWN, UNKNOWN, 2, 4, OptionalDouble.empty(),
                    OptionalDouble.empty(), 0.924, 101));

    @Test
    void printsATable() {
        assertThat(ComparisonReport.text(LABELLED)).isEqualTo("""
                reducer                                              top-1         top-5  agrees with dense  \
                images/s  speed-up  GMACs  tokens
                none                                          161 (80.5 %)  194 (97.0 %)      \
                200 (100.0 %)      81.3     1.00x  1.254   197.0
                ltmp:merge=0.95/0.94/0.93/0.92/0.91/0.9/0...     8 (4.0 %)   40 (20.0 %)          \
                7 (3.5 %)      1235    15.19x  0.061    11.4
                """);
    }

    @Test
    void printsMarkdownWithoutTheColumnsThatNothingIsKnownOf() {
        assertThat(ComparisonReport.markdown(UNLABELLED)).isEqualTo("""
                | reducer  | agrees with dense | images/s | speed-up | GMACs | tokens |
                |:---------|------------------:|---------:|---------:|------:|-------:|
                | tome:r=8 |        2 (66.7 %) |     9.50 |    1.25x | 0.924 |  101.0 |
                """);
    }

    @Test
    void writesJson() {
        assertThat(ComparisonReport.json(LABELLED))
                .isEqualTo("[{\"reducer\":\"none\",\"images\":200,\"top1\":161,\"top5\":194,"
                + "\"agreement\":200,\"passes\":30,"
                + "\"images_per_s\":81.25,\"speedup\":1.0,\"gmacs\":1.2537,\"tokens_out\":197.0},"
                + "{\"reducer\":\"ltmp:merge=0.95/0.94/0.93/0.92/0.91/0.9/0.9/0.89/0.88\",\"images\":200,"
                + "\"top1\":8,\"top5\":40,"
                + "\"agreement\":7,\"passes\":30,\"images_per_s\":1234.5,\"speedup\":15.19385,\"gmacs\":0.06149,"
                + "\"tokens_out\":11.375}]");
        assertThat(ComparisonReport.json(UNLABELLED)).contains("\"top1\":null,\"top5\":null,\"agreement\":2");
    }

    @Test
    void whatWasNotTimedIsNotTold() {
        assertThat(ComparisonReport.markdown(UNTIMED)).endsWith("""
                | tome:r=8 |        2 (66.7 %) |        - |        - | 0.924 |  101.0 |
                """);
        assertThat(ComparisonReport.json(UNTIMED)).contains("\"passes\":4,\"images_per_s\":null,\"speedup\":null");
        assertThat(ComparisonReport.plot("3 pictures", UNTIMED).samples())
                .isNotEqualTo(ComparisonReport.plot("3 pictures", UNLABELLED).samples());
    }

    @Test
    void plotsOneAndMany() {
        RgbImage labelled = ComparisonReport.plot("200 pictures", LABELLED);
        assertThat(labelled.samples()).isEqualTo(ComparisonReport.plot("200 pictures", LABELLED).samples())
                .isNotEqualTo(ComparisonReport.plot("200 pictures", LABELLED.subList(0, 1)).samples());
        assertThat(ComparisonReport.plot("3 pictures", UNLABELLED).width()).isEqualTo(labelled.width());
    }
}
