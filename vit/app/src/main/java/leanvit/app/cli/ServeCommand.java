package leanvit.app.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import leanvit.app.serve.Server;
import leanvit.app.serve.ServerSettings;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Batcher;
import leanvit.vit.CallLimits;
import leanvit.vit.Classifier;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.Checkpoint;

/** {@code serve}: answers pictures over HTTP until it is told to stop. */
final class ServeCommand implements Command {

    private static final int MAX_PORT = 65_535;
    private static final int MAX_QUEUE = 100_000;
    private static final int MAX_BATCH = 256;
    private static final int MAX_MILLIS = 3_600_000;
    private static final int USUAL_DEADLINE = 10_000;
    private static final int USUAL_QUEUE = 64;
    private static final int MEBI = 1 << 20;
    private static final int USUAL_BODY = 16 * MEBI;
    /** Bodies, pictures and the model share the heap. */
    private static final int BODY_SHARE = 16;
    private static final int PIXEL_SHARE = 16;
    private static final Duration WARM_UP = Duration.ofSeconds(30);

    @Override
    public Syntax syntax() {
        return new Syntax("serve", "", "Answer pictures over HTTP: labels, embeddings, the Open Inference Protocol, "
                + "meters, and a page to try it.")
                .texts("--model", "[NAME=]DIR", "a model's directory, and what requests call it; may be repeated; "
                        + "default: a small demo model that is built in")
                .reducer()
                .text("--reducers", "SPECS", "what else a request may ask for (?reducer=SPEC), reducers with ; between "
                        + "them; default: none and the usual methods, from mild to strong")
                .text("--host", "HOST", "127.0.0.1", "the address to listen at; 0.0.0.0 is every one")
                .whole("--port", "PORT", 0, MAX_PORT, 8080, "the port; 0 takes one that is free, which stdout tells")
                .whole("--threads", "N", 1, 1024, Runtime.getRuntime().availableProcessors(),
                        "batches at once; more than processors gain nothing")
                .whole("--max-batch", "B", 1, MAX_BATCH, 8, "pictures that go through the model together")
                .whole("--max-delay-ms", "MS", 0, MAX_MILLIS, 0, "how long a picture waits for others to go with it")
                .whole("--queue", "N", 1, MAX_QUEUE, USUAL_QUEUE, "pictures that wait; more get status 429")
                .whole("--max-body", "BYTES", 1, 1 << 30, usualBody(), "the largest body of a request")
                .whole("--deadline-ms", "MS", 1, MAX_MILLIS, USUAL_DEADLINE,
                        "how long a picture may take to come, and to be answered")
                .text("--token-file", "FILE", "tokens, one per line, one of which a request must have "
                        + "(Authorization: Bearer ...); GET / and /v2/health go without")
                .note("POST /v1/classify takes a picture, a form of pictures, or JSON with \"input\" in base64; "
                        + "?top=K, ?model=NAME, ?reducer=SPEC, ?visualize=png. POST /v1/embeddings has OpenAI's shape. "
                        + "/v2 is the Open Inference Protocol (KServe), GET /metrics Prometheus's text, GET / a page.")
                .note("SIGTERM stops listening, answers what has come, and ends with status 0.")
                .example("--port 8080")
                .example("--model deit=deit-tiny --model small=deit-small --reducer tome:r=8")
                .example("--model deit-tiny --reducers \"none;tome:r=8;tome:r=13\" --token-file tokens.txt");
    }

    private static int usualBody() {
        return (int) Math.max(MEBI, Math.min(USUAL_BODY, Runtime.getRuntime().maxMemory() / BODY_SHARE));
    }

