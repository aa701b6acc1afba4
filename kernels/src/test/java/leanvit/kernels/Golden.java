package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A file of golden tensors: {@code testdata/golden/standalone/NAME.safetensors}. */
final class Golden {

    private static final Pattern ENTRY = Pattern.compile(
            "\"([^\"]+)\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[([0-9,]*)],\"data_offsets\":\\[(\\d+),(\\d+)]}");

    private record Entry(String type, int[] shape, int from, int to) {
    }

    private final Map<String, Entry> entries = new TreeMap<>();
    private final ByteBuffer data;

    private Golden(ByteBuffer file) {
        int headerLength = Math.toIntExact(file.getLong(0));
        byte[] header = new byte[headerLength];
        file.get(8, header);
        Matcher entry = ENTRY.matcher(new String(header, StandardCharsets.UTF_8));
        while (entry.find()) {
            int[] shape = Stream.of(entry.group(3).split(",")).filter(side -> !side.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            int from = Integer.parseInt(entry.group(4));
            int to = Integer.parseInt(entry.group(5));
            entries.put(entry.group(1), new Entry(entry.group(2), shape, from, to));
        }
        data = file.position(8 + headerLength).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    static Golden open(String name) {
        Path path = Path.of(System.getProperty("leanvit.testdata"), "golden", "standalone", name + ".safetensors");
        try {
            return new Golden(ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Set<String> names() {
        return entries.keySet();
    }

    int[] shape(String name) {
        return entry(name).shape();
    }

    /** Returns a tensor's values, widened. */
    double[] doubles(String name) {
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
                case "U8" -> data.get(at) & 0xff;
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
        double[] doubles = doubles(name);
        int[] ints = new int[doubles.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = (int) doubles[i];
        }
        return ints;
    }

    private Entry entry(String name) {
        assertThat(entries).containsKey(name);
        return entries.get(name);
    }
}
