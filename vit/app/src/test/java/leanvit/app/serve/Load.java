package leanvit.app.serve;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import leanvit.reducers.Reducers;
import leanvit.vit.Classifier;

/**
 * Loads a server of its own, on this machine alone: at half, once and twice what it can do, with bad inputs, clients
 * that go away and clients that stop half-way; halts it and lets it go on; and tells it to stop while it works. Every
 * answer is compared with the library's, bit for bit. Once a minute the load pauses, and heap (after a full
 * collection), resident memory and threads are read. Ends by itself, with status 1 where an answer was wrong or a bad
 * input got another status than it should.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -cp vit/target/leanvit.jar:vit/app/target/test-classes \
 *     leanvit.app.serve.Load deit-tiny pictures 600 --cpu=0 --log=/dev/full -Xmx256m
 * </pre>
 *
 * with the model's directory, a directory of pictures (64 at most are used), seconds for each of the three loads, the
 * one processor that the server has ({@code taskset}; without it, all), where its log goes, and options of the server's
 * JVM.
 */
final class Load {

    private static final int CLIENTS = 96;
    private static final int MOST_PICTURES = 64;
    private static final int MOST_SECONDS = 3600;
    private static final int DEADLINE_MILLIS = 2000;
    private static final List<String> REDUCERS = List.of("none", "tome:r=8", "topk:keep=0.7");
    private static final int PERCENT_BAD = 5;
    private static final int PERCENT_GONE = 2;
    private static final int SECONDS_BETWEEN = 60;
    private static final int MINUTES_TO_SETTLE = 5;

    /** A good request and its answer. */
    private record Case(byte[] picture, String reducer, String embedding) {
    }

    /** A request that must not be answered. */
    private record Bad(String name, String type, byte[] body, int status) {
    }

    private final List<Case> cases = new ArrayList<>();
    private final List<Bad> bad = new ArrayList<>();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Process process;
    private final String url;
    private final int port;
    private final AtomicInteger wrong = new AtomicInteger();

