package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import leanvit.reducers.None;
import leanvit.reducers.TokenMap;
import leanvit.vit.BlockTrace;
import leanvit.vit.Inference;
import leanvit.vit.data.LabelledPictures;
import org.junit.jupiter.api.Test;

/** Latency and accuracy over the token count, on the demo model. */
class TokenMeasurementTest {

    private static final List<Integer> COUNTS = List.of(145, 100, 40, 2);

    @Test
    void prunesTheInputToTheCountAsked() {
        RandomPruning pruning = new RandomPruning(Demo.MODEL.shape());
        Inference run = Demo.MODEL.inference().with(pruning);
        float[] pixels = new float[2 * 3 * 96 * 96];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(i);
        }
        int[] before = null;
        for (int count : COUNTS) {
            pruning.set(count, 7);
            List<BlockTrace> trace = new ArrayList<>();
            float[] logits = run.trace(pixels, 2, trace, false);
            assertThat(trace).allSatisfy(block -> {
                assertThat(block.attended()).containsExactly(count, count);
                assertThat(block.tokens()).containsExactly(count, count);
            });
            int[] assignment = trace.get(0).assignment()[0];
            assertThat(assignment).isEqualTo(trace.get(0).assignment()[1]);
            assertThat(assignment[0]).as("the class token stays first").isZero();
            for (int p = 0; before != null && p < assignment.length; p++) {
                assertThat(assignment[p] == TokenMap.DROPPED || before[p] != TokenMap.DROPPED)
                        .as("patch %d stays of %d tokens, so it does of more", p, count).isTrue();
            }
            before = assignment;
            if (count == 145) {
                assertThat(logits).as("all tokens: the plain model")
                        .isEqualTo(Demo.MODEL.inference().logits(pixels, 2));
            }
        }
        pruning.set(40, 7);
        float[] one = run.logits(pixels, 2);
        pruning.set(40, 8);
        assertThat(run.logits(pixels, 2)).as("another draw").isNotEqualTo(one);
        pruning.set(40, 7);
        assertThat(run.logits(pixels, 2)).as("the same draw").isEqualTo(one);
    }

    @Test
    void latencyHasASampleOfEveryCountInEveryRound() {
        List<Double> progress = new ArrayList<>();
        double[][] samples = TokenLatency.measure(Demo.MODEL.inference(), COUNTS, 2, 0.001, progress::add);
        assertThat(samples).hasDimensions(COUNTS.size(), samples[0].length);
        assertThat(samples[0].length).isGreaterThanOrEqualTo(15).isEqualTo(progress.size());
        for (double[] row : samples) {
            assertThat(Arrays.stream(row).min().getAsDouble()).isPositive();
        }
        assertThat(progress).isSorted().endsWith(1.0);
        assertThat(progress.indexOf(1.0)).isEqualTo(progress.size() - 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenLatency.measure(Demo.MODEL.inference(), List.of(146), 1, 1, s -> { }));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenLatency.measure(Demo.MODEL.inference(), COUNTS, 0, 1, s -> { }));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenLatency.measure(Demo.MODEL.inference(), COUNTS, 1, 0, s -> { }));
    }

    @Test
    void accuracyIsThatOfThePrunedModel() throws IOException {
        LabelledPictures pictures = Demo.pictures();
        List<Double> progress = new ArrayList<>();
        boolean[][] right =
                TokenAccuracy.measure(Demo.MODEL.inference(), Demo.PREPROCESSING, COUNTS, pictures, 5, progress::add);
        assertThat(right).hasDimensions(COUNTS.size(), 16);
        assertThat(right[0]).as("all tokens").containsOnly(true);
        assertThat(right[3]).as("one patch").contains(false);
        assertThat(progress).containsExactly(5 / 16.0, 10 / 16.0, 15 / 16.0, 1.0);
        assertThat(TokenAccuracy.measure(Demo.MODEL.inference().with(new None()), Demo.PREPROCESSING, COUNTS, pictures,
                5, s -> { }))
                .isDeepEqualTo(right);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenAccuracy.measure(Demo.MODEL.inference(), Demo.PREPROCESSING,
                List.of(1), pictures, 1, s -> { }));
    }
}
