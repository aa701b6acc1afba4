package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scalar kernels around the sizes at which {@link ScalarTile} cuts, in scratch of just the length that they ask
 * for.
 */
class ScalarTwinsTest {

    @ParameterizedTest
    @CsvSource({"207, 207", "208, 1", "209, 208", "209, 209", "417, 416", "417, 209", "300, 0"})
    void attentionFitsItsScratchAndAgreesWithSimd(int n, int queries) {
        int d = 9;
        AttentionInput input = AttentionInput.random(n, 1, d, true, n + queries);
        float[][] out = new float[2][n * d];
        float[][] columns = new float[2][n];
        Attention.Implementation[] twins = {ScalarAttention.KERNEL, SimdAttention.KERNEL};
        for (int t = 0; t < 2; t++) {
            twins[t].head(input.call().into(out[t], 0, d).columnSum(columns[t], 0)
                    .scratch(new float[twins[t].scratchLength(n, 1, d)], 0), 0, queries);
        }
        assertThat(out[0]).usingComparatorWithPrecision(1e-5f).containsExactly(out[1]);
        assertThat(columns[0]).usingComparatorWithPrecision(1e-5f * Math.max(1, queries)).containsExactly(columns[1]);
    }

    @ParameterizedTest
    @ValueSource(ints = {207, 208, 209, 417})
    void headMaxFitsItsScratchAndAgreesWithSimd(int n) {
        int d = 5;
        AttentionInput input = AttentionInput.random(n, 2, d, true, n);
        float[][] out = new float[2][n * 2 * d];
        float[][] columns = new float[2][n];
        Attention.Implementation[] twins = {ScalarAttention.KERNEL, SimdAttention.KERNEL};
        for (int t = 0; t < 2; t++) {
            twins[t].headMax(input.call().into(out[t], 0, 2 * d)
                    .scratch(new float[twins[t].scratchLength(n, 2, d)], 0), 1, columns[t], 0);
        }
        assertThat(out[0]).usingComparatorWithPrecision(1e-5f).containsExactly(out[1]);
        assertThat(columns[0]).usingComparatorWithPrecision(1e-5f * n).containsExactly(columns[1]);
    }

    @ParameterizedTest
    @CsvSource({"103, 207, 0", "104, 208, 1", "105, 209, 207", "211, 417, 209", "1, 209, 209", "5, 0, 0"})
    void matchingFitsItsScratchAndFindsTheNearest(int sources, int destinations, int blocked) {
        int width = 7;
        float[] x = Awkward.values(new SplittableRandom(sources), (sources + destinations) * width, 1f);
        float[] best = new float[sources];
        int[] partner = new int[sources];
        float[] scratch = new float[ScalarBipartiteMatching.KERNEL.scratchLength(destinations, width)];
        ScalarBipartiteMatching.KERNEL.match(x, 0, width, null, 0, sources, sources * width, width, null, 0,
                destinations, blocked, null, width, 0f, best, partner, scratch);
        for (int i = 0; i < sources; i++) {
            int row = i;
            double[] all = new double[destinations];
            Arrays.setAll(all, j -> j < blocked ? -2 : Exact.cosine(x, row * width, (sources + j) * width, width));
            double most = Arrays.stream(all).skip(blocked).max().orElse(-2);
            if (blocked >= destinations) {
                assertThat(partner[i]).isEqualTo(-1);
            } else {
                assertThat((double) best[i]).isCloseTo(most, Offset.offset(1e-5));
                assertThat(all[partner[i]]).isCloseTo(most, Offset.offset(1e-5));
            }
        }
    }
}
