package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TileGeneratorTest {

    @Test
    void theCommittedTilesAreWhatTheGeneratorWrites() throws IOException {
        for (boolean transposed : new boolean[] {false, true}) {
            for (int[] shape : transposed ? TileGenerator.TRANSPOSED : TileGenerator.SHAPES) {
                Path committed = Path.of("src/main/java/leanvit/kernels",
                        TileGenerator.name(shape[0], shape[1], transposed) + ".java");
                assertThat(Files.readString(committed))
                        .isEqualTo(TileGenerator.generate(shape[0], shape[1], transposed));
            }
        }
    }
}
