package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever the bytes, a file opens and all of it can be asked for, or an {@link InvalidInputException} says why not.
 */
class SafeTensorsFuzzTest {

    private static final Path NAME = Path.of("fuzzed.safetensors");
    private static final String HEADER = "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
            + "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]},"
            + "\"c\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]},"
            + "\"d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[40,40]}}";

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void randomBytes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 3000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (random.nextBoolean() && bytes.length > 9) {
                // A plausible length lets the JSON reader see the noise.
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(random.nextInt(bytes.length))
                        .put((byte) '{');
            }
            readAll(bytes, seed, i);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void mutationsOfAGoodFile(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = SafeTensorsTest.file(HEADER, new byte[40]);
        int opened = 0;
        for (int i = 0; i < 5000; i++) {
            byte[] bytes = good.clone();
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? random.nextInt(256)
                        : "0123456789[]{},\"-e".charAt(random.nextInt(18)));
            }
            if (random.nextInt(4) == 0) {
                bytes = Arrays.copyOf(bytes, random.nextInt(2 * bytes.length));
            }
            opened += readAll(bytes, seed, i) ? 1 : 0;
        }
        assertThat(opened).as("mutations that stay valid, seed %d", seed).isBetween(1, 4999);
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34})
    void mutationsOfTheHeaderText(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String[] numbers = {"0", "-1", "1", "24", "40", "4294967296", "9223372036854775807", "1e300", "2.0", "null",
            "[]"};
        for (int i = 0; i < 5000; i++) {
            StringBuilder header = new StringBuilder(HEADER);
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                int from = random.nextInt(header.length());
                int to = Math.min(header.length(), from + random.nextInt(12));
                String replacement = random.nextBoolean() ? numbers[random.nextInt(numbers.length)]
                        : header.substring(random.nextInt(from + 1), from);
                header.replace(from, to, replacement);
            }
            byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
            readAll(SafeTensorsTest.file(new String(text, StandardCharsets.UTF_8), new byte[40]), seed, i);
        }
    }

    private static boolean readAll(byte[] bytes, long seed, int i) {
        try (SafeTensors file = SafeTensors.of(ByteBuffer.wrap(bytes), NAME)) {
            for (String name : file.names()) {
                long elements = 1;
                for (int side : file.shape(name)) {
                    elements *= side;
                }
                switch (file.dtype(name)) {
                    case F32, F16, BF16 -> assertThat(file.floats(name)).hasSize((int) elements);
                    case F64 -> assertThat(file.doubles(name)).hasSize((int) elements);
                    case U8, I8, BOOL -> assertThat(file.bytes(name)).hasSize((int) elements);
                    case I16, U16, I32 -> assertThat(file.ints(name)).hasSize((int) elements);
                    case I64, U32 -> assertThat(file.longs(name)).hasSize((int) elements);
                    default -> assertThat(elements).isNotNegative();
                }
            }
            return true;
        } catch (InvalidInputException e) {
            assertThat(e.getMessage()).as("seed %d, case %d", seed, i).startsWith("fuzzed.safetensors: ")
                    .doesNotContain("\n").hasSizeLessThan(1000);
            return false;
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + ", case " + i + ": " + Arrays.toString(bytes), e);
        }
    }
}
