package leanvit.spring.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Test;

/** The executable jar, started as the README starts it, with the flag and without. */
class ExecutableJarIT {

    private static final Pattern PORT = Pattern.compile("started on port (\\d+)");
    private static final Path DEMO = TestData.directory().resolve("demo");

    /** Starts the jar, asks it, ends it as a container does, and returns what it had logged. */
    private static String run(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("-jar", System.getProperty("leanvit.app"), "--server.port=0",
                "--leanvit.model=" + DEMO.resolve("model"), "--leanvit.warm-up.longest=2s"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        StringBuilder log = new StringBuilder();
        try (BufferedReader lines = process.inputReader()) {
            String address = "http://localhost:" + port(lines, log);
            HttpClient client = HttpClient.newHttpClient();
            HttpResponse<String> cup = post(client, address, HttpRequest.BodyPublishers.ofFile(
                    DEMO.resolve("pictures/cup.png")));
            assertThat(cup.statusCode()).as(log + cup.body()).isEqualTo(200);
            assertThat(cup.body()).startsWith("[{\"index\":4,\"label\":\"cup\",\"probability\":0.9");
            HttpResponse<String> text = post(client, address, HttpRequest.BodyPublishers.ofString("no picture"));
            assertThat(text.statusCode()).isEqualTo(422);
            assertThat(text.body()).contains("is not a JPEG or PNG picture");
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as("128 + SIGTERM").isEqualTo(143);
            return log.toString();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String port(BufferedReader lines, StringBuilder log) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            log.append(line).append('\n');
            Matcher port = PORT.matcher(line);
            if (port.find()) {
                return port.group(1);
            }
        }
        throw new AssertionError("ended before it listened:\n" + log);
    }

    private static HttpResponse<String> post(HttpClient client, String address, HttpRequest.BodyPublisher body)
            throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create(address + "/classify"))
                .header("Content-Type", "application/octet-stream").POST(body).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void withTheFlagSimdServes() throws Exception {
        assertThat(run("--add-modules", "jdk.incubator.vector")).contains("SIMD kernels")
                .doesNotContain("The scalar kernels serve");
    }

    @Test
    void withoutItOneLineSaysWhatToDo() throws Exception {
        assertThat(run()).contains("The scalar kernels serve", "java --add-modules jdk.incubator.vector -jar APP.jar");
    }
}
