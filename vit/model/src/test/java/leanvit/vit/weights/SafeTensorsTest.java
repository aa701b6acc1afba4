package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {

    private static final Path NAME = Path.of("some.safetensors");

    @TempDir
    private Path directory;

    /** Returns a file's bytes from its header's text and data. */
    static byte[] file(String header, byte... data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).put(data).array();
    }

    private static SafeTensors one(String dtype, String shape, int... data) throws IOException {
        byte[] bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) data[i];
        }
        return SafeTensors.of(ByteBuffer.wrap(file("{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape
                + ",\"data_offsets\":[0," + data.length + "]}}", bytes)), NAME);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void readsBackWhatTheWriterWrote(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Path path = directory.resolve("round.safetensors");
        int[] sizes = {0, 1, 2, 3, 7, 64, 1000, 20_011};
        SafeTensorsWriter writer = new SafeTensorsWriter().metadata("seed", "" + seed)
                .metadata("caf\u00e9 \"x\"", "\n\u4e2d");
        float[][] floats = new float[sizes.length][];
        double[][] doubles = new double[sizes.length][];
        int[][] ints = new int[sizes.length][];
        long[][] longs = new long[sizes.length][];
        byte[][] bytes = new byte[sizes.length][];
        for (int i = 0; i < sizes.length; i++) {
            int n = sizes[i];
            floats[i] = new float[n];
            for (int j = 0; j < n; j++) {
                floats[i][j] = Float.intBitsToFloat(random.nextInt());
            }
            doubles[i] = random.doubles(n).toArray();
            ints[i] = random.ints(n).toArray();
            longs[i] = random.longs(n).toArray();
            bytes[i] = new byte[n];
            random.nextBytes(bytes[i]);
            writer.bytes("b" + i, bytes[i], n).floats("f" + i, floats[i], 1, n).ints("i" + i, ints[i], n, 1, 1)
                    .doubles("d" + i, doubles[i], n).longs("l" + i, longs[i], n);
        }
        writer.floats("scalar", new float[] {2.5f}).write(path);
        byte[] whole = Files.readAllBytes(path);
        assertThat(ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8).isZero();
        try (SafeTensors mapped = SafeTensors.open(path);
                SafeTensors held = SafeTensors.of(ByteBuffer.wrap(whole), NAME)) {
            for (SafeTensors file : new SafeTensors[] {mapped, held}) {
                assertThat(file.metadata()).hasSize(2).containsEntry("seed", "" + seed)
                        .containsEntry("caf\u00e9 \"x\"", "\n\u4e2d");
                assertThat(file.names()).hasSize(5 * sizes.length + 1).startsWith("b0", "f0", "i0", "d0", "l0", "b1");
                assertThat(file.shape("scalar")).isEmpty();
                assertThat(file.floats("scalar")).containsExactly(2.5f);
                for (int i = 0; i < sizes.length; i++) {
                    assertThat(file.shape("f" + i)).containsExactly(1, sizes[i]);
                    assertThat(file.dtype("i" + i)).isEqualTo(DType.I32);
                    float[] read = file.floats("f" + i);
                    assertThat(read).hasSameSizeAs(floats[i]);
                    for (int j = 0; j < read.length; j++) {
                        assertThat(Float.floatToRawIntBits(read[j])).isEqualTo(Float.floatToRawIntBits(floats[i][j]));
                    }
                    assertThat(file.doubles("d" + i)).isEqualTo(doubles[i]);
                    assertThat(file.ints("i" + i)).isEqualTo(ints[i]);
                    assertThat(file.longs("i" + i)).isEqualTo(Arrays.stream(ints[i]).asLongStream().toArray());
                    assertThat(file.longs("l" + i)).isEqualTo(longs[i]);
                    assertThat(file.bytes("b" + i)).isEqualTo(bytes[i]);
                }
            }
        }
    }

    /** The reference reader knows them; here they may lie beside what is read. */
    @Test
    void typesThatAreNotDecodedAreKnown() throws IOException {
        assertThat(one("F4", "[2]", 7).dtype("t")).isEqualTo(DType.F4);
        assertThat(one("F6_E2M3", "[4]", 1, 2, 3).dtype("t")).isEqualTo(DType.F6_E2M3);
        assertThat(one("C64", "[1]", 1, 2, 3, 4, 5, 6, 7, 8).dtype("t")).isEqualTo(DType.C64);
        for (DType type : new DType[] {DType.F8_E8M0, DType.F8_E4M3FNUZ, DType.F8_E5M2FNUZ}) {
            assertThat(one(type.name(), "[1]", 1).dtype("t")).isEqualTo(type);
            assertThatThrownBy(() -> one(type.name(), "[1]", 1).floats("t")).isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("tensor \"t\": expected dtype [").hasMessageEndingWith(", came " + type);
        }
        assertThatThrownBy(() -> one("F4", "[3]", 1)).isInstanceOf(InvalidInputException.class)
                .hasMessageEndingWith("tensor \"t\": shape [3] of F4 takes 12 bits, which make no whole bytes");
    }

    @Test
    void decodesEveryType() throws IOException {
        assertThat(one("F16", "[2]", 0x00, 0x3c, 0x01, 0x80).floats("t")).containsExactly(1f, -0x1p-24f);
        assertThat(one("BF16", "[2,1]", 0x80, 0x3f, 0x00, 0xc0).floats("t")).containsExactly(1f, -2f);
        assertThat(one("F32", "[1]", 0, 0, 0x80, 0xbf).floats("t")).containsExactly(-1f);
        assertThat(one("F32", "[1]", 0, 0, 0x80, 0xbf).doubles("t")).containsExactly(-1);
        assertThat(one("F64", "[1]", 0, 0, 0, 0, 0, 0, 0xf0, 0xbf).doubles("t")).containsExactly(-1);
        assertThat(one("BOOL", "[2]", 0, 1).ints("t")).containsExactly(0, 1);
        assertThat(one("BOOL", "[2]", 0, 1).bytes("t")).containsExactly(0, 1);
        assertThat(one("U8", "[2]", 1, 255).ints("t")).containsExactly(1, 255);
        assertThat(one("I8", "[2]", 1, 255).ints("t")).containsExactly(1, -1);
        assertThat(one("I8", "[1]", 254).longs("t")).containsExactly(-2);
        assertThat(one("I16", "[1]", 0xfe, 0xff).ints("t")).containsExactly(-2);
        assertThat(one("U16", "[1]", 0xfe, 0xff).ints("t")).containsExactly(65534);
        assertThat(one("I32", "[1]", 0xfe, 0xff, 0xff, 0xff).ints("t")).containsExactly(-2);
        assertThat(one("U32", "[1]", 0xfe, 0xff, 0xff, 0xff).longs("t")).containsExactly(4294967294L);
        assertThat(one("I64", "[1]", 0xfe, 255, 255, 255, 255, 255, 255, 255).longs("t")).containsExactly(-2);
        assertThat(one("F8_E4M3", "[2]", 1, 2).shape("t")).containsExactly(2);
        assertThat(one("F8_E5M2", "[2,0]").dtype("t")).isEqualTo(DType.F8_E5M2);
    }

    @Test
    void everyTypeBecomesFloats() throws IOException {
        assertThat(one("F64", "[1]", 0, 0, 0, 0, 0, 0, 0xf0, 0xbf).floats("t")).containsExactly(-1f);
        assertThat(one("F64", "[1]", 0, 0, 0, 0, 0, 0, 0xf0, 0x7e).floats("t")).containsExactly(
                Float.POSITIVE_INFINITY);
        assertThat(one("BOOL", "[2]", 0, 1).floats("t")).containsExactly(0f, 1f);
        assertThat(one("I8", "[2]", 1, 255).floats("t")).containsExactly(1f, -1f);
        assertThat(one("I64", "[1]", 0xfe, 255, 255, 255, 255, 255, 255, 255).floats("t")).containsExactly(-2f);
        assertThat(one("U64", "[1]", 255, 255, 255, 255, 255, 255, 255, 255).floats("t")).containsExactly(0x1p64f);
        assertThat(one("F8_E5M2", "[3]", 0x3c, 0xc0, 0x7c).floats("t")).containsExactly(1f, -2f,
                Float.POSITIVE_INFINITY);
        assertThat(one("F8_E4M3", "[5]", 0x38, 0xc0, 0x7e, 0x01, 0x7f).floats("t")).containsExactly(1f, -2f, 448f,
                0x1p-9f, Float.NaN);
    }

    @Test
    void acceptsWhatTheReferenceReaderDoes() throws IOException {
        byte[] odd = file(" \n{\"__metadata__\":null,\"t\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],"
                + "\"strides\":[1]},\"none\":{\"dtype\":\"I64\",\"shape\":[0,3],\"data_offsets\":[4,4]}} \n",
                new byte[4]);
        SafeTensors tensors = SafeTensors.of(ByteBuffer.wrap(odd), Path.of("odd"));
        assertThat(tensors.metadata()).isEmpty();
        assertThat(tensors.floats("t")).containsExactly(0f);
        assertThat(tensors.floats("none")).isEmpty();
    }

    @Test
    void refusesTypesThatWouldLoseSomething() throws IOException {
        SafeTensors unsigned = one("U64", "[1]", 0, 0, 0, 0, 0, 0, 0, 0);
        assertThatThrownBy(() -> unsigned.longs("t")).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("came U64");
        SafeTensors half = one("F16", "[1]", 0, 0);
        assertThatThrownBy(() -> half.bytes("t")).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("expected dtype [U8, I8, BOOL], came F16");
        assertThatThrownBy(() -> half.doubles("t")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> half.ints("t")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> half.floats("u")).isInstanceOf(InvalidInputException.class)
                .hasMessage("some.safetensors: tensor \"u\": no such tensor");
        assertThatThrownBy(() -> half.shape("u")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> half.dtype("u")).isInstanceOf(InvalidInputException.class);
    }

    @Test
    void takesTensorsInAnyOrderAtAnyOffset() throws IOException {
        String header = "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[3,7]},\"none\":{\"dtype\":\"I64\","
                + "\"shape\":[0,5],\"data_offsets\":[3,3]},\"a\":{\"dtype\":\"U8\",\"shape\":[3],"
                + "\"data_offsets\":[0,3]}}  ";
        byte[] bytes = file(header, new byte[] {1, 2, 3, 0, 0, (byte) 0x80, 0x3f});
        SafeTensors file = SafeTensors.of(ByteBuffer.wrap(bytes), NAME);
        assertThat(file.names()).containsExactly("b", "none", "a");
        assertThat(file.floats("b")).containsExactly(1f);
        assertThat(file.bytes("a")).containsExactly(1, 2, 3);
        assertThat(file.longs("none")).isEmpty();
        assertThat(file.metadata()).isEmpty();
        assertThat(SafeTensors.of(ByteBuffer.wrap(file("{}")), NAME).names()).isEmpty();
    }

    @Test
    void readsABufferFromItsPositionWhateverItsOrder() throws IOException {
        byte[] file = file("{\"t\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}}", new byte[] {7, 0, 0, 0});
        ByteBuffer padded = ByteBuffer.allocate(file.length + 9).put(4, file).position(4).limit(4 + file.length);
        assertThat(SafeTensors.of(padded, NAME).ints("t")).containsExactly(7);
        assertThat(padded.position()).isEqualTo(4);
    }

    @Test
    void refusesToDecodeOnceClosed() throws IOException {
        SafeTensors file = one("U8", "[1]", 1);
        file.close();
        file.close();
        assertThatThrownBy(() -> file.bytes("t")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void readsFilesBeyondTwoGibibytes() throws IOException {
        assumeThat(directory.toFile().getUsableSpace()).as("bytes free for a file of 5 GiB").isGreaterThan(6L << 30);
        long hole = (5L << 30) + 1;
        Path path = directory.resolve("long.safetensors");
        byte[] header = file("{\"hole\":{\"dtype\":\"U8\",\"shape\":[5," + ((1 << 30) + 1) + "],\"data_offsets\":[0,"
                + (hole + 4) + "]},\"end\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" + (hole + 4) + ","
                + (hole + 12) + "]}}");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(header));
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(1.5f).putFloat(-2).flip(),
                    header.length + hole + 4);
        }
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(file.floats("end")).containsExactly(1.5f, -2f);
            assertThatThrownBy(() -> file.bytes("hole")).isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("shape [5, 1073741825] takes 5368709125 x 1 bytes, more than a Java array");
        }
    }

    @Test
    void decodesATensorOfSeveralWindows() throws IOException {
        int length = (1 << 26) + 3;
        byte[] header = file("{\"t\":{\"dtype\":\"U8\",\"shape\":[" + length + "],\"data_offsets\":[0," + length
                + "]}}");
        byte[] whole = Arrays.copyOf(header, header.length + length);
        for (int i = header.length; i < whole.length; i++) {
            whole[i] = (byte) (i * 31 ^ i >>> 8);
        }
        assertThat(Arrays.equals(SafeTensors.of(ByteBuffer.wrap(whole), NAME).bytes("t"),
                Arrays.copyOfRange(whole, header.length, whole.length))).isTrue();
    }
}
