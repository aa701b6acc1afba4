package leanvit.app.serve;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Spoils good inputs: bits, bytes, numbers, lengths; blocks cut, repeated, moved, or taken from another input; words of
 * the format where none belong. The same seed spoils in the same way.
 */
final class Mutator {

    private static final int MOST_EDITS = 4;
    private static final int MOST_BYTES = 1 << 16;
    private static final byte[] ODD_BYTES = {0, 1, 0x20, 0x7f, (byte) 0x80, (byte) 0xd8, (byte) 0xfe, (byte) 0xff};
    private static final List<String> NUMBERS = List.of("0", "-1", "1", "2147483647", "2147483648", "4294967295",
            "9223372036854775807", "1e308", "-0", "0.5", "1e-320", "00", "NaN", "99999999999999999999");

    private final SplittableRandom random;

    Mutator(long seed) {
        random = new SplittableRandom(seed);
    }

    SplittableRandom random() {
        return random;
    }

    <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /**
     * Spoils one of some inputs; one of five is left as it was.
     *
     * @param words what the format is made of
     */
    byte[] spoil(List<byte[]> inputs, List<String> words) {
        byte[] bytes = any(inputs).clone();
        for (int edits = random.nextInt(MOST_EDITS + 1); edits > 0; edits--) {
            bytes = edit(bytes, inputs, words);
        }
        return bytes.length > MOST_BYTES ? Arrays.copyOf(bytes, MOST_BYTES) : bytes;
    }

    private byte[] edit(byte[] bytes, List<byte[]> inputs, List<String> words) {
        if (bytes.length == 0) {
            return any(inputs).clone();
        }
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(1 << random.nextInt(10)));
        return switch (random.nextInt(9)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> {
                bytes[at] = random.nextBoolean() ? (byte) random.nextInt()
                        : ODD_BYTES[random.nextInt(ODD_BYTES.length)];
                yield bytes;
            }
            case 2 -> Arrays.copyOf(bytes, at);
            case 3 -> replace(bytes, at, length, new byte[0]);
            case 4 -> replace(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
            case 5 -> {
                byte[] other = any(inputs);
                int from = random.nextInt(other.length + 1);
                yield replace(bytes, at, random.nextInt(length + 1),
                        Arrays.copyOfRange(other, from, Math.min(other.length, from + length)));
            }
            case 6 -> replace(bytes, at, random.nextInt(4), any(words).getBytes(StandardCharsets.UTF_8));
            case 7 -> number(bytes, at);
            default -> {
                // A field of two or four bytes, of either order.
                long value = random.nextBoolean() ? random.nextInt(5) - 2L : 1L << random.nextInt(33);
                int size = random.nextBoolean() ? 2 : 4;
                boolean little = random.nextBoolean();
                for (int i = 0; i < size && at + i < bytes.length; i++) {
                    bytes[at + i] = (byte) (value >> 8 * (little ? i : size - 1 - i));
                }
                yield bytes;
            }
        };
    }

    /** Puts another number in the place of the next one. */
    private byte[] number(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && !(bytes[at] >= '0' && bytes[at] <= '9')) {
            at++;
        }
        int end = at;
        while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
            end++;
        }
        return replace(bytes, at, end - at, any(NUMBERS).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] replace(byte[] bytes, int at, int most, byte[] by) {
        int length = Math.min(most, bytes.length - at);
        byte[] all = new byte[bytes.length - length + by.length];
        System.arraycopy(bytes, 0, all, 0, at);
        System.arraycopy(by, 0, all, at, by.length);
        System.arraycopy(bytes, at + length, all, at + by.length, bytes.length - at - length);
        return all;
    }
}
