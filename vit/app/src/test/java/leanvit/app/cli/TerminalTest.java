package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TerminalTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Terminal terminal(boolean interactive) {
        return new Terminal(new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), interactive);
    }

    @Test
    void progressIsForATerminalAlone() {
        Terminal terminal = terminal(false);
        terminal.progress("1 of 2");
        terminal.endProgress();
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void anErrorStandsOnALineOfItsOwn() {
        Terminal terminal = terminal(true);
        terminal.progress("1 of 2");
        terminal.error("x.png: no such file");
        terminal.warning("odd");
        terminal.endProgress();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("\r1 of 2\r      \rleanvit: x.png: no such file\nleanvit: warning: odd\n");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    }
}
