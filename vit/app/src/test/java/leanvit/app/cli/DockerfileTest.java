package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Dockerfile, line by line, without Docker: what it copies, sets and runs, in a folder of its own. */
class DockerfileTest {

    private static final Path ROOT = TestData.directory().resolve("..");

    @TempDir
    private Path app;

    private final Map<String, String> environment = new TreeMap<>();

    private static List<String> lines() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        int from = readme.indexOf("```dockerfile\n") + "```dockerfile\n".length();
        return readme.substring(from, readme.indexOf("```", from)).lines().toList();
    }

    /** Stands for the jar, which there is not before the tests: with the same main class, and a class path. */
    private void jar(Path file) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Main.class.getName());
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, Stream.of(System.getProperty("java.class.path")
                .split(File.pathSeparator)).map(part -> Path.of(part).toUri().toString())
                .collect(Collectors.joining(" ")));
        try (OutputStream out = Files.newOutputStream(file)) {
            new JarOutputStream(out, manifest).close();
        }
    }

    private void copy(String from, String to) throws IOException {
        Path target = app.resolve(to);
        if (from.equals("vit/target/leanvit.jar")) {
            jar(target);
            return;
        }
        Files.createDirectory(target);
        for (String name : Cli.files(ROOT.resolve(from))) {
            Files.copy(ROOT.resolve(from).resolve(name), target.resolve(name));
        }
    }

    private Process start(String words) throws IOException {
        List<String> command = new ArrayList<>();
        for (Object word : (List<?>) Json.parse(words)) {
            command.add(word.equals("java") ? Path.of(System.getProperty("java.home"), "bin", "java").toString()
                    : word.equals("8080") ? "0" : (String) word);
        }
        ProcessBuilder builder = new ProcessBuilder(command).directory(app.toFile())
                .redirectError(app.resolve("err.txt").toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    @Test
    void itsLinesDoWhatTheySay() throws Exception {
        List<String> lines = lines();
        assertThat(lines).hasSizeBetween(5, 12);
        String served = null;
        for (String line : lines) {
            String[] parts = line.split(" ", 2);
            switch (parts[0]) {
                case "COPY" -> copy(parts[1].split(" ")[0], parts[1].split(" ")[1]);
                case "ENV" -> environment.put(parts[1].substring(0, parts[1].indexOf('=')),
                        parts[1].substring(parts[1].indexOf('=') + 1).replace("\"", ""));
                case "RUN" -> {
                    Process process = start(parts[1]);
                    String out = new String(process.getInputStream().readAllBytes());
                    assertThat(process.waitFor()).as(out).isZero();
                    assertThat(out).contains("SIMD kernels", "vit_demo_patch8_96");
                }
                case "ENTRYPOINT" -> served = parts[1];
                default -> assertThat(parts[0]).isIn("FROM", "WORKDIR", "USER", "EXPOSE");
            }
        }
        assertThat(served).isNotNull();
        serves(start(served));
    }

    private void serves(Process process) throws Exception {
        try (BufferedReader out = process.inputReader()) {
            String address = out.readLine();
            assertThat(address).as(Files.readString(app.resolve("err.txt"))).startsWith("http://");
            String port = address.replaceAll(".*:([0-9]+).*", "$1");
            HttpClient client = HttpClient.newHttpClient();
            HttpRequest ready = HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + port + "/v2/health/ready")).build();
            while (client.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() != 200) {
                Thread.sleep(50);
            }
            HttpResponse<String> answer = client.send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + port + "/v1/classify")).header("Content-Type", "image/png")
                    .POST(HttpRequest.BodyPublishers.ofFile(Cli.PICTURES.resolve("cup.png"))).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).contains("\"cup\"");
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as("docker stop: it finishes and ends well").isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
