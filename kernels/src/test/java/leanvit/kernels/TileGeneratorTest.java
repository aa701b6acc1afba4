package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TileGeneratorTest {

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theCommittedTilesAreWhatTheGeneratorWrites(int vectors) throws IOException {
        Path committed = Path.of("src/main/java/leanvit/kernels", TileGenerator.name(vectors) + ".java");
        assertThat(Files.readString(committed)).isEqualTo(TileGenerator.generate(vectors));
    }
}
