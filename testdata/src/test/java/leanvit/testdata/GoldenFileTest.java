package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A name that is not there must fail, not skip; what the reader does not understand must not look empty. */
class GoldenFileTest {

    @TempDir
    private Path directory;

    @Test
    void aMissingFileOrTensorFails() {
        assertThatThrownBy(() -> GoldenFile.open("A/tome_cnst")).isInstanceOf(AssertionError.class)
                .hasMessageContaining("golden/A/tome_cnst.safetensors");
        GoldenFile dense = GoldenFile.open("A/dense");
        assertThatThrownBy(() -> dense.doubles("block9.x")).isInstanceOf(AssertionError.class)
                .hasMessageContaining("block9.x");
        assertThatThrownBy(() -> dense.floats("block0.x", 3)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("no image 3");
    }

    @Test
    void readsTypesShapesAndMetadata() throws Exception {
        GoldenFile file = file("{\"__metadata__\":{\"params\":\"{\\\"r\\\": 4}\",\"a\":\"x\\u0041\\n\"},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]},"
                + "\"f\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[2,6]}}", (byte) 200, (byte) 1, (byte) 0,
                (byte) 0,
                (byte) 0x80, (byte) 0x3f);
        assertThat(file.metadata()).containsEntry("params", "{\"r\": 4}").containsEntry("a", "xA\n");
        assertThat(file.ints("b")).containsExactly(200, 1);
        assertThat(file.ints("b", 1)).containsExactly(1);
        assertThat(file.shape("b")).containsExactly(2, 1);
        assertThat(file.floats("f")).containsExactly(1f);
        assertThat(file.names()).containsExactly("b", "f");
    }

    @Test
    void aHeaderThatIsNotUnderstoodFails() {
        assertThatThrownBy(() -> file("{\"b\": {\"dtype\": \"U8\"}}", (byte) 1)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("0 of its 1 bytes");
    }

    private GoldenFile file(String header, byte... data) throws Exception {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        Path path = directory.resolve("file.safetensors");
        Files.write(path, ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).put(data).array());
        return GoldenFile.open(path);
    }
}
