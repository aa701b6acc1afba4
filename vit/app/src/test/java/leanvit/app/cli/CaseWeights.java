package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Weights of a case that are too large to keep: float16 tensors, each of ones, of zeros, or of noise between 2^e and
 * 2^(e+1) with random sign, drawn by the Mersenne Twister as Python's {@code random.Random(seed)} seeds it.
 *
 * <p>Source: M. Matsumoto, T. Nishimura, Mersenne Twister, 1998, and its reference seeding by an array, 2002.
 */
final class CaseWeights {

    private static final int STATE = 624;
    private static final int MIDDLE = 397;

    private final int[] state = new int[STATE];
    private int used = STATE;

    private CaseWeights(int seed) {
        state[0] = 19650218;
        for (int i = 1; i < STATE; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
        int i = 1;
        for (int k = 0; k < STATE; k++) {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1664525) + seed;
            i = next(i);
        }
        for (int k = 1; k < STATE; k++) {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1566083941) - i;
            i = next(i);
        }
        state[0] = 0x80000000;
    }

    private int next(int i) {
        if (i + 1 < STATE) {
            return i + 1;
        }
        state[0] = state[STATE - 1];
        return 1;
    }

    private int nextInt() {
        if (used == STATE) {
            for (int i = 0; i < STATE; i++) {
                int y = state[i] & 0x80000000 | state[(i + 1) % STATE] & 0x7fffffff;
                state[i] = state[(i + MIDDLE) % STATE] ^ y >>> 1 ^ ((y & 1) != 0 ? 0x9908b0df : 0);
            }
            used = 0;
        }
        int y = state[used++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    /** Fills the buffer, whose length is a multiple of 2; of the last word the high bits come first. */
    private void fill(ByteBuffer bytes) {
        while (bytes.remaining() >= Integer.BYTES) {
            bytes.putInt(nextInt());
        }
        if (bytes.hasRemaining()) {
            bytes.putShort((short) (nextInt() >>> 16));
        }
    }

    /** Copies a case's folder to {@code copy} and adds the model.safetensors that {@code weights} describes. */
    static Path copyAndMake(Path folder, Map<?, ?> weights, Path copy) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(folder.relativize(file).toString()));
            }
        }
        assertThat(weights.get("maker")).isEqualTo("f16-ones-and-noise");
        CaseWeights random = new CaseWeights(((Long) weights.get("seed")).intValue());
        Map<?, ?> tensors = (Map<?, ?>) weights.get("tensors");
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (Map.Entry<?, ?> tensor : tensors.entrySet()) {
            long bytes = 2 * elements(tensor.getValue());
            header.append(header.length() > 1 ? "," : "").append('"').append(tensor.getKey())
                    .append("\":{\"dtype\":\"F16\",\"shape\":").append(((List<?>) tensor.getValue()).get(0))
                    .append(",\"data_offsets\":[").append(offset).append(',').append(offset += bytes).append("]}");
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        Path file = copy.resolve((String) weights.get("into")).resolve("model.safetensors");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
            out.write(json);
            for (Object tensor : tensors.values()) {
                out.write(random.tensor((int) elements(tensor), (String) ((List<?>) tensor).get(1)));
            }
        }
        return copy;
    }

    private static long elements(Object tensor) {
        return ((List<?>) ((List<?>) tensor).get(0)).stream().mapToLong(side -> (Long) side)
                .reduce(1, Math::multiplyExact);
    }

    private byte[] tensor(int elements, String kind) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * elements).order(ByteOrder.LITTLE_ENDIAN);
        if (kind.startsWith("noise:")) {
            fill(bytes);
            int exponent = Integer.parseInt(kind.substring("noise:".length())) + 15 << 10;
            for (int i = 0; i < elements; i++) {
                bytes.putShort(2 * i, (short) (bytes.getShort(2 * i) & 0x83ff | exponent));
            }
        } else {
            assertThat(kind).isIn("one", "zero");
            short value = (short) (kind.equals("one") ? 0x3c00 : 0);
            while (bytes.hasRemaining()) {
                bytes.putShort(value);
            }
        }
        return bytes.array();
    }
}
