package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import leanvit.reducers.Reducers;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a trace tells of the tokens that a reducer adds to gather the rest. */
class BlockTraceTest {

    private static final int BATCH = 2;
    private static final VitConfig CONFIG =
            new VitConfig("test", 32, 24, 4, 16, 4, 2, 32, 5, VitConfig.Pooling.TOKEN, false, 1e-6f);

    private static List<BlockTrace> trace(String spec) throws IOException {
        Inference run =
                VisionTransformer.of(CONFIG, RandomWeights.of(CONFIG, 7)).inference().with(Reducers.parse(spec));
        Random random = new Random(3);
        float[] pixels = new float[BATCH * 3 * 32 * 24];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        List<BlockTrace> trace = new ArrayList<>();
        run.trace(pixels, BATCH, trace, false);
        assertThat(trace).hasSize(4);
        return trace;
    }

    private static long gathering(BlockTrace block, int image) {
        assertThat(block.gathering()[image]).hasSize(block.tokens()[image]);
        return IntStream.range(0, block.tokens()[image]).filter(token -> block.gathering()[image][token]).count();
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=5", "topk:r=5", "evit:keep=0.6,layers=1/2,fuse=off",
            "etps:keep=0.6,layers=1/2",
        "ltmp:merge=0.8,prune=0.01"})
    void mergingAndDroppingGatherNothing(String spec) throws IOException {
        for (BlockTrace block : trace(spec)) {
            for (int image = 0; image < BATCH; image++) {
                assertThat(gathering(block, image)).as("block %d", block.layer()).isZero();
            }
        }
    }

    @Test
    void pomtAddsTheMeanOfTheRestInItsBlock() throws IOException {
        List<BlockTrace> trace = trace("pomt:r=10,layer=2");
        for (int image = 0; image < BATCH; image++) {
            assertThat(gathering(trace.get(1), image)).isZero();
            for (BlockTrace block : trace.subList(2, 4)) {
                int last = block.tokens()[image] - 1;
                assertThat(last).isEqualTo(49 - 10 - 1);
                assertThat(gathering(block, image)).isOne();
                assertThat(block.gathering()[image][last]).isTrue();
                assertThat(IntStream.of(block.assignment()[image]).filter(token -> token == last).count())
                        .isEqualTo(11);
            }
        }
    }

    /**
     * An earlier fused token is a patch to the next stage: it may stay, and then is still one that gathers, or be
     * fused.
     */
    @ParameterizedTest
    @CsvSource({"0.9/0.5", "0.5/0.9", "0.97/0.97"})
    void evitGathersWhatItFusesAndFollowsIt(String keep) throws IOException {
        List<BlockTrace> trace = trace("evit:keep=" + keep + ",layers=0/2");
        for (int image = 0; image < BATCH; image++) {
            boolean[] first = trace.get(0).gathering()[image];
            assertThat(gathering(trace.get(0), image)).isOne();
            assertThat(first[first.length - 1]).isTrue();
            assertThat(trace.get(1).gathering()[image]).isEqualTo(first);
            assertThat(trace.get(3).gathering()[image]).isEqualTo(trace.get(2).gathering()[image]);
            int[] before = trace.get(0).assignment()[image];
            int[] after = trace.get(2).assignment()[image];
            boolean[] gathering = trace.get(2).gathering()[image];
            assertThat(gathering[gathering.length - 1]).isTrue();
            assertThat(gathering(trace.get(2), image)).isBetween(1L, 2L);
            for (int token = 0; token < before.length; token++) {
                if (first[before[token]]) {
                    assertThat(gathering[after[token]]).as("image %d, token %d", image, token).isTrue();
                }
            }
        }
    }
}
