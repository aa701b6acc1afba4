package leanvit.vit.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.Json;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.SafeTensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingFileTest {

    private static final List<String> NAMES = List.of("a.png", "dir/b, \"two\".png", "line\nend.png");
    private static final float[] VECTORS = {3, 4, 0, 0, 0, 0, -1.5f, 0.1f, 1e-7f};
    private static final Embeddings ALL = Embeddings.of(NAMES, VECTORS, 3);

    @TempDir
    private Path directory;

    @Test
    void npyIsNumPysAndItsNamesStandBeside() throws IOException {
        Path file = directory.resolve("v.npy");
        EmbeddingFile.write(file, ALL, false, DType.F32, Map.of());
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes).startsWith(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0);
        int header = buffer.getShort(8);
        assertThat((10 + header) % 64).isZero();
        assertThat(new String(bytes, 10, header, StandardCharsets.US_ASCII))
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }").endsWith(" \n");
        assertThat(bytes).hasSize(10 + header + 9 * 4);
        for (int i = 0; i < VECTORS.length; i++) {
            assertThat(buffer.getFloat(10 + header + 4 * i)).isEqualTo(VECTORS[i]);
        }
        assertThat(Json.parse(Files.readString(directory.resolve("v.names.json")).strip())).isEqualTo(NAMES);
        EmbeddingFile.write(file, ALL, false, DType.F16, Map.of());
        byte[] half = Files.readAllBytes(file);
        assertThat(new String(half, StandardCharsets.ISO_8859_1)).contains("'<f2'");
        assertThat(half).hasSize(10 + header + 9 * 2);
        assertThat(ByteBuffer.wrap(half).order(ByteOrder.LITTLE_ENDIAN).getShort(10 + header))
                .isEqualTo((short) 0x4200);
    }

    @Test
    void safetensorsHasNamesAndSettings() throws IOException {
        Path file = directory.resolve("v.safetensors");
        EmbeddingFile.write(file, ALL, true, DType.F16, Map.of("reducer", "tome:r=8"));
        try (SafeTensors read = SafeTensors.open(file)) {
            assertThat(read.shape(EmbeddingFile.TENSOR)).containsExactly(3, 3);
            assertThat(read.dtype(EmbeddingFile.TENSOR)).isEqualTo(DType.F16);
            float[] values = read.floats(EmbeddingFile.TENSOR);
            assertThat(values[0]).isBetween(0.5996f, 0.6004f);
            assertThat(values[1]).isBetween(0.7996f, 0.8004f);
            assertThat(List.of(values[3], values[4], values[5])).containsOnly(0f);
            assertThat(Json.parse(read.metadata().get(EmbeddingFile.NAMES))).isEqualTo(NAMES);
            assertThat(read.metadata()).containsEntry("reducer", "tome:r=8");
        }
    }

    @Test
    void csvHasNamesInQuotesWhereTheyNeedThem() throws IOException {
        Path file = directory.resolve("v.csv");
        EmbeddingFile.write(file, ALL, false, DType.F32, Map.of());
        assertThat(Files.readString(file)).isEqualTo("""
                name,0,1,2
                a.png,3.0,4.0,0.0
                "dir/b, ""two"".png",0.0,0.0,0.0
                "line
                end.png",-1.5,0.1,1.0E-7
                """);
        assertThatThrownBy(() -> EmbeddingFile.write(file, ALL, false, DType.F16, Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(EmbeddingFile.hasType(file)).isFalse();
    }

    @Test
    void aFileIsWholeOrNotAtAll() throws IOException {
        Embeddings broken = new Embeddings() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public int width() {
                return 1;
            }

            @Override
            public String name(int index) {
                return "x";
            }

            @Override
            public void vector(int index, float[] to) throws IOException {
                if (index == 1) {
                    throw new IOException("gone");
                }
            }
        };
        for (String name : new String[] {"w.csv", "w.npy", "w.safetensors"}) {
            Path file = directory.resolve(name);
            Files.writeString(file, "before");
            assertThatThrownBy(() -> EmbeddingFile.write(file, broken, false, DType.F32, Map.of()))
                    .hasMessage(file + ": cannot be written: gone; what was there stays");
            assertThat(Files.readString(file)).isEqualTo("before");
        }
        try (var entries = Files.list(directory)) {
            assertThat(entries).noneMatch(entry -> entry.getFileName().toString().startsWith(".leanvit"));
        }
    }

    @Test
    void anotherEndIsRefused() {
        for (String name : new String[] {"v.txt", "v", "npy", ".json"}) {
            assertThatThrownBy(() -> EmbeddingFile.check(directory.resolve(name)))
                    .isInstanceOf(InvalidInputException.class).hasMessageContaining(".safetensors, .npy or .csv");
        }
        assertThatThrownBy(() -> EmbeddingFile.check(directory.resolve("none/v.npy")))
                .hasMessageContaining("directory does not exist");
        assertThatThrownBy(() -> Embeddings.of(NAMES, VECTORS, 2)).isInstanceOf(IllegalArgumentException.class);
    }
}
