package leanvit.vit.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingLogTest {

    private static final Map<String, String> RUN = Map.of("model", "m", "reducer", "none");

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("v.npy.partial");
    }

    private static float[] vector(Embeddings embeddings, int index) throws IOException {
        float[] vector = new float[embeddings.width()];
        embeddings.vector(index, vector);
        return vector;
    }

    private byte[] twoVectors() throws IOException {
        try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
            log.add("a", 7, new float[] {1, 2});
            log.add("bä", 8, new float[] {3, Float.NaN});
        }
        return Files.readAllBytes(file());
    }

    @Test
    void aRunGoesOnWhereItStopped() throws IOException {
        twoVectors();
        try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
            assertThat(log.has("a", 7)).isTrue();
            assertThat(log.has("a", 9)).isFalse();
            assertThat(log.has("c", 7)).isFalse();
            log.add("c", 1, new float[] {5, 6});
            log.add("a", 9, new float[] {-1, -2});
            Embeddings all = log.embeddings(List.of("c", "bä", "a"));
            assertThat(all.size()).isEqualTo(3);
            assertThat(vector(all, 0)).containsExactly(5, 6);
            assertThat(vector(all, 1)).containsExactly(3, Float.NaN);
            assertThat(vector(all, 2)).containsExactly(-1, -2);
            assertThatThrownBy(() -> log.embeddings(List.of("d"))).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> log.add("d", 0, new float[3])).isInstanceOf(IllegalArgumentException.class);
        }
        try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
            assertThat(vector(log.embeddings(List.of("a")), 0)).containsExactly(-1, -2);
        }
    }

    /** A process may be killed at any byte. */
    @Test
    void whatIsHalfWrittenIsCutOff() throws IOException {
        byte[] whole = twoVectors();
        int second = whole.length - (4 + 3 + 8 + 8 + 4);
        for (int length = second; length < whole.length; length++) {
            Files.write(file(), Arrays.copyOf(whole, length));
            try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
                assertThat(log.has("a", 7)).isTrue();
                assertThat(log.has("bä", 8)).isFalse();
                log.add("bä", 8, new float[] {3, Float.NaN});
            }
            assertThat(Files.readAllBytes(file())).isEqualTo(whole);
        }
        for (int at = second; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 64;
            Files.write(file(), damaged);
            try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
                assertThat(log.has("a", 7)).isTrue();
                assertThat(log.has("bä", 8)).isFalse();
            }
        }
    }

    @Test
    void anotherRunsFileIsRefusedAndStays() throws IOException {
        byte[] whole = twoVectors();
        assertThatThrownBy(() -> EmbeddingLog.open(file(), Map.of("model", "m", "reducer", "tome:r=8"), 2))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("its reducer was \"none\", not \"tome:r=8\"; delete it to begin anew");
        assertThatThrownBy(() -> EmbeddingLog.open(file(), RUN, 3)).hasMessageContaining("its width was \"2\"");
        Path text = directory.resolve("text.partial");
        Files.writeString(text, "a diary of many words, kept for long");
        assertThatThrownBy(() -> EmbeddingLog.open(text, RUN, 2)).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("is no file of a run");
        assertThat(Files.readAllBytes(file())).isEqualTo(whole);
        assertThat(Files.readString(text)).startsWith("a diary");
        try (EmbeddingLog log = EmbeddingLog.open(file(), RUN, 2)) {
            assertThat(log.has("a", 7)).isTrue();
            assertThatThrownBy(() -> EmbeddingLog.open(file(), RUN, 2)).isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("in use");
        }
    }
}
