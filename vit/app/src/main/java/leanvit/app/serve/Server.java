package leanvit.app.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import leanvit.vit.Batcher;
import leanvit.vit.CallListener;
import leanvit.vit.CallReport;
import leanvit.vit.Classifier;
import leanvit.vit.RefusedException;
import leanvit.vit.WarmUp;
import leanvit.vit.json.JsonWriter;

/**
 * Serves models over HTTP, on the JDK's own server. {@link #start} listens at once; {@link #warmUp} makes it ready.
 * Safe for any number of threads.
 */
public final class Server implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Server.class.getName());
    private static final int BACKLOG = 256;
    private static final int GRACE_SECONDS = 5;
    /** A request whose headers are read as yet is not under way; it has so many looks to be. */
    private static final int QUIET_LOOKS = 5;
    private static final int LOOK_MILLIS = 10;
    private static final double NANOS = 1e9;
    private static final double[] SECONDS = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
    private static final double[] PICTURES = {1, 2, 4, 8, 16, 32, 64};
    private static final String REQUESTS = "leanvit_requests_total";
    private static final String ERRORS = "leanvit_errors_total";
    private static final String PHASES = "leanvit_phase_seconds";

    private final ServerSettings settings;
    private final HttpServer http;
    private final Threads threads;
    private final Batcher batcher;
    private final BodyRoom bodies;
    private final Desks desks;
    private final Meters meters = new Meters();
    private final Routes routes = new Routes();
    private final List<byte[]> tokenDigests = new ArrayList<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private volatile boolean warm;
    private volatile boolean stopping;

    private Server(ServerSettings settings) throws IOException {
        this.settings = settings;
        declareMeters();
        List<Desk> all = new ArrayList<>();
        settings.models().forEach((name, classifier) -> {
            Classifier counted = classifier.with(new Counting(name));
            all.add(Desk.of(name, counted, settings.offered() == null ? Desk.usual(classifier.model().shape())
                    : settings.offered()));
        });
        desks = new Desks(all);
        settings.tokens().forEach(token -> tokenDigests.add(digest(token)));
        bodies = new BodyRoom(settings.mostBody(), Runtime.getRuntime().maxMemory() / 8);
        boundTime(settings.deadline());
        http = HttpServer.create(settings.address(), BACKLOG);
        threads = new Threads(settings.threads());
        batcher = new Batcher(settings.batching().withTime(settings.deadline()));
        addRoutes(new Work(batcher, settings.mostBody()));
        gauges();
        http.setExecutor(threads);
        http.createContext("/", this::handle);
    }

    /**
     * Has the JDK's server close connections whose request does not come, or whose answer does not go, in time, and
     * answer at once; its settings hold for the whole virtual machine, and the first server's count.
     */
    private static void boundTime(Duration deadline) {
        long seconds = Math.max(1, deadline.toSeconds() + (deadline.toNanosPart() > 0 ? 1 : 0));
        Map<String, String> bounds = Map.of(
                "sun.net.httpserver.nodelay", "true",
                "sun.net.httpserver.maxReqTime", Long.toString(seconds + 1),
                "sun.net.httpserver.maxRspTime", Long.toString(2 * seconds + GRACE_SECONDS),
                "sun.net.httpserver.idleInterval", Long.toString(Math.max(seconds, 30)));
        bounds.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
    }

    /**
     * Begins to listen.
     *
     * @throws IOException              if the address is taken or not this machine's
     * @throws IllegalArgumentException if a reducer does not fit its model
     */
    public static Server start(ServerSettings settings) throws IOException {
        Server server = new Server(settings);
        server.http.start();
        return server;
    }

    /** Returns where this listens. */
    public InetSocketAddress address() {
        return http.getAddress();
    }

    /**
     * Warms all models up, and is ready from then on.
     *
     * @param longest   for each model
     * @param afterEach told of each model's name, and how it got warm
     */
    public void warmUp(Duration longest, BiConsumer<String, WarmUp> afterEach) {
        // Those that nobody counts: meters are for what clients sent.
        settings.models().forEach((name, classifier) -> afterEach.accept(name, classifier.warmUp(longest)));
        ready();
    }

    /** Is ready from now on, whether warm or not. */
    void ready() {
        warm = true;
    }

    /** {@link #stop} within the deadline of a request. */
    @Override
    public void close() {
        stop(settings.deadline());
    }

    /** Stops listening, answers what has come, as far as there is time, and ends. */
    public void stop(Duration longest) {
        stopping = true;
        long end = System.nanoTime() + longest.toNanos();
        // Stops listening at once, and then waits; also for exchanges that ended without an answer, which it still
        // counts. So it is told when the last one is over.
        Thread closing = new Thread(() -> http.stop((int) Math.max(1, longest.toSeconds())), "leanvit-stop");
        closing.start();
        try {
            for (int quiet = 0; quiet < QUIET_LOOKS && System.nanoTime() - end < 0;) {
                quiet = underWay.get() == 0 ? quiet + 1 : 0;
                Thread.sleep(LOOK_MILLIS);
            }
            closing.interrupt();
            closing.join();
        } catch (InterruptedException e) {
            closing.interrupt();
            Thread.currentThread().interrupt();
        }
        batcher.close(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        threads.close();
    }

    private void declareMeters() {
        meters.counter(REQUESTS, "Requests by endpoint and status.");
        meters.counter(ERRORS, "Requests without an answer, by kind.");
        meters.counter("leanvit_refusals_total", "Pictures that the library refused, by reason.");
        meters.counter("leanvit_pictures_total", "Pictures that went through a model.");
        meters.counter("leanvit_broken_pictures_total", "Pictures that could not be decoded.");
        meters.counter("leanvit_input_tokens_total", "Tokens before the first block.");
        meters.counter("leanvit_kept_tokens_total", "Tokens after the last block.");
        meters.counter("leanvit_macs_total", "Multiply-accumulates of the models.");
        meters.histogram("leanvit_batch_pictures", "Pictures of a batch.", PICTURES);
        meters.histogram(PHASES, "What a batch took to wait for its turn, decode, resize and run.", SECONDS);
        meters.histogram("leanvit_request_seconds", "What a request took, from its headers to its answer.", SECONDS);
    }

    private void gauges() {
        Runtime runtime = Runtime.getRuntime();
        meters.gauge("leanvit_ready", "Whether all models are warm.", () -> warm && !stopping ? 1 : 0);
        meters.gauge("leanvit_queue_pictures", "Pictures that wait.", batcher::waiting);
        meters.gauge("leanvit_queue_limit_pictures", "The most pictures that may wait.",
                () -> settings.batching().queue());
        meters.gauge("leanvit_requests_under_way", "Requests under way.", underWay::get);
        meters.gauge("leanvit_connections_refused", "Connections closed for want of a thread.", threads::refused);
        meters.gauge("leanvit_body_bytes", "Memory of requests' bodies.", bodies::taken);
        meters.gauge("leanvit_heap_used_bytes", "Java heap in use.",
                () -> runtime.totalMemory() - runtime.freeMemory());
        meters.gauge("leanvit_heap_limit_bytes", "The most Java heap.", runtime::maxMemory);
    }

    /** Counts a model's batches. */
    private final class Counting implements CallListener {

        private final String model;

        Counting(String model) {
            this.model = model;
        }

        @Override
        public void answered(CallReport call) {
            String[] labels = {"model", model, "reducer", call.reducer()};
            meters.add("leanvit_pictures_total", call.pictures(), labels);
            meters.add("leanvit_broken_pictures_total", call.broken(), labels);
            meters.add("leanvit_input_tokens_total", call.tokens()[0], labels);
            meters.add("leanvit_kept_tokens_total", call.tokens()[call.tokens().length - 1], labels);
            meters.add("leanvit_macs_total", call.macs(), labels);
            meters.observe("leanvit_batch_pictures", call.pictures());
            meters.observe(PHASES, call.waitNanos() / NANOS, "phase", "wait");
            meters.observe(PHASES, call.decodeNanos() / NANOS, "phase", "decode");
            meters.observe(PHASES, call.resizeNanos() / NANOS, "phase", "resize");
            meters.observe(PHASES, call.modelNanos() / NANOS, "phase", "model");
        }

        @Override
        public void refused(RefusedException refusal) {
            meters.add("leanvit_refusals_total", 1, "reason", refusal.reason().name());
        }
    }

    private void addRoutes(Work work) throws IOException {
        Infer infer = new Infer(desks, work);
        Classify classify = new Classify(desks, work);
        Embeddings embeddings = new Embeddings(desks, work);
        byte[] page;
        try (InputStream in = Server.class.getResourceAsStream("page.html")) {
            page = in.readAllBytes();
        }
        routes.add("GET", "/", true, false, request -> new Reply(200, "text/html; charset=utf-8", page,
                        Map.of("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                + "script-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'")))
                .add("POST", "/v1/classify", false, true, classify)
                .add("POST", "/v1/embeddings", false, true, embeddings)
                .add("GET", "/v1/models", false, false, request -> models())
                .add("GET", "/v2", false, false, request -> Reply.json(new JsonWriter().beginObject().name("name")
                        .value("leanvit").name("version").value(version()).name("extensions")
                        .tree(List.of("binary_tensor_data")).endObject()))
                .add("GET", "/v2/health/live", true, false, request -> Reply.json(new JsonWriter().beginObject()
                        .name("live").value(true).endObject()))
                .add("GET", "/v2/health/ready", true, true, request -> Reply.json(new JsonWriter().beginObject()
                        .name("ready").value(true).endObject()))
                .add("GET", "/metrics", false, false, request -> Reply.of(Meters.TYPE,
                        meters.text().getBytes(StandardCharsets.UTF_8)));
        for (String path : List.of("/v2/models/{model}", "/v2/models/{model}/versions/{version}")) {
            routes.add("GET", path, false, false, infer::describe)
                    .add("GET", path + "/ready", false, true, infer::ready)
                    .add("POST", path + "/infer", false, true, infer::infer);
        }
    }

    private static String version() {
        String version = Server.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private Reply models() {
        JsonWriter json = new JsonWriter().beginObject().name("object").value("list").name("data").beginArray();
        for (Desk desk : desks.all()) {
            json.beginObject().name("id").value(desk.name()).name("object").value("model").name("owned_by")
                    .value("leanvit").name("classes").value(desk.usual().model().config().classes())
                    .name("dimensions").value(desk.usual().model().shape().width())
                    .name("tokens").value(desk.usual().model().shape().tokens())
                    .name("dense_macs").value(desk.denseMacs())
                    .name("reducer").value(desk.usual().reducer().spec())
                    .name("reducers").tree(desk.reducers().keySet()).endObject();
        }
        return Reply.json(json.endArray().endObject());
    }

    private void handle(HttpExchange exchange) {
        long start = System.nanoTime();
        underWay.incrementAndGet();
        String endpoint = "none";
        boolean inference = exchange.getRequestURI().getPath().startsWith("/v2");
        try (exchange; BodyRoom.Share share = bodies.new Share()) {
            Reply reply;
            try {
                Request request = new Request(exchange, share, start + settings.deadline().toNanos());
                Routes.Route route = routes.find(request);
                endpoint = route.path();
                admit(route, request);
                reply = route.endpoint().answer(request);
            } catch (IOException broken) {
                // The client went away, or was too slow for the server to wait: there is nobody to tell.
                meters.add(ERRORS, 1, "kind", "client_gone");
                return;
            } catch (Problem | RuntimeException | Error failure) {
                Problem problem = failure instanceof Problem known ? known : unexpected(failure);
                meters.add(ERRORS, 1, "kind", problem.kind());
                reply = inference ? Reply.ofInference(problem) : Reply.of(problem);
            }
            meters.add(REQUESTS, 1, "endpoint", endpoint, "code", Integer.toString(reply.status()));
            send(exchange, reply);
        } finally {
            underWay.decrementAndGet();
            meters.observe("leanvit_request_seconds", (System.nanoTime() - start) / NANOS, "endpoint", endpoint);
        }
    }

    private static Problem unexpected(Throwable failure) {
        Problem problem = failure instanceof OutOfMemoryError ? Problem.of(failure)
                : new Problem(Problem.INTERNAL_ERROR, "internal", "internal error: " + failure.getClass()
                .getSimpleName());
        if (problem.status() == Problem.INTERNAL_ERROR) {
            LOG.log(Level.WARNING, "a request failed", failure);
        }
        return problem;
    }

    private void admit(Routes.Route route, Request request) throws Problem {
        if (!route.open() && !tokenDigests.isEmpty()) {
            String header = request.header("Authorization");
            byte[] digest = digest(header != null && header.startsWith("Bearer ") ? header.substring(7).strip() : "");
            boolean known = false;
            for (byte[] token : tokenDigests) {
                known |= MessageDigest.isEqual(token, digest);
            }
            if (!known) {
                throw new Problem(Problem.UNAUTHORIZED, "unauthorized", "this needs a token: Authorization: Bearer ...")
                        .with("WWW-Authenticate", "Bearer");
            }
        }
        if (route.warm() && stopping) {
            throw Problem.unavailable("stopping", "the server stops").with("Connection", "close");
        }
        if (route.warm() && !warm) {
            throw Problem.unavailable("cold", "the models are not warm yet");
        }
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void send(HttpExchange exchange, Reply reply) {
        try {
            exchange.getResponseHeaders().set("Content-Type", reply.type());
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            reply.headers().forEach(exchange.getResponseHeaders()::set);
            if (stopping) {
                exchange.getResponseHeaders().set("Connection", "close");
            }
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (head) {
                exchange.getResponseHeaders().set("Content-Length", Integer.toString(reply.body().length));
            }
            exchange.sendResponseHeaders(reply.status(), head || reply.body().length == 0 ? -1 : reply.body().length);
            if (!head) {
                exchange.getResponseBody().write(reply.body());
                // Before the exchange is closed, which waits for what is left of a request's body.
                exchange.getResponseBody().flush();
            }
        } catch (IOException gone) {
            meters.add(ERRORS, 1, "kind", "client_gone");
        }
    }
}