    private Load(Path model, Path pictures, List<String> options) throws IOException, InterruptedException {
        List<Path> files;
        try (Stream<Path> list = Files.list(pictures)) {
            files = list.filter(file -> file.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jpe?g|png)")).sorted()
                    .limit(MOST_PICTURES).toList();
        }
        Classifier classifier = Classifier.load(model);
        List<Classifier> reducing = REDUCERS.stream().map(spec -> classifier.with(Reducers.parse(spec))).toList();
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            for (Classifier each : reducing) {
                cases.add(new Case(bytes, each.reducer().spec(), base64(each.embed(bytes))));
            }
        }
        classifier.close();
        byte[] good = cases.get(0).picture();
        bad.add(new Bad("truncated", "image/png", Arrays.copyOf(good, good.length / 2), 422));
        bad.add(new Bad("bomb", "image/png", bomb(), 422));
        bad.add(new Bad("wrong type", "text/plain", good, 415));
        bad.add(new Bad("empty", "image/png", new byte[0], 422));
        bad.add(new Bad("zeros", "image/png", new byte[20 << 20], 413));
        List<String> command = new ArrayList<>();
        String cpu = value(options, "--cpu=");
        if (cpu != null) {
            command.addAll(List.of("taskset", "-c", cpu));
        }
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector"));
        options.stream().filter(option -> option.startsWith("-") && !option.startsWith("--")).forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "leanvit.app.cli.Main", "serve", "--model",
                model.toString(), "--port", "0", "--deadline-ms", Integer.toString(DEADLINE_MILLIS), "--reducers",
                String.join(";", REDUCERS)));
        String log = value(options, "--log=");
        process = new ProcessBuilder(command).redirectError(log == null ? ProcessBuilder.Redirect.INHERIT
                : ProcessBuilder.Redirect.to(new File(log))).start();
        url = process.inputReader().readLine();
        port = URI.create(url).getPort();
        while (client.send(HttpRequest.newBuilder(URI.create(url + "v2/health/ready")).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode() != 200) {
            Thread.sleep(100);
        }
    }

    private static String value(List<String> options, String name) {
        return options.stream().filter(option -> option.startsWith(name)).map(option -> option.substring(name.length()))
                .findFirst().orElse(null);
    }

    private static String base64(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /** A PNG that claims 60,000 x 60,000 pixels. */
    private static byte[] bomb() {
        ByteBuffer png = ByteBuffer.allocate(33);
        png.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}).putInt(13)
                .put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(60_000).putInt(60_000)
                .put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(png.array(), 12, 17);
        return png.putInt((int) crc.getValue()).array();
    }

    /** What came of a load. */
    private static final class Tally {
        private final AtomicLong right = new AtomicLong();
        private final AtomicLong refused = new AtomicLong();
        private final AtomicLong failed = new AtomicLong();
        private final AtomicLong badRight = new AtomicLong();
        private final ConcurrentLinkedQueue<Long> nanos = new ConcurrentLinkedQueue<>();

        double millis(double quantile) {
            long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
            return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, quantile * sorted.length)] / 1e6;
        }
    }

    /**
     * Loads.
     *
     * @param rate    requests per second, as far as {@link #CLIENTS} clients can; 0 for as many as the clients get
     *                answered
     * @param clients at once
     * @param mixed   whether bad inputs and clients that go away are among them
     */
    private Tally run(double rate, int clients, double seconds, boolean mixed) throws InterruptedException {
        return run(rate, clients, seconds, mixed, new Tally());
    }

    private Tally run(double rate, int clients, double seconds, boolean mixed, Tally tally)
            throws InterruptedException {
        AtomicLong next = new AtomicLong();
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Thread thread = new Thread(() -> {
                while (!Thread.interrupted()) {
                    long number = next.getAndIncrement();
                    long at = rate == 0 ? System.nanoTime() : start + (long) (number / rate * 1e9);
                    if (at - end >= 0) {
                        return;
                    }
                    try {
                        TimeUnit.NANOSECONDS.sleep(at - System.nanoTime());
                    } catch (InterruptedException e) {
                        return;
                    }
                    one(new SplittableRandom(start + number), mixed, tally);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return tally;
    }

    private void one(SplittableRandom random, boolean mixed, Tally tally) {
        int die = mixed ? random.nextInt(100) : 100;
        Case good = cases.get(random.nextInt(cases.size()));
        try {
            if (die < PERCENT_BAD) {
                Bad each = bad.get(random.nextInt(bad.size()));
                int status = post("v1/classify", each.type(), each.body()).statusCode();
                if (status == each.status()) {
                    tally.badRight.incrementAndGet();
                } else if (status != 429 && status != 503) {
                    wrong("%s got status %d", each.name(), status);
                }
            } else if (die < PERCENT_BAD + PERCENT_GONE) {
                half(good.picture(), 0);
            } else {
                long start = System.nanoTime();
                HttpResponse<String> answer = post("v1/embeddings?encoding_format=base64&reducer=" + good.reducer(),
                        "application/octet-stream", good.picture());
                if (answer.statusCode() == 200) {
                    tally.nanos.add(System.nanoTime() - start);
                    if (answer.body().contains("\"embedding\":\"" + good.embedding() + "\"")) {
                        tally.right.incrementAndGet();
                    } else {
                        wrong("another embedding than the library's, %s", good.reducer());
                    }
                } else if (answer.statusCode() == 429 || answer.statusCode() == 503) {
                    tally.refused.incrementAndGet();
                } else {
                    wrong("a good picture got status %d", answer.statusCode());
                }
            }
        } catch (IOException e) {
            tally.failed.incrementAndGet();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void wrong(String what, Object... values) {
        if (wrong.incrementAndGet() <= 20) {
            System.out.printf(Locale.ROOT, "WRONG: " + what + "%n", values);
        }
    }

    private HttpResponse<String> post(String path, String type, byte[] body) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(url + path)).header("Content-Type", type)
                .timeout(Duration.ofSeconds(30)).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Sends half a request, waits, and goes away. */
    private void half(byte[] picture, long millis) throws IOException, InterruptedException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: "
                    + picture.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(picture, 0, picture.length / 2);
            out.flush();
            Thread.sleep(millis);
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor();
    }

    private long status(String name) throws IOException {
        return Files.readString(Path.of("/proc/" + process.pid() + "/status")).lines()
                .filter(line -> line.startsWith(name)).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst().orElse(0);
    }

    /** What a server that has nothing to do holds: heap after a full collection and resident memory, MiB; threads. */
    private record Held(double minute, double heap, double resident, long threads) {
    }

    private Held held(long start) throws IOException, InterruptedException {
        Thread.sleep(1000);
        double heap = heap();
        return new Held((System.nanoTime() - start) / 60e9, heap, status("VmRSS") / 1024.0, status("Threads"));
    }

    private static String range(List<Held> held, ToDoubleFunction<Held> what) {
        DoubleSummaryStatistics all = held.stream().mapToDouble(what).summaryStatistics();
        return String.format(Locale.ROOT, "%.1f to %.1f (%.1f %%)", all.getMin(), all.getMax(),
                100 * (all.getMax() / all.getMin() - 1));
    }

    /** Returns the heap in use after a full collection, MiB. */
    private double heap() throws IOException, InterruptedException {
        String pid = Long.toString(process.pid());
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        new ProcessBuilder(jcmd, pid, "GC.run").redirectErrorStream(true).start().getInputStream().readAllBytes();
        String metrics = client.send(HttpRequest.newBuilder(URI.create(url + "metrics")).build(),
                HttpResponse.BodyHandlers.ofString()).body();
        return metrics.lines().filter(line -> line.startsWith("leanvit_heap_used_bytes "))
                .mapToLong(line -> Long.parseLong(line.split(" ")[1])).findFirst().orElse(0) / 1048576.0;
    }

    private void load(double seconds) throws IOException, InterruptedException {
        run(0, 4, Math.min(30, seconds), false);
        double capacity = run(0, 8, Math.min(30, seconds), false).right.get() / Math.min(30, seconds);
        System.out.printf(Locale.ROOT, "%d pictures, %d reducers; capacity, 8 clients: %.1f pictures/s%n",
                cases.size() / REDUCERS.size(), REDUCERS.size(), capacity);
        System.out.println("load       right/s   refused  failed  bad right  p50 ms  p99 ms");
        Thread[] paused = new Thread[4];
        AtomicInteger stop = new AtomicInteger();
        for (int i = 0; i < paused.length; i++) {
            paused[i] = new Thread(() -> {
                while (stop.get() == 0) {
                    try {
                        half(cases.get(0).picture(), 3L * DEADLINE_MILLIS);
                    } catch (IOException | InterruptedException e) {
                        // The server sent it away.
                    }
                }
            });
            paused[i].start();
        }
        List<Held> held = new ArrayList<>();
        long start = System.nanoTime();
        int slices = (int) Math.max(1, Math.round(seconds / SECONDS_BETWEEN));
        for (double part : new double[] {0.5, 1, 2}) {
            Tally tally = new Tally();
            for (int slice = 0; slice < slices; slice++) {
                run(part * capacity, CLIENTS, seconds / slices, true, tally);
                held.add(held(start));
            }
            System.out.printf(Locale.ROOT, "x %.1f     %8.1f  %8d  %6d  %9d  %6.0f  %6.0f%n", part,
                    tally.right.get() / seconds, tally.refused.get(), tally.failed.get(), tally.badRight.get(),
                    tally.millis(0.5), tally.millis(0.99));
        }
        stop.set(1);
        for (Held each : held) {
            System.out.printf(Locale.ROOT, "minute %4.1f: heap %.1f MiB, resident %.1f MiB, %d threads%n",
                    each.minute(), each.heap(), each.resident(), each.threads());
        }
        List<Held> later = held.stream().filter(each -> each.minute() >= MINUTES_TO_SETTLE).toList();
        if (!later.isEmpty()) {
            System.out.printf("from minute %d: heap %s, resident %s, threads %s%n", MINUTES_TO_SETTLE,
                    range(later, Held::heap), range(later, Held::resident), range(later, Held::threads));
        }
        signal("STOP");
        CountDownLatch over = new CountDownLatch(1);
        Tally[] halted = new Tally[1];
        Thread during = new Thread(() -> {
            try {
                halted[0] = run(capacity / 2, CLIENTS, 6, false);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            over.countDown();
        });
        during.start();
        Thread.sleep(3000);
        signal("CONT");
        over.await();
        System.out.printf(Locale.ROOT, "halted for 3 s: %d right, %d refused, %d failed%n", halted[0].right.get(),
                halted[0].refused.get(), halted[0].failed.get());
        Thread last = new Thread(() -> {
            try {
                halted[0] = run(capacity, CLIENTS, 4, false);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        last.start();
        Thread.sleep(1000);
        long told = System.nanoTime();
        signal("TERM");
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        System.out.printf(Locale.ROOT, "SIGTERM under load: status %s after %.1f s%n",
                ended ? process.exitValue() : "none", (System.nanoTime() - told) / 1e9);
        if (!ended || process.exitValue() != 0) {
            wrong("the server did not end in order");
        }
        last.join();
        for (Thread thread : paused) {
            thread.interrupt();
            thread.join();
        }
    }

    /** Runs: model, pictures, seconds, options. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        double seconds = Math.min(MOST_SECONDS, Double.parseDouble(arguments[2]));
        Load load = new Load(Path.of(arguments[0]), Path.of(arguments[1]),
                List.of(arguments).subList(3, arguments.length));
        try {
            load.load(seconds);
        } finally {
            load.process.destroyForcibly();
        }
        System.out.println(load.wrong.get() == 0 ? "every answer was the library's" : load.wrong.get() + " WRONG");
        System.exit(load.wrong.get() == 0 ? 0 : 1);
    }
}
