package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    private static final List<String> COMMANDS =
            List.of("classify", "embed", "compare", "run", "bench", "serve", "info", "calibrate");

    @Test
    void helpListsTheCommands() {
        Cli help = Cli.run("--help").succeeded();
        assertThat(help.out()).contains(COMMANDS).contains("Exit status");
        assertThat(Cli.run("-h")).isEqualTo(help);
    }

    @ParameterizedTest
    @ValueSource(strings = {"classify", "embed", "compare", "run", "bench", "serve", "info", "calibrate"})
    void everyCommandHasHelpAndTheCommonOptions(String command) {
        Cli help = Cli.run(command, "--help").succeeded();
        assertThat(help.out()).startsWith("Usage: leanvit " + command)
                .contains("--threads N", "--verbose", "--help", "Examples:");
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 120);
        assertThat(Cli.run(command, "-h")).isEqualTo(help);
    }

    @ParameterizedTest
    @ValueSource(strings = {"classify", "embed", "compare", "bench", "info", "calibrate"})
    void commandsThatPrintAResultPrintJson(String command) {
        assertThat(Cli.run(command, "--help").out()).contains("--json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"classify", "embed", "compare", "run", "bench", "serve", "info", "calibrate"})
    void wrongOptionsAreWrongUsage(String command) {
        Cli.run(command, "--nonsense").refused(command, "unknown option \"--nonsense\"");
        Cli.run(command, "--threads", "0")
                .refused(command, "--threads: expected a whole number from 1 to 1024, came \"0\"");
    }

    @Test
    void noCommandIsWrongUsage() {
        Cli.run().refused("", "expected a command");
        Cli.run("recognise", "x.png").refused("", "unknown command recognise");
        Cli.run("clasify", "x.png").refused("", "unknown command clasify, did you mean classify?");
        Cli.run("compare", "x.png", "--reducer", "none")
                .refused("compare", "unknown option \"--reducer\", did you mean --reducers?");
        Cli.run("classify", "x.png", "--help-me").refused("classify",
                "unknown option \"--help-me\", did you mean --help?");
        Cli.run("--json").refused("", "expected a command, came --json");
    }

    @Test
    void theVersionIsSaid() {
        assertThat(Cli.run("--version").succeeded().out()).startsWith("leanvit ");
    }

    @Test
    void aStackTraceComesWithVerboseAlone() {
        assertThat(Cli.run("classify", "none.png", "--model", "none").err())
                .isEqualTo("leanvit: none: no such directory\n");
        assertThat(Cli.run("classify", "none.png", "--model", "none", "--verbose").err())
                .startsWith("leanvit: none: no such directory\n").contains("\tat leanvit.vit.");
    }

    @Test
    void aMessageIsOneLineWhateverAFileIsCalled() {
        Cli.run("classify", "two\nlines\u2028and\u001bmore").failed("two?lines?and?more: no such file");
    }

    @Test
    void aResultThatNobodyReceivesIsAFailure() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no space left on device");
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.run(new String[] {"info"}, new PrintStream(full),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(status).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("leanvit: the result could not be written to stdout\n");
    }
}
