package leanvit.app.serve;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import leanvit.reducers.InvalidSpecException;
import leanvit.reducers.ReducerMethod;
import leanvit.reducers.Reducers;
import leanvit.vit.Batcher;
import leanvit.vit.Classifier;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.image.Pictures;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.SafeTensors;

/**
 * Feeds spoilt inputs to everything that reads what others wrote: safetensors, JSON, JPEG, PNG, SPEC, CSV and bodies of
 * requests. Whatever comes, it is taken, or refused with the documented exception (a request: with a status below 500),
 * in one line. A million, in 512 MB:
 *
 * <pre>
 * java -Xmx512m --add-modules jdk.incubator.vector -cp vit/target/leanvit.jar:vit/app/target/test-classes \
 *     leanvit.app.serve.Fuzz 1000000
 * </pre>
 */
final class Fuzz implements AutoCloseable {

    private static final PictureLimits SMALL = new PictureLimits(1 << 18, 4096, 1 << 20, 20);
    /** What the good CSV names. */
    private static final List<String> PICTURES = List.of("a.png", "b,c.png", "d.png");
    private static final int HTTP_SHARE = 100;
    private static final long SLOW_NANOS = 2_000_000_000L;

    /** What is fed. */
    private interface Target {
        /** Returns whether the input was taken; throws what is a fault. */
        boolean takes(byte[] input) throws Exception;
    }

    /** A kind of input. */
    private record Kind(List<byte[]> good, List<String> words, Target target) {
    }

    private final Map<String, Kind> kinds = new LinkedHashMap<>();
    private final Map<String, int[]> counts = new LinkedHashMap<>();
    private final Path directory;
    private final Server server;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private long slowest;
    private String slowestKind = "";

    /**
     * Makes ready.
     *
     * @param testdata the repository's
     */
    Fuzz(Path testdata) throws IOException {
        directory = Files.createTempDirectory("leanvit-fuzz");
        for (String name : PICTURES) {
            Files.createFile(directory.resolve(name));
        }
        Classifier classifier = Classifier.load(testdata.resolve("demo/model"));
        server = Server.start(new ServerSettings(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Map.of("demo", classifier), null, Batcher.Settings.usual(), 1 << 20, Duration.ofSeconds(30), 64,
                List.of()));
        server.ready();
        List<byte[]> jpegs = new ArrayList<>();
        List<byte[]> pngs = new ArrayList<>();
        try (Stream<Path> files = Files.list(testdata.resolve("golden/jpeg"))) {
            for (Path file : files.sorted().toList()) {
                (file.toString().endsWith(".png") ? pngs : jpegs).add(Files.readAllBytes(file));
            }
        }
        pngs.removeIf(png -> !isPng(png));
        jpegs.removeIf(jpeg -> jpeg.length < 2 || (jpeg[0] & 0xff) != 0xff);
        kinds.put("jpeg", new Kind(jpegs, List.of("\u00ff\u00c0", "Exif\0\0", "Adobe", "JFIF\0"), this::picture));
        kinds.put("png", new Kind(pngs, List.of("IHDR", "PLTE", "IDAT", "IEND", "tRNS", "eXIf"),
                bytes -> picture(bytes.length % 2 == 0 ? withChecksums(bytes) : bytes)));
        kinds.put("safetensors", new Kind(tensors(), List.of("\"F32\"", "\"data_offsets\"", "[0,4]", "{", "}", "\"\""),
                Fuzz::tensors));
        kinds.put("json", new Kind(texts("{\"a\":[1,2.5e3,-0,true,null,\"\\u00e9\\n\"],\"b\":{\"c\":\"\u20ac\"}}",
                "[[[]]]", Files.readString(testdata.resolve("demo/model/config.json"))),
                List.of("\\ud800", "\"", "[", "]", "{\"a\":", "1e999", "\\u", "true"), Fuzz::json));
        List<String> specs = new ArrayList<>(List.of("tome:r=8,inflect=-1", "topk:keep=0.7/0.6/0.5",
                "ltmp:thresholds=\"a,b.safetensors\"", "none"));
        for (ReducerMethod method : Reducers.methods()) {
            specs.add(method.example());
        }
        kinds.put("spec", new Kind(texts(specs.toArray(String[]::new)),
                List.of(":", "=", ",", "/", "\"", "keep", "r", "layer", ";", "tome", "\u0130"), Fuzz::spec));
        kinds.put("csv", new Kind(texts("file,label\na.png,1\n\"b,c.png\",2\nd.png,0\n", "file,label\n"),
                List.of("\"", ",", "\n", "\r\n", "\r", "../x", "\0", "label"), this::csv));
        byte[] cup = Files.readAllBytes(testdata.resolve("demo/pictures/cup.png"));
        kinds.put("body", new Kind(bodies(cup), List.of("\"input\"", "{", "}", "\"shape\":[1]", "\r\n--b", "--",
                "Content-Disposition: form-data; name=\"a\"\r\n\r\n", "BYTES", "FP32", "data:;base64,"), this::body));
        kinds.keySet().forEach(kind -> counts.put(kind, new int[2]));
    }

