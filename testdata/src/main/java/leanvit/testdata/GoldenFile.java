package leanvit.testdata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A safetensors file of golden tensors (testdata/README.md says who wrote which). Owes nothing to the library's own
 * reader. A file or a tensor that is missing fails the test: a mistyped name must not pass.
 */
public final class GoldenFile {

    private static final Pattern ENTRY = Pattern.compile(
            "\"([^\"]+)\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[([0-9,]*)],\"data_offsets\":\\[(\\d+),(\\d+)]}");
    /** Possessive: the texts are long, and backtracking would take a stack frame for each letter. */
    private static final String STRING = "\"((?:[^\"\\\\]++|\\\\.)*+)\"";
    private static final Pattern METADATA = Pattern.compile(
            "\"__metadata__\":\\{((?:" + STRING + ":" + STRING + ",?)*)}");
    private static final Pattern PAIR = Pattern.compile(STRING + ":" + STRING);
    private static final Pattern ESCAPE = Pattern.compile("\\\\(u[0-9a-fA-F]{4}|.)");

    private record Entry(String type, int[] shape, int from, int to) {
    }

    private final Path path;
    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, String> metadata = new TreeMap<>();
    private final Map<String, double[]> doubles = new HashMap<>();
    private final ByteBuffer data;

    private GoldenFile(Path path, ByteBuffer file) {
        this.path = path;
        int headerLength = Math.toIntExact(file.getLong(0));
        byte[] bytes = new byte[headerLength];
        file.get(8, bytes);
        data = file.position(8 + headerLength).slice().order(ByteOrder.LITTLE_ENDIAN);
        String header = new String(bytes, StandardCharsets.UTF_8);
        Matcher words = METADATA.matcher(header);
        if (words.find()) {
            Matcher pair = PAIR.matcher(words.group(1));
            while (pair.find()) {
                metadata.put(unescaped(pair.group(1)), unescaped(pair.group(2)));
            }
            header = header.substring(0, words.start()) + header.substring(words.end());
        }
        int covered = 0;
        Matcher entry = ENTRY.matcher(header);
        while (entry.find()) {
            int[] shape = Stream.of(entry.group(3).split(",")).filter(side -> !side.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            int from = Integer.parseInt(entry.group(4));
            int to = Integer.parseInt(entry.group(5));
            entries.put(entry.group(1), new Entry(entry.group(2), shape, from, to));
            covered += to - from;
        }
        if (covered != data.capacity() || entries.isEmpty()) {
            throw new AssertionError(path + ": the " + entries.size() + " tensors that were understood have " + covered
                    + " of its " + data.capacity() + " bytes");
        }
    }

    /** Opens {@code testdata/golden/NAME.safetensors}, such as {@code A/dense} or {@code standalone/kernel_gelu}. */
    public static GoldenFile open(String name) {
        return open(TestData.path("golden/" + name + ".safetensors"));
    }

    /** Opens a file anywhere. */
    public static GoldenFile open(Path path) {
        try {
            return new GoldenFile(path, ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String unescaped(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(switch (found.group(1).charAt(0)) {
            case 'n' -> "\n";
            case 't' -> "\t";
            case 'r' -> "\r";
            case 'b' -> "\b";
            case 'f' -> "\f";
            case 'u' -> String.valueOf((char) Integer.parseInt(found.group(1).substring(1), 16));
            default -> found.group(1);
        }));
    }

    /** Returns the header's texts, by key: {@code params} holds a case's settings as JSON. */
    public Map<String, String> metadata() {
        return Map.copyOf(metadata);
    }

    /** Returns whether there is a tensor of that name. */
    public boolean has(String name) {
        return entries.containsKey(name);
    }

    /** Returns the tensors' names, sorted. */
    public Set<String> names() {
        return entries.keySet();
    }

    /** Returns a tensor's shape. */
    public int[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** Returns a tensor's values, of whatever type, widened; bytes without sign. */
    public double[] doubles(String name) {
        return doubles.computeIfAbsent(name, this::read).clone();
    }

    /** Returns a tensor's values, of whatever type, as floats. */
    public float[] floats(String name) {
        double[] values = doubles(name);
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** Returns a tensor's values, of whatever type, as ints. */
    public int[] ints(String name) {
        return Arrays.stream(doubles(name)).mapToInt(value -> (int) value).toArray();
    }

    /** Returns image {@code image} of a tensor whose first side counts images. */
    public double[] doubles(String name, int image) {
        double[] all = doubles(name);
        int each = all.length / imagesOf(name, image);
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    /** Returns image {@code image} of a tensor whose first side counts images. */
    public float[] floats(String name, int image) {
        float[] all = floats(name);
        int each = all.length / imagesOf(name, image);
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    /** Returns image {@code image} of a tensor whose first side counts images. */
    public int[] ints(String name, int image) {
        int[] all = ints(name);
        int each = all.length / imagesOf(name, image);
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    private int imagesOf(String name, int image) {
        int[] shape = shape(name);
        if (shape.length == 0 || image >= shape[0]) {
            throw new AssertionError(
                    path + ": tensor " + name + " " + Arrays.toString(shape) + " has no image " + image);
        }
        return shape[0];
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new AssertionError(path + " has no tensor " + name + " but " + entries.keySet());
        }
        return entry;
    }

    private double[] read(String name) {
        Entry entry = entry(name);
        int bytes = switch (entry.type()) {
            case "F64", "I64" -> 8;
            case "F32", "I32" -> 4;
            case "U8", "I8", "BOOL" -> 1;
            default -> throw new AssertionError(path + ": tensor " + name + " is " + entry.type());
        };
        double[] values = new double[(entry.to() - entry.from()) / bytes];
        if (values.length != Arrays.stream(entry.shape()).reduce(1, (a, b) -> a * b)) {
            throw new AssertionError(path + ": tensor " + name + " " + Arrays.toString(entry.shape()) + " has "
                    + values.length + " values");
        }
        for (int i = 0; i < values.length; i++) {
            int at = entry.from() + i * bytes;
            values[i] = switch (entry.type()) {
                case "F64" -> data.getDouble(at);
                case "I64" -> data.getLong(at);
                case "F32" -> data.getFloat(at);
                case "I32" -> data.getInt(at);
                case "I8" -> data.get(at);
                default -> data.get(at) & 0xff;
            };
        }
        return values;
    }
}
