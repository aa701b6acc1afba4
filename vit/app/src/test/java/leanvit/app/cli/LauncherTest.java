package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts the program as a user does: without the flag for the Vector API's module. */
class LauncherTest {

    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    private static Process start(List<String> options, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(JAVA.toString()));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    private static Cli run(List<String> options, String... arguments) throws IOException, InterruptedException {
        Process process = start(options, arguments);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Cli(process.exitValue(), out, err);
    }

    @Test
    void aPlainStartHasTheVectorApiAndACleanStderr() throws Exception {
        Map<String, Object> info = run(List.of(), "info", "--json").succeeded().object();
        assertThat(info.get("reason").toString()).doesNotContain("missing");
    }

    @Test
    void theOptionsOfTheFirstJvmHoldInTheSecond() throws Exception {
        Map<String, Object> info =
                run(List.of("-Xmx123m", "-XX:+UseParallelGC", "-Dleanvit.simd=scalar"), "info", "--json")
                .succeeded().object();
        assertThat(info).containsEntry("reason", "asked for by -Dleanvit.simd=scalar");
        assertThat((long) info.get("heap_bytes")).isBetween(100L << 20, 123L << 20);
    }

    @Test
    void answersStatusAndErrorsComeThrough() throws Exception {
        String cup = Cli.PICTURES.resolve("cup.png").toString();
        Cli mixed = run(List.of("-XX:+UseG1GC"), "classify", "--json", cup, "none.png");
        assertThat(mixed.status()).isEqualTo(1);
        assertThat(mixed.err()).isEqualTo("leanvit: none.png: no such file\n");
        assertThat(mixed.objects()).hasSize(2);
        assertThat(run(List.of(), "classify", "--top", "1", cup).succeeded().out()).endsWith(" cup\n");
    }

    @Test
    void wrongUsageIsToldByTheFirstJvm() throws Exception {
        run(List.of(), "classify", "--top", "0", "x.png").refused("classify",
                "--top: expected a whole number from 1 to 2147483647, came \"0\"");
    }

    @Test
    void aHeapTooSmallIsToldInOneLine() throws Exception {
        Cli cli = run(List.of("-Xmx48m"), "bench", "--arch", "vit_large_patch16_224");
        assertThat(cli.err()).startsWith("leanvit: out of memory: ").matches("[^\n]+\n");
        assertThat(cli.status()).isEqualTo(1);
    }

    @Test
    void theSecondJvmEndsWithTheFirst() throws Exception {
        Process process = start(List.of(), "bench", "--seconds", "300");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        List<ProcessHandle> seconds = List.of();
        while (seconds.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(20);
            seconds = process.descendants().filter(child -> child.info().command().orElse("").contains("java"))
                    .toList();
        }
        assertThat(seconds).hasSize(1);
        process.destroy();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        seconds.get(0).onExit().get(30, TimeUnit.SECONDS);
        assertThat(process.exitValue()).isNotZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", value = {
            "WARNING: Using incubator modules: jdk.incubator.vector;leanvit: x;more;| leanvit: x;more;",
            "Picked up JAVA_TOOL_OPTIONS: -Da=b;WARNING: Using incubator modules: a;| ''",
            "WARNING: Using incubator modules: jdk.incubator.vector;| ''",
            "leanvit: x;WARNING: Using incubator modules: a;| leanvit: x;WARNING: Using incubator modules: a;",
            "WARNING: Us| WARNING: Us",
            "WARNING: Used;| WARNING: Used;",
            "12 of 200| 12 of 200",
            "''| ''",
    })
    void onlyWhatTheJvmSaysOfItselfIsLeftOut(String from, String passed) throws IOException {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Launcher.passOn(new ByteArrayInputStream(from.replace(';', '\n').getBytes(StandardCharsets.UTF_8)), err);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo(passed.replace(';', '\n'));
    }

    @Test
    void bytesPassUnchanged() throws IOException {
        byte[] bytes = "WARNING: \u00e9\u20ac \r50 %".getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Launcher.passOn(new ByteArrayInputStream(bytes), err);
        assertThat(err.toByteArray()).isEqualTo(bytes);
    }

    @Test
    void whatAFullDiskDoesNotTakeIsLostAndNothingElse() throws IOException {
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        OutputStream full = new OutputStream() {
            private int writes;

            @Override
            public void write(int b) {
                throw new AssertionError();
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                if (writes++ < 2) {
                    throw new IOException("No space left on device");
                }
                taken.write(bytes, from, length);
            }
        };
        byte[] bytes = new byte[100_000];
        bytes[bytes.length - 1] = 7;
        Launcher.passOn(new ByteArrayInputStream(bytes), full);
        assertThat(taken.toByteArray()).hasSizeBetween(80_000, 99_999).endsWith(7);
    }
}