    @Override
    public boolean endsInOrder() {
        return true;
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        TokenReducer reducer = Models.reducer(options, terminal);
        List<TokenReducer> offered = options.has("--reducers") ? Models.reducers(options, terminal) : null;
        List<String> tokens = tokens(options.path("--token-file"));
        Batcher.Settings batching = new Batcher.Settings(options.whole("--queue"), options.whole("--max-batch"),
                Duration.ofMillis(options.whole("--max-delay-ms")), options.whole("--threads"), CallLimits.FOREVER);
        InetSocketAddress address = new InetSocketAddress(options.text("--host"), options.whole("--port"));
        if (address.isUnresolved()) {
            throw new UsageException("--host: there is no host " + JsonWriter.quoteShort(options.text("--host")));
        }
        Duration deadline = Duration.ofMillis(options.whole("--deadline-ms"));
        ServerSettings settings = new ServerSettings(address, models(options, terminal, reducer), offered, batching,
                options.whole("--max-body"), deadline, ServerSettings.USUAL_THREADS, tokens);
        CountDownLatch told = new CountDownLatch(1);
        Server server;
        try {
            server = Server.start(settings);
        } catch (IOException e) {
            throw new IOException("cannot listen at " + options.text("--host") + ":" + options.whole("--port") + ": "
                    + e.getMessage(), e);
        }
        if (!StopSignals.handle(told::countDown)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                server.stop(deadline);
                Runtime.getRuntime().halt(DONE);
            }));
        }
        String host = server.address().getAddress().getHostAddress();
        terminal.out().println("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":"
                + server.address().getPort() + "/");
        Thread warming = new Thread(() -> warmUp(server, terminal), "leanvit-warm-up");
        warming.setDaemon(true);
        warming.start();
        try {
            told.await();
        } catch (InterruptedException e) {
            // As good as a signal.
        }
        warming.interrupt();
        server.stop(deadline);
        return DONE;
    }

    private static void warmUp(Server server, Terminal terminal) {
        try {
            server.warmUp(WARM_UP, (name, warm) -> terminal.notice(name + " is warm: " + warm));
        } catch (RuntimeException | Error e) {
            terminal.error("not ready: warming up failed: " + e);
        }
    }

    private static Map<String, Classifier> models(Options options, Terminal terminal, TokenReducer reducer)
            throws IOException, UsageException {
        List<String> given = options.texts("--model");
        Map<String, Classifier> models = new LinkedHashMap<>();
        if (given.isEmpty()) {
            try (Checkpoint checkpoint = DemoModel.open()) {
                models.put("demo", classifier(checkpoint, options, terminal, reducer));
            }
        }
        for (String each : given) {
            int equals = each.indexOf('=');
            String directory = each.substring(equals + 1);
            try {
                Path path = Launcher.path(directory);
                Path last = path.toAbsolutePath().normalize().getFileName();
                String name = equals > 0 ? each.substring(0, equals) : last == null ? "model" : last.toString();
                if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
                    throw new UsageException("--model: a name of letters, digits, dots and dashes is needed for "
                            + JsonWriter.quoteShort(directory) + ": --model NAME=DIR");
                }
                if (models.containsKey(name)) {
                    throw new UsageException("--model: two models called " + name);
                }
                try (Checkpoint checkpoint = Checkpoint.open(path)) {
                    models.put(name, classifier(checkpoint, options, terminal, reducer));
                }
            } catch (InvalidPathException e) {
                throw new UsageException("--model: " + JsonWriter.quoteShort(directory) + " cannot be a path here: "
                        + e.getReason());
            }
        }
        return models;
    }

    private static Classifier classifier(Checkpoint checkpoint, Options options, Terminal terminal,
            TokenReducer reducer) throws IOException {
        Classifier classifier = Classifier.of(checkpoint);
        Models.warn(checkpoint, terminal);
        PictureLimits usual = PictureLimits.DEFAULT;
        int pixels = (int) Math.min(usual.maxPixels(), Runtime.getRuntime().maxMemory() / PIXEL_SHARE);
        return classifier
                .with(CallLimits.usual().withConcurrency(options.whole("--threads"))
                        .withBatch(options.whole("--max-batch")))
                .with(new PictureLimits(pixels, usual.maxSide(), usual.maxBytes(), usual.maxScans()))
                .with(reducer);
    }

    private static List<String> tokens(Path file) throws IOException {
        if (file == null) {
            return List.of();
        }
        List<String> tokens = Files.readString(file, StandardCharsets.UTF_8).lines().map(String::strip)
                .filter(line -> !line.isEmpty()).toList();
        if (tokens.isEmpty()) {
            throw new InvalidInputException(file, "has no token");
        }
        return tokens;
    }
}
