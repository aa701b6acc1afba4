package leanvit.app.serve;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonWriter;
import org.junit.jupiter.api.Assumptions;

/** A headless Chromium with one page, driven by the Chrome DevTools Protocol. */
final class Browser implements AutoCloseable {

    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/bin/chromium"), Path.of("/usr/bin/google-chrome"));
    private static final String LISTENING = "DevTools listening on ws://";
    private static final int SECONDS = 30;

    private final Process process;
    private final WebSocket socket;
    private final BlockingQueue<Map<String, Object>> messages = new LinkedBlockingQueue<>();
    private int lastId;

    private Browser(Process process, HttpClient client, String pageSocket) {
        this.process = process;
        socket = client.newWebSocketBuilder().buildAsync(URI.create(pageSocket), new Listener()).join();
    }

    /** Gathers the pieces of messages. */
    private final class Listener implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        @SuppressWarnings("unchecked")
        public CompletionStage<?> onText(WebSocket from, CharSequence piece, boolean last) {
            text.append(piece);
            if (last) {
                try {
                    messages.add((Map<String, Object>) Json.parse(text.toString()));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                text.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    /** Opens a page; skips the test where there is no Chromium. */
    static Browser open(String address, Path directory) throws Exception {
        Path program = PROGRAMS.stream().filter(Files::isExecutable).findFirst().orElse(null);
        Assumptions.assumeTrue(program != null, "skipped: no Chromium (Debian's package chromium)");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "--headless=new", "--no-sandbox",
                "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--user-data-dir=" + directory, "--window-size=1200,1400", "--remote-debugging-port=0", "about:blank")
                .redirectErrorStream(true);
        // So that what it leaves lies there, too.
        builder.environment().put("TMPDIR", directory.toString());
        Process process = builder.start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        while (line != null && !line.startsWith(LISTENING)) {
            line = lines.readLine();
        }
        if (line == null) {
            throw new AssertionError("Chromium did not start");
        }
        Thread drain = new Thread(() -> {
            try {
                process.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException closed) {
                // It has ended.
            }
        });
        drain.setDaemon(true);
        drain.start();
        String host = line.substring(LISTENING.length(), line.indexOf('/', LISTENING.length()));
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<String> page = client.send(HttpRequest.newBuilder(URI.create("http://" + host + "/json/new?"
                + address)).PUT(HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
        return new Browser(process, client,
                (String) Served.at(Json.parse(page.body()), "webSocketDebuggerUrl"));
    }

    /** Sends a command, and returns its result. */
    Object send(String method, Map<String, ?> parameters) throws Exception {
        int id = ++lastId;
        socket.sendText(new JsonWriter().beginObject().name("id").value(id).name("method").value(method)
                .name("params").tree(parameters).endObject().toString(), true).join();
        return await(message -> message.get("id") instanceof Long answer && answer == id).get("result");
    }

    private interface Condition {
        boolean holds(Map<String, Object> message);
    }

    private Map<String, Object> await(Condition condition) throws InterruptedException {
        while (true) {
            Map<String, Object> message = messages.poll(SECONDS, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("the browser says nothing");
            }
            if (condition.holds(message)) {
                return message;
            }
        }
    }

    /** Returns what an expression of the page's script is. */
    Object evaluate(String expression) throws Exception {
        return Served.at(send("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true)), "result",
                "value");
    }

    /** Waits until an expression is true. */
    void await(String expression) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!Boolean.TRUE.equals(evaluate("Boolean(" + expression + ")"))) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError(expression + " never came true; the page says "
                        + evaluate("document.body.innerText"));
            }
            Thread.sleep(50);
        }
    }

    /** Clicks on an element as a mouse does, and gives the file chooser that opens a file. */
    void choose(String element, Path file) throws Exception {
        send("Page.enable", Map.of());
        send("DOM.enable", Map.of());
        send("Page.setInterceptFileChooserDialog", Map.of("enabled", true));
        String box = element + ".getBoundingClientRect()";
        double x = ((Number) evaluate(box + ".x + 20")).doubleValue();
        double y = ((Number) evaluate(box + ".y + 20")).doubleValue();
        for (String type : List.of("mousePressed", "mouseReleased")) {
            int id = ++lastId;
            socket.sendText(new JsonWriter().beginObject().name("id").value(id).name("method")
                    .value("Input.dispatchMouseEvent").name("params").tree(Map.of("type", type, "x", x, "y", y,
                            "button", "left", "clickCount", 1)).endObject().toString(), true).join();
        }
        Object opened = await(message -> "Page.fileChooserOpened".equals(message.get("method"))).get("params");
        send("DOM.setFileInputFiles", Map.of("files", List.of(file.toAbsolutePath().toString()), "backendNodeId",
                Served.at(opened, "backendNodeId")));
    }

    /** Returns the page as a PNG. */
    byte[] screenshot() throws Exception {
        return Base64.getDecoder().decode((String) Served.at(send("Page.captureScreenshot",
                Map.of("format", "png", "captureBeyondViewport", true)), "data"));
    }

    @Override
    public void close() throws Exception {
        socket.abort();
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        for (ProcessHandle each : all) {
            each.destroyForcibly();
        }
        for (ProcessHandle each : all) {
            each.onExit().get(SECONDS, TimeUnit.SECONDS);
        }
    }
}
