package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.json.Json;

/**
 * What a command line did, run in this JVM.
 *
 * @param status the exit status
 * @param out    what went to stdout
 * @param err    what went to stderr
 */
record Cli(int status, String out, String err) {

    static final Path TESTDATA = TestData.directory();
    static final Path PICTURES = TESTDATA.resolve("demo/pictures");
    static final Path DEMO = TESTDATA.resolve("demo/model");

    /** Runs a command line; arguments are turned into strings. */
    static Cli run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.run(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Cli(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Checks that all went well and nothing was said about it. */
    Cli succeeded() {
        assertThat(err).isEmpty();
        assertThat(status).isZero();
        return this;
    }

    /** Checks that the one thing on stderr is this line, that there is no result, and that the status is 1. */
    void failed(String line) {
        assertThat(err).isEqualTo("leanvit: " + line + "\n");
        assertThat(out).isEmpty();
        assertThat(status).isEqualTo(1);
    }

    /** Checks that the one thing on stderr is this line with the hint at a command's help, and that the status is 2. */
    void refused(String command, String line) {
        assertThat(err).isEqualTo("leanvit: " + line + " (see leanvit " + (command.isEmpty() ? "" : command + " ")
                + "--help)\n");
        assertThat(out).isEmpty();
        assertThat(status).isEqualTo(2);
    }

    /** Returns the one JSON value on stdout. */
    Object json() throws IOException {
        assertThat(out).endsWith("\n");
        return Json.parse(out);
    }

    /** Returns the one JSON object on stdout. */
    @SuppressWarnings("unchecked")
    Map<String, Object> object() throws IOException {
        return (Map<String, Object>) json();
    }

    /** Returns the JSON array of objects on stdout. */
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> objects() throws IOException {
        return (List<Map<String, Object>>) json();
    }

    /** Returns the names of all that lies in a directory. */
    static List<String> files(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            List<String> names = new ArrayList<>(entries.map(entry -> entry.getFileName().toString()).toList());
            names.sort(null);
            return names;
        }
    }

    /** Copies the demo model into a directory, to be spoilt there. */
    static Path copyDemo(Path directory) throws IOException {
        for (String name : files(DEMO)) {
            Files.copy(DEMO.resolve(name), directory.resolve(name));
        }
        return directory;
    }
}
