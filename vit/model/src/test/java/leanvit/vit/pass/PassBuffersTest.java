package leanvit.vit.pass;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import leanvit.reducers.ModelShape;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassBuffersTest {

    private static PassBuffers buffers(int side, int width, int images) {
        VitConfig config = new VitConfig("a", side, side, 14, width, 12, 16, 4 * width, 1000,
                VitConfig.Pooling.TOKEN, false, 1e-6f);
        return new PassBuffers(config, new ModelShape(12, width, 16, 1, config.patches()), images, 400, 2, true,
                false);
    }

    /**
     * The batches were counted by hand: 1,370 rows of 1,280 floats twice, and the group's areas, in 2^31 - 65 floats.
     */
    @ParameterizedTest
    @ValueSource(ints = {607, 1000, 1_000_000_000, 2_000_000_000})
    void aBatchThatDoesNotFitIsRefusedWithTheOneThatDoes(int images) {
        assertThatThrownBy(() -> buffers(518, 1280, images)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a batch of " + images + " images of 1370 tokens, 1280 wide, needs ")
                .hasMessageEndingWith("; a batch of 606 fits");
    }

    @Test
    void oneImageThatDoesNotFitIsRefusedToo() {
        assertThatThrownBy(() -> buffers(14 * 1000, 1280, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("; a batch of 0 fits");
    }
}
