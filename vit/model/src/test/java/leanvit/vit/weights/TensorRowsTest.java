package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

/** Rows handed out piece by piece are the tensor's, whatever its type and wherever a window of the file ends. */
class TensorRowsTest {

    private static final int[][] SHAPES = {
            {1, 1}, {3}, {7, 5}, {0, 4}, {4, 0}, {1000, 300}, {2, 150_000},
            {5, 3, 70, 70}};

    @TempDir
    private Path directory;

    /** Puts rows together again, and spoils them where they came from, which a consumer may. */
    private static final class Joined implements RowConsumer {

        private final float[] values;
        private final int row;
        private int next;
        private int calls;

        Joined(int... shape) {
            row = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
            values = new float[shape[0] * row];
        }

        @Override
        public void rows(int first, int count, float[] from) {
            assertThat(first).isEqualTo(next);
            assertThat(count).isPositive();
            System.arraycopy(from, 0, values, first * row, count * row);
            Arrays.fill(from, Float.NaN);
            next += count;
            calls++;
        }
    }

    private static byte[] file(DType dtype, int[] shape, SplittableRandom random) {
        int bytes = Arrays.stream(shape).reduce(1, Math::multiplyExact) * dtype.bytes();
        byte[] header = ("{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + Arrays.toString(shape)
                + ",\"data_offsets\":[0," + bytes + "]}}").getBytes(StandardCharsets.UTF_8);
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        return ByteBuffer.allocate(8 + header.length + bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length)
                .put(header).put(data).array();
    }

    @Test
    void rowsOfAFileAreItsTensor() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            for (int[] shape : SHAPES) {
                Path path = directory.resolve(dtype + Arrays.toString(shape));
                Files.write(path, file(dtype, shape, random));
                try (SafeTensors tensors = SafeTensors.open(path)) {
                    for (int again = 0; again < 2; again++) {
                        Joined joined = new Joined(shape);
                        tensors.rows("t", joined);
                        assertThat(joined.values).as("%s %s", dtype, Arrays.toString(shape))
                                .containsExactly(tensors.floats("t"));
                        assertThat(joined.calls).isLessThanOrEqualTo(shape[0]);
                    }
                }
            }
        }
    }

    @Test
    void joinedTensorsGiveTheirRowsInTurn() throws IOException {
        TestModel.transformers("vit").write(directory);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            for (String name : checkpoint.names()) {
                int[] shape = checkpoint.shape(name);
                Joined joined = new Joined(shape);
                checkpoint.rows(name, joined, shape);
                assertThat(joined.values).as(name).containsExactly(checkpoint.tensor(name, shape));
            }
            assertThatThrownBy(() -> checkpoint.rows("norm.weight", (first, count, values) -> { }, 7))
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining("expected shape [7], came [8]");
        }
    }

    @Test
    void randomWeightsGiveTheSameByRows() throws IOException {
        RandomWeights weights = RandomWeights.of("vit_tiny_patch16_224", 5);
        for (String name : new String[] {"blocks.1.mlp.fc1.weight", "norm.weight", "norm.bias", "cls_token"}) {
            for (int[] shape : SHAPES) {
                Joined joined = new Joined(shape);
                weights.rows(name, joined, shape);
                assertThat(joined.values).as("%s %s", name, Arrays.toString(shape))
                        .containsExactly(weights.tensor(name, shape));
            }
        }
    }

    @Test
    void aFileThatIsShortenedMeanwhileIsAnError() throws IOException {
        Path path = directory.resolve("short");
        byte[] whole = file(DType.F32, new int[] {1000, 300}, new SplittableRandom(2));
        Files.write(path, whole);
        try (SafeTensors tensors = SafeTensors.open(path)) {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(whole.length - 1);
            }
            assertThatThrownBy(() -> tensors.floats("t")).isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("truncated while it was read");
            assertThatThrownBy(() -> tensors.rows("t", (first, count, values) -> { }))
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining("truncated while it was read");
        }
    }
}
