package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server as a user starts it, and as the system stops it. */
@Timeout(120)
class ServeCommandTest {

    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    private static List<String> command(String... options) {
        List<String> command = new ArrayList<>(List.of(JAVA.toString(), "-Xmx256m", "-cp",
                System.getProperty("java.class.path"), Main.class.getName(), "serve", "--port", "0"));
        command.addAll(List.of(options));
        return command;
    }

    private static HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void servesUntilItIsToldToStop() throws Exception {
        Process process = new ProcessBuilder(command("--deadline-ms", "2000", "--model", "a=" + Cli.DEMO, "--model",
                "b=" + Cli.DEMO, "--reducer", "tome:r=8", "--reducers", "none;topk:keep=0.5")).start();
        try {
            BufferedReader out =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            String url = out.readLine();
            assertThat(url).matches("http://127\\.0\\.0\\.1:\\d+/");
            // Whoever connects and sends nothing whole is sent away, and holds nobody up.
            Socket slow = new Socket(InetAddress.getLoopbackAddress(), URI.create(url).getPort());
            slow.getOutputStream().write("POST /v1/classify HTTP/1.1\r\nHost".getBytes(StandardCharsets.UTF_8));
            slow.setSoTimeout(60_000);
            while (get(url + "v2/health/ready").statusCode() != 200) {
                Thread.sleep(50);
            }
            HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
                    URI.create(url + "v1/classify?model=b&top=1"))
                    .POST(HttpRequest.BodyPublishers.ofFile(Cli.PICTURES.resolve("cup.png"))).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.body()).contains("\"model\":\"b\",\"reducer\":\"tome:r=8\"", "\"label\":\"cup\"");
            assertThat(get(url + "v1/models").body())
                    .contains("\"reducers\":[\"tome:r=8\",\"none\",\"topk:keep=0.5\"]");
            assertThat(slow.getInputStream().read()).isEqualTo(-1);
            slow.close();
            // Process.destroy would close its streams, too.
            process.toHandle().destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(out.readLine()).isNull();
            assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("leanvit: a is warm: ", "leanvit: b is warm: ");
        } finally {
            process.destroyForcibly();
        }
    }

    /** What the server has to say once it is warm has nowhere to go. */
    @Test
    void aFullDiskForItsLogHarmsNoAnswer() throws Exception {
        Path full = Path.of("/dev/full");
        Assumptions.assumeTrue(Files.isWritable(full), "this system has no /dev/full");
        Process process = new ProcessBuilder(command("--deadline-ms", "2000")).redirectError(full.toFile()).start();
        try {
            String url = new BufferedReader(
                    new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
            while (get(url + "v2/health/ready").statusCode() != 200) {
                Thread.sleep(50);
            }
            HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
                    URI.create(url + "v1/classify?top=1"))
                    .POST(HttpRequest.BodyPublishers.ofFile(Cli.PICTURES.resolve("cup.png"))).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.body()).contains("\"label\":\"cup\"");
            process.toHandle().destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void whatCannotBeServedIsToldAtOnce(@TempDir Path directory) throws IOException {
        Cli.run("serve", "--model", "none").failed("none: no such directory");
        Cli.run("serve", "--model", "a=" + Cli.DEMO, "--model", "a=" + Cli.DEMO)
                .refused("serve", "--model: two models called a");
        Cli.run("serve", "--model", "a b=" + Cli.DEMO).refused("serve", "--model: a name of letters, digits, dots and "
                + "dashes is needed for \"" + Cli.DEMO + "\": --model NAME=DIR");
        Cli.run("serve", "--reducer", "tomme").refused("serve",
                Cli.run("classify", "--reducer", "tomme", "x.png").err().replaceAll(
                        "^leanvit: | \\(see leanvit classify --help\\)\n$", ""));
        Path empty = Files.writeString(directory.resolve("tokens"), "\n \n");
        Cli.run("serve", "--token-file", empty).failed(empty + ": has no token");
        Cli.run("serve", "--port", "70000").refused("serve",
                "--port: expected a whole number from 0 to 65535, came \"70000\"");
        Cli.run("serve", "x").refused("serve", "unexpected argument \"x\"");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Cli taken8080 = Cli.run("serve", "--port", taken.getLocalPort());
            assertThat(taken8080.err()).isEqualTo("leanvit: cannot listen at 127.0.0.1:" + taken.getLocalPort()
                    + ": Address already in use\n");
        }
    }
}
