package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Classifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens when there is more work than a server can do, or may: bounded, told, and over when it is over. */
@Timeout(120)
class ServerBoundsTest {

    /** Waits in block 0 until the test lets it go. */
    private record Gate(CountDownLatch reached, CountDownLatch open) implements TokenReducer {

        Gate() {
            this(new CountDownLatch(1), new CountDownLatch(1));
        }

        @Override
        public String spec() {
            return "gate";
        }

        @Override
        public boolean reducesAt(ModelShape model, int layer) {
            return layer == 0;
        }

        @Override
        public Set<Need> needs() {
            return Set.of();
        }

        @Override
        public void reduce(LayerTokens tokens, TokenMap map) {
            reached.countDown();
            try {
                if (!open.await(60, TimeUnit.SECONDS)) {
                    throw new AssertionError("the gate stayed shut");
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            map.keepRange(0, tokens.count());
        }
    }

    private static Served gated(Gate gate, int queue) throws IOException {
        Classifier classifier = Served.demo();
        ServerSettings settings = Served.settings(classifier.with(gate), List.of(), queue, 1 << 20);
        Server server = Server.start(settings);
        server.ready();
        return Served.warmAlready(classifier, server);
    }

    @Test
    void aFullQueueIs429AndAStoppingServerFinishesWhatItHas() throws Exception {
        Gate gate = new Gate();
        ExecutorService clients = Executors.newCachedThreadPool();
        Served served = gated(gate, 2);
        byte[] cup = Served.picture("cup");
        try {
            List<Future<HttpResponse<byte[]>>> accepted = new ArrayList<>();
            accepted.add(clients.submit(() -> served.post("/v1/classify", "image/png", cup)));
            assertThat(gate.reached().await(60, TimeUnit.SECONDS)).isTrue();
            accepted.add(clients.submit(() -> served.post("/v1/classify", "image/png", cup)));
            accepted.add(clients.submit(() -> served.post("/v1/classify", "image/png", cup)));
            awaitQueue(served, 2);
            HttpResponse<byte[]> refused = served.post("/v1/classify", "image/png", cup);
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            assertThat(Served.at(Served.json(refused), "error", "message"))
                    .isEqualTo("2 pictures wait already, as many as may");
            Future<?> stopped = clients.submit(() -> served.server.stop(Duration.ofSeconds(30)));
            gate.open().countDown();
            for (Future<HttpResponse<byte[]>> answer : accepted) {
                assertThat(answer.get().statusCode()).isEqualTo(200);
                assertThat(Served.at(Served.json(answer.get()), "data", 0, "classes", 0, "label")).isEqualTo("cup");
            }
            stopped.get(40, TimeUnit.SECONDS);
        } finally {
            gate.open().countDown();
            clients.shutdown();
        }
    }

    private static void awaitQueue(Served served, int pictures) throws Exception {
        for (int i = 0; i < 500; i++) {
            if (Served.text(served.get("/metrics")).contains("leanvit_queue_pictures " + pictures + "\n")) {
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("the queue never held " + pictures);
    }

    @Test
    void aServerThatIsNotWarmSaysSo() throws IOException {
        Classifier classifier = Served.demo();
        try (Served served = Served.warmAlready(classifier,
                Server.start(Served.settings(classifier, List.of(), 2, 1 << 20)))) {
            assertThat(served.get("/v2/health/live").statusCode()).isEqualTo(200);
            HttpResponse<byte[]> ready = served.get("/v2/health/ready");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.headers().firstValue("Retry-After")).contains("1");
            assertThat(Served.json(ready)).containsEntry("error", "the models are not warm yet");
            assertThat(served.post("/v1/classify", "image/png", Served.picture("cup")).statusCode()).isEqualTo(503);
            served.server.warmUp(Duration.ZERO, (name, warm) -> assertThat(warm.passes()).isEqualTo(1));
            assertThat(served.get("/v2/health/ready").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void tokensAreAskedFor() throws IOException {
        Classifier classifier = Served.demo();
        try (Served served = Served.start(classifier,
                Served.settings(classifier, List.of(), 2, 1 << 20, "secret", "other"))) {
            HttpResponse<byte[]> none = served.get("/v1/models");
            assertThat(none.statusCode()).isEqualTo(401);
            assertThat(none.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            assertThat(served.send(served.request("/v1/models").header("Authorization", "Bearer wrong")).statusCode())
                    .isEqualTo(401);
            assertThat(served.send(served.request("/v1/models").header("Authorization", "Bearer other")).statusCode())
                    .isEqualTo(200);
            assertThat(served.get("/metrics").statusCode()).isEqualTo(401);
            assertThat(served.get("/").statusCode()).isEqualTo(200);
            assertThat(served.get("/v2/health/ready").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aBodyThatTricklesIs408() throws Exception {
        Classifier classifier = Served.demo();
        ServerSettings usual = Served.settings(classifier, List.of(), 2, 1 << 20);
        ServerSettings hurried = new ServerSettings(usual.address(), usual.models(), usual.offered(), usual.batching(),
                usual.mostBody(), Duration.ofMillis(300), usual.threads(), usual.tokens());
        try (Served served = Served.start(classifier, hurried);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));
            byte[] answer = new byte[12];
            while (socket.getInputStream().available() == 0) {
                socket.getOutputStream().write('x');
                Thread.sleep(20);
            }
            assertThat(socket.getInputStream().readNBytes(answer, 0, 12)).isEqualTo(12);
            assertThat(new String(answer, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 408");
        }
    }

    @Test
    void bodiesTogetherTakeBoundedMemory() throws Exception {
        BodyRoom room = new BodyRoom(100_000, 0);
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        try (BodyRoom.Share first = room.new Share()) {
            assertThat(first.read(new ByteArrayInputStream(new byte[90_000]), 90_000, end)).hasSize(90_000);
            assertThat(room.taken()).isEqualTo(90_000);
            try (BodyRoom.Share second = room.new Share()) {
                // While an array grows there are two.
                Problem problem = assertThrows(Problem.class,
                        () -> second.read(new ByteArrayInputStream(new byte[90_000]), 90_000, end));
                assertThat(problem.status()).isEqualTo(503);
            }
            assertThat(room.taken()).isEqualTo(90_000);
        }
        assertThat(room.taken()).isZero();
    }
}