    private static List<byte[]> texts(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    }

    private static List<byte[]> tensors() {
        String header = "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],"
                + "\"data_offsets\":[0,24]},\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]},"
                + "\"c\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]}}";
        ByteBuffer file = ByteBuffer.allocate(8 + header.length() + 40).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length()).put(header.getBytes(StandardCharsets.UTF_8));
        return List.of(file.array());
    }

    private static List<byte[]> bodies(byte[] picture) {
        String base64 = Base64.getEncoder().encodeToString(picture);
        String form = "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.png\"\r\n\r\n"
                + new String(picture, StandardCharsets.ISO_8859_1) + "\r\n--b--\r\n";
        return List.of(
                ("{\"model\":\"demo\",\"input\":[\"" + base64 + "\"],\"top\":3,\"encoding_format\":\"base64\"}")
                        .getBytes(StandardCharsets.UTF_8),
                ("{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"" + base64
                        + "\"]}],\"outputs\":[{\"name\":\"label\",\"parameters\":{\"binary_data\":true}}]}")
                        .getBytes(StandardCharsets.UTF_8),
                "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP32\",\"shape\":[1,3,96,96],\"data\":[[1,2],[3]]}]}"
                        .getBytes(StandardCharsets.UTF_8),
                form.getBytes(StandardCharsets.ISO_8859_1), picture);
    }

    private static boolean isPng(byte[] bytes) {
        return bytes.length > 8 && bytes[1] == 'P' && bytes[2] == 'N';
    }

    /** Sets the checksums of a PNG's chunks right, so that what is inside them is looked at. */
    private static byte[] withChecksums(byte[] png) {
        ByteBuffer bytes = ByteBuffer.wrap(png);
        for (int at = 8; at + 12 <= png.length;) {
            int length = bytes.getInt(at);
            if (length < 0 || length > png.length - at - 12) {
                break;
            }
            CRC32 crc = new CRC32();
            crc.update(png, at + 4, length + 4);
            bytes.putInt(at + 8 + length, (int) crc.getValue());
            at += 12 + length;
        }
        return png;
    }

    private boolean picture(byte[] input) throws IOException {
        try {
            Pictures.decode("fuzzed", input, SMALL);
            return true;
        } catch (InvalidInputException | NoRoomException refused) {
            return refusedInOneLine(refused);
        }
    }

    private static boolean tensors(byte[] input) throws IOException {
        try (SafeTensors file = SafeTensors.of(ByteBuffer.wrap(input), Path.of("fuzzed"))) {
            for (String name : file.names()) {
                switch (file.dtype(name)) {
                    case F32, F16, BF16 -> file.floats(name);
                    case I64, U32 -> file.longs(name);
                    default -> file.shape(name);
                }
            }
            return true;
        } catch (InvalidInputException refused) {
            return refusedInOneLine(refused);
        }
    }

    private static boolean json(byte[] input) {
        try {
            Object value = Json.parse(input);
            Object again = Json.parse(new JsonWriter().tree(value).toString());
            if (!Objects.equals(again, value)) {
                throw new AssertionError("JSON that was written reads back as " + again);
            }
            return true;
        } catch (JsonException refused) {
            return refusedInOneLine(refused);
        }
    }

    private static boolean spec(byte[] input) {
        String spec = new String(input, StandardCharsets.UTF_8);
        try {
            String read = Reducers.parse(spec).spec();
            if (!Reducers.parse(read).spec().equals(read)) {
                throw new AssertionError("SPEC " + read + " does not read back");
            }
            return true;
        } catch (InvalidSpecException refused) {
            return refusedInOneLine(refused);
        }
    }

    private boolean csv(byte[] input) throws IOException {
        Files.write(directory.resolve(LabelledPictures.LABELS), input);
        try {
            LabelledPictures.of(List.of(directory), 16);
            return true;
        } catch (InvalidInputException refused) {
            return refusedInOneLine(refused);
        }
    }

    private boolean body(byte[] input) throws IOException, InterruptedException {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        String type = text.startsWith("--") ? "multipart/form-data; boundary=b" : text.startsWith("{")
                ? "application/json" : "application/octet-stream";
        String path = text.contains("\"inputs\"") ? "/v2/models/demo/infer" : text.contains("encoding_format")
                ? "/v1/embeddings" : "/v1/classify";
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                + server.address().getPort() + path)).header("Content-Type", type).timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofByteArray(input));
        if (text.contains("binary_data") && text.length() % 3 == 0) {
            request.header("Inference-Header-Content-Length", Integer.toString(text.indexOf("}]}") + 3));
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 500) {
            throw new AssertionError("status " + response.statusCode() + ": " + response.body());
        }
        if (response.statusCode() != 200) {
            Json.parse(response.body());
        }
        return response.statusCode() == 200;
    }

    private static boolean refusedInOneLine(Exception refused) {
        String message = refused.getMessage();
        if (message == null || message.isBlank() || message.contains("\n") || message.length() > 1000) {
            throw new AssertionError("refused with " + message);
        }
        return false;
    }

    /**
     * Feeds inputs, all kinds in turn; bodies, which cost a request each, as one of {@value #HTTP_SHARE}.
     *
     * @throws AssertionError at the first fault, with the input in base64
     */
    void run(long count, long seed) {
        List<String> names = new ArrayList<>(kinds.keySet());
        names.remove("body");
        Mutator mutator = new Mutator(seed);
        for (long i = 0; i < count; i++) {
            String name = i % HTTP_SHARE == 0 ? "body" : names.get((int) (i % names.size()));
            Kind kind = kinds.get(name);
            byte[] input = mutator.spoil(kind.good(), kind.words());
            byte[] kept = input.clone();
            long start = System.nanoTime();
            try {
                counts.get(name)[kind.target().takes(input) ? 0 : 1]++;
            } catch (Exception | Error fault) {
                throw new AssertionError(name + ", input " + i + " of seed " + seed + ": "
                        + Base64.getEncoder().encodeToString(kept), fault);
            }
            long nanos = System.nanoTime() - start;
            if (nanos > slowest) {
                slowest = nanos;
                slowestKind = name;
            }
            if (nanos > SLOW_NANOS) {
                System.out.printf(Locale.ROOT, "%s took %.1f s: input %d of seed %d%n", name, nanos / 1e9, i, seed);
            }
        }
    }

    /** Returns how many of each kind were taken and refused. */
    Map<String, int[]> counts() {
        return counts;
    }

    @Override
    public void close() {
        server.close();
        try {
            Files.deleteIfExists(directory.resolve(LabelledPictures.LABELS));
            for (String name : PICTURES) {
                Files.delete(directory.resolve(name));
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs: how many, a seed, and where the repository's testdata lies. */
    public static void main(String[] arguments) throws IOException {
        long count = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1_000_000;
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        long start = System.nanoTime();
        try (Fuzz fuzz = new Fuzz(Path.of(arguments.length > 2 ? arguments[2] : "testdata"))) {
            fuzz.run(count, seed);
            fuzz.counts().forEach((kind, taken) -> System.out.printf(Locale.ROOT, "%-12s %8d taken, %8d refused%n",
                    kind, taken[0], taken[1]));
            System.out.printf(Locale.ROOT, "%d inputs in %.0f s; the slowest, %s, took %.0f ms%n", count,
                    (System.nanoTime() - start) / 1e9, fuzz.slowestKind, fuzz.slowest / 1e6);
        }
        System.exit(0);
    }
}
