package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntaxTest {

    private static Syntax syntax() {
        return new Syntax("draw", "FILE...", "Draw something.")
                .text("--colour", "NAME", "blue", "its colour")
                .text("--out", "OUT.png", "where to")
                .whole("--times", "N", 1, 9, 3, "how often")
                .wholes("--rows", "N,N,...", 0, 99, "which rows")
                .number("--scale", "S", -1, 2.5, 1.0, "how large")
                .flag("--fill", "fill it")
                .example("a.png");
    }

    private static Options parse(String... arguments) throws UsageException {
        return syntax().parse(List.of(arguments));
    }

    @Test
    void optionsStandInAnyOrderAndEitherForm() throws UsageException {
        Options options =
                parse("a", "--times", "7", "b", "--colour=red=x", "--fill", "--rows", "3,0,99", "--scale", "-0.5",
                "--out", "dir/o.png", "--", "--c", "--");
        assertThat(options.operands()).containsExactly("a", "b", "--c", "--");
        assertThat(options.whole("--times")).isEqualTo(7);
        assertThat(options.text("--colour")).isEqualTo("red=x");
        assertThat(options.has("--fill")).isTrue();
        assertThat(options.wholes("--rows")).containsExactly(3, 0, 99);
        assertThat(options.number("--scale")).isEqualTo(-0.5);
        assertThat(options.path("--out")).isEqualTo(Path.of("dir/o.png"));
        assertThat(options.requiredPath("--out")).isEqualTo(Path.of("dir/o.png"));
    }

    @Test
    void whatIsNotGivenHasItsDefault() throws UsageException {
        Options options = parse("-");
        assertThat(options.operands()).containsExactly("-");
        assertThat(options.whole("--times")).isEqualTo(3);
        assertThat(options.whole("--threads")).isEqualTo(1);
        assertThat(options.text("--colour")).isEqualTo("blue");
        assertThat(options.has("--colour")).isFalse();
        assertThat(options.number("--scale")).isEqualTo(1.0);
        assertThat(options.wholes("--rows")).isNull();
        assertThat(options.path("--out")).isNull();
        assertThatThrownBy(() -> options.requiredPath("--out")).isInstanceOf(UsageException.class)
                .hasMessage("--out is missing");
        assertThatThrownBy(() -> options.has("--none")).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "a --colors red        | unknown option \"--colors\", did you mean --colour?",
            "a -x                  | unknown option \"-x\"",
            "a --colors=red        | unknown option \"--colors\", did you mean --colour?",
            "a --times             | --times needs a value: a whole number from 1 to 9",
            "a --times --fill      | --times needs a value: a whole number from 1 to 9",
            "a --times 0           | --times: expected a whole number from 1 to 9, came \"0\"",
            "a --times 10          | --times: expected a whole number from 1 to 9, came \"10\"",
            "a --times -1          | --times: expected a whole number from 1 to 9, came \"-1\"",
            "a --times 1.5         | --times: expected a whole number from 1 to 9, came \"1.5\"",
            "a --times 4294967297  | --times: expected a whole number from 1 to 9, came \"4294967297\"",
            "a --times 99999999999999999999 | --times: expected a whole number from 1 to 9, came "
            + "\"99999999999999999999\"",
            "a --times=            | --times: expected a whole number from 1 to 9, came \"\"",
            "a --rows 1,,2         | --rows: expected whole numbers from 0 to 99 with commas between them, came "
            + "\"1,,2\"",
            "a --rows 100          | --rows: expected whole numbers from 0 to 99 with commas between them, came "
            + "\"100\"",
            "a --scale NaN         | --scale: expected a number from -1 to 2.5, came \"NaN\"",
            "a --scale 1e999       | --scale: expected a number from -1 to 2.5, came \"1e999\"",
            "a --scale 1f          | --scale: expected a number from -1 to 2.5, came \"1f\"",
            "a --scale 2.51        | --scale: expected a number from -1 to 2.5, came \"2.51\"",
            "a --fill=yes          | --fill takes no value",
            "a --fill --fill       | --fill is given twice",
            "a --colour=           | --colour: expected NAME, came \"\"",
            "--fill                | expected FILE...",
    })
    void aCommandLineThatCannotBeIsRefused(String line, String message) {
        assertThatThrownBy(() -> parse(line.split(" "))).isInstanceOf(UsageException.class).hasMessage(message);
    }

    @Test
    void operandsWhereNoneBelongAreRefused() {
        assertThatThrownBy(() -> new Syntax("info", "", "Tell.").parse(List.of("extra")))
                .isInstanceOf(UsageException.class)
                .hasMessage("unexpected argument \"extra\"");
    }

    @Test
    void anyWordsParseOrAreRefusedInOneLine() {
        String[] words =
                {"--times", "3", "--rows", "1,2", "--fill", "a", "--", "-", "--scale", "1e9", "=", "--=", "\n", "--out",
            "--help", "", "--threads", "-1", "--colour=\u2028", "999999999999999999999999"};
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 5000; round++) {
            String[] line = new String[random.nextInt(6)];
            for (int i = 0; i < line.length; i++) {
                line[i] = words[random.nextInt(words.length)];
            }
            try {
                assertThat(parse(line).whole("--threads")).as("%s", List.of(line)).isPositive();
            } catch (UsageException e) {
                assertThat(e.getMessage()).as("%s", List.of(line)).isNotBlank().doesNotContain("\n", "\u2028");
            }
        }
    }

    @Test
    void helpSaysEachOptionAndItsDefault() {
        assertThat(syntax().help()).isEqualTo("""
                Usage: leanvit draw FILE... [OPTION...]

                Draw something.

                Options:
                  --colour NAME               its colour (default: blue)
                  --out OUT.png               where to
                  --times N                   how often (default: 3)
                  --rows N,N,...              which rows
                  --scale S                   how large (default: 1.0)
                  --fill                      fill it
                  --threads N                 threads; they do not change the answers (default: 1)
                  --verbose                   show stack traces of errors
                  --help                      show this help

                Examples:
                  leanvit draw a.png
                """);
    }
}
