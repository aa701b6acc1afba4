package leanvit.app.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.TestData;
import leanvit.vit.Batcher;
import leanvit.vit.Classifier;
import leanvit.vit.json.Json;

/** A server of the demo model on a free port, and a client of it. */
final class Served implements AutoCloseable {

    static final Path PICTURES = TestData.path("demo/pictures");
    static final Duration DEADLINE = Duration.ofSeconds(20);

    final Classifier classifier;
    final Server server;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Served(Classifier classifier, Server server) {
        this.classifier = classifier;
        this.server = server;
    }

    /** Returns settings for the demo model, called {@code demo}. */
    static ServerSettings settings(Classifier classifier, List<TokenReducer> offered, int queue, int mostBody,
            String... tokens) {
        return new ServerSettings(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Map.of("demo", classifier), offered,
                Batcher.Settings.usual().withQueue(queue).withWorkers(1), mostBody, DEADLINE, 64, List.of(tokens));
    }

    static Classifier demo() throws IOException {
        return Classifier.load(TestData.path("demo/model"));
    }

    static Served start(Classifier classifier, ServerSettings settings) throws IOException {
        Server server = Server.start(settings);
        server.warmUp(Duration.ZERO, (name, warm) -> { });
        return new Served(classifier, server);
    }

    /** Returns a client of a server whose models are warm, or are not asked. */
    static Served warmAlready(Classifier classifier, Server server) {
        return new Served(classifier, server);
    }

    static byte[] picture(String name) throws IOException {
        return Files.readAllBytes(PICTURES.resolve(name + ".png"));
    }

    int port() {
        return server.address().getPort();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path)).timeout(DEADLINE);
    }

    HttpResponse<byte[]> send(HttpRequest.Builder request) throws IOException {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    HttpResponse<byte[]> get(String path) throws IOException {
        return send(request(path));
    }

    HttpResponse<byte[]> post(String path, String type, byte[] body) throws IOException {
        return send(request(path).header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    HttpResponse<byte[]> postJson(String path, String json) throws IOException {
        return post(path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends bytes as they are, and returns all that comes until the server closes or is silent for a while. */
    String raw(byte[]... pieces) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            OutputStream out = socket.getOutputStream();
            for (byte[] piece : pieces) {
                out.write(piece);
                out.flush();
            }
            socket.setSoTimeout(200);
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[8192];
            try {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    all.write(buffer, 0, count);
                }
            } catch (IOException silence) {
                // What came has come.
            }
            return all.toString(StandardCharsets.ISO_8859_1);
        }
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> json(HttpResponse<byte[]> response) throws IOException {
        return (Map<String, Object>) Json.parse(response.body());
    }

    /** Returns what a path of names and numbers leads to in a tree of JSON. */
    static Object at(Object tree, Object... path) {
        Object at = tree;
        for (Object step : path) {
            at = step instanceof Integer index ? ((List<?>) at).get(index) : ((Map<?, ?>) at).get(step);
        }
        return at;
    }

    @Override
    public void close() {
        server.close();
    }
}
