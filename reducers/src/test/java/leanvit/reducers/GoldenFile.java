package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Assumptions;

/** A file of golden tensors (safetensors, written by the official implementations; see testdata/golden). */
final class GoldenFile {

    private static final Pattern ENTRY = Pattern.compile(
            "\"([^\"]+)\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[([0-9,]*)],\"data_offsets\":\\[(\\d+),(\\d+)]}");

    private record Entry(String type, int[] shape, int from, int to) {
    }

    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, double[]> doubles = new HashMap<>();
    private final ByteBuffer data;

    private GoldenFile(ByteBuffer file) {
        int headerLength = Math.toIntExact(file.getLong(0));
        byte[] header = new byte[headerLength];
        file.get(8, header);
        Matcher entry = ENTRY.matcher(new String(header, StandardCharsets.UTF_8));
        while (entry.find()) {
            int[] shape = Arrays.stream(entry.group(3).split(",")).filter(s -> !s.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            entries.put(entry.group(1), new Entry(entry.group(2), shape,
                    Integer.parseInt(entry.group(4)), Integer.parseInt(entry.group(5))));
        }
        data = file.position(8 + headerLength).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Opens {@code testdata/golden/NAME.safetensors}; skips the test where the repository does not carry that case. */
    static GoldenFile open(String name) {
        String file = name + ".safetensors";
        Path path = Path.of(System.getProperty("leanvit.testdata"), "golden", file);
        if (!Files.exists(path)) {
            path = Path.of(System.getProperty("leanvit.shared"), "golden", file);
        }
        Assumptions.assumeTrue(Files.exists(path), "golden case " + name + " is not in testdata/golden");
        try {
            return new GoldenFile(ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean has(String name) {
        return entries.containsKey(name);
    }

    Set<String> names() {
        return entries.keySet();
    }

    private Entry entry(String name) {
        assertThat(entries).containsKey(name);
        return entries.get(name);
    }

    int[] shape(String name) {
        return entry(name).shape();
    }

    double[] doubles(String name) {
        return doubles.computeIfAbsent(name, this::read);
    }

    private double[] read(String name) {
        Entry entry = entry(name);
        int bytes = switch (entry.type()) {
            case "F64" -> 8;
            case "F32", "I32" -> 4;
            case "U8", "I8" -> 1;
            default -> throw new IllegalArgumentException(entry.type());
        };
        double[] values = new double[(entry.to() - entry.from()) / bytes];
        for (int i = 0; i < values.length; i++) {
            int at = entry.from() + i * bytes;
            values[i] = switch (entry.type()) {
                case "F64" -> data.getDouble(at);
                case "F32" -> data.getFloat(at);
                case "I32" -> data.getInt(at);
                default -> data.get(at);
            };
        }
        return values;
    }

    float[] floats(String name) {
        double[] doubles = doubles(name);
        float[] floats = new float[doubles.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) doubles[i];
        }
        return floats;
    }

    int[] ints(String name) {
        return Arrays.stream(doubles(name)).mapToInt(value -> (int) value).toArray();
    }

    /** Image {@code b} of a tensor whose first dimension counts images. */
    float[] floats(String name, int b) {
        float[] all = floats(name);
        int each = all.length / shape(name)[0];
        return Arrays.copyOfRange(all, b * each, (b + 1) * each);
    }

    int[] ints(String name, int b) {
        int[] all = ints(name);
        int each = all.length / shape(name)[0];
        return Arrays.copyOfRange(all, b * each, (b + 1) * each);
    }

    static void assertClose(float[] got, float[] want, double tolerance, String what) {
        assertThat(got.length).as(what).isGreaterThanOrEqualTo(want.length);
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i]).as("%s[%d]", what, i)
                    .isCloseTo(want[i], Offset.offset(tolerance));
        }
    }
}
