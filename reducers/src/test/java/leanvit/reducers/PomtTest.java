package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** POMT: its metric, the mean token, clamping, and the form of the authors' program. */
class PomtTest {

    private static Pomt pomt(int r, boolean upstream) {
        return new Pomt(Schedule.oneBlock(r, 3), upstream);
    }

    private static LayerTokens image(int prefix, int patches, long seed) {
        return Images.random(Images.shape(12, 4, 2, prefix, patches), 3, prefix + patches, seed);
    }

    @Test
    void keepsAndAveragesTheExample() {
        LayerTokens tokens = new LayerTokens();
        float[] x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        tokens.reset(Images.shape(12, 2, 1, 1, 4), 3, 5, x, 0);
        // Column sums over patch queries of the maximum over heads; values' maxima summed.
        float[] attention = {0, 1, .975865f, .427568f, .706091f};
        float[] value = {0, 2, 2, 1, 0};
        System.arraycopy(attention, 0, tokens.prepare(Need.HEAD_MAX_ATTENTION), 0, 5);
        System.arraycopy(value, 0, tokens.prepare(Need.HEAD_MAX_VALUE), 0, 5);
        TokenMap map = Images.reduce(pomt(1, false), tokens);
        assertThat(Images.targets(map)).containsExactly(0, 1, 2, 3, 3);
        assertThat(Images.apply(map, tokens)).containsExactly(0, 1, 2, 3, 4, 5, 7, 8);
    }

    @ParameterizedTest
    @CsvSource({"A/pomt, 1, 8, false", "A/pomt, 1, 8, true", "A-distilled/pomt_distilled, 2, 7, false",
        "A-distilled/pomt_distilled, 2, 8, true"})
    void choosesAndAveragesAsTheOriginal(String file, int prefix, int r, boolean upstream) {
        GoldenFile golden = GoldenFile.open(file);
        ModelShape model = Images.shape(4, 60, 3, prefix, 36);
        for (int b = 0; b < 3; b++) {
            LayerTokens tokens = new LayerTokens();
            tokens.reset(model, 1, prefix + 36, golden.floats("block1.x_before", b), 0);
            float[] attention = golden.floats("block1.metric_attn", b);
            System.arraycopy(attention, 0, tokens.prepare(Need.HEAD_MAX_ATTENTION), prefix, 36);
            tokens.batchHeadMaxPeak(1);
            // Values whose softmax over all tokens is the stated one; what is left of 1 belongs to the prefix.
            float[] value = golden.floats("block1.metric_v", b);
            double prefixShare = 1;
            for (int j = 0; j < 36; j++) {
                tokens.prepare(Need.HEAD_MAX_VALUE)[prefix + j] = (float) Math.log(value[j]);
                prefixShare -= value[j];
            }
            Arrays.fill(tokens.headMaxValue(), 0, prefix, (float) Math.log(prefixShare / prefix));
            TokenMap map = Images.reduce(new Pomt(Schedule.oneBlock(r, 1), upstream), tokens);
            int[] kept = golden.ints("block1.kept", b);
            for (int k = 0; k < kept.length; k++) {
                assertThat(map.target(kept[k])).as("image %d", b).isEqualTo(prefix + k);
            }
            for (int discarded : golden.ints("block1.discarded", b)) {
                assertThat(map.target(discarded)).as("image %d", b).isEqualTo(map.outputs() - 1);
            }
            Close.assertStartsClose(Images.apply(map, tokens), golden.floats("block1.x_after", b), 5e-6, file);
        }
    }

    @Test
    void leavesNMinusRAndConservesTheSum() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int prefix = random.nextInt(4);
            int patches = 3 + random.nextInt(40);
            int r = 1 + random.nextInt(patches - 2);
            LayerTokens tokens = image(prefix, patches, seed);
            TokenMap map = Images.reduce(pomt(r, false), tokens);
            String what = "seed " + seed;
            assertThat(map.outputs()).as(what).isEqualTo(prefix + patches - r);
            assertThat(map.contributors(map.outputs() - 1)).as(what).isEqualTo(r + 1);
            float[] x = Images.apply(map, tokens);
            for (int c = 0; c < 4; c++) {
                double before = 0;
                double after = 0;
                for (int i = prefix; i < prefix + patches; i++) {
                    before += tokens.rows()[tokens.rowOffset(i) + c];
                }
                for (int m = prefix; m < map.outputs(); m++) {
                    after += x[m * 4 + c] * (m == map.outputs() - 1 ? r + 1 : 1);
                }
                assertThat(after).as(what).isCloseTo(before, Offset.offset(1e-4));
            }
            for (int i = 0; i < map.inputs(); i++) {
                if (map.target(i) < map.outputs() - 1) {
                    for (int c = 0; c < 4; c++) {
                        assertThat(x[map.target(i) * 4 + c]).isEqualTo(tokens.rows()[tokens.rowOffset(i) + c]);
                    }
                }
            }
        }
    }

    @Test
    void clampsAnRTooLarge() {
        for (int r : new int[] {9, 10, 500, Integer.MAX_VALUE}) {
            TokenMap map = Images.reduce(pomt(r, false), image(2, 10, 1));
            assertThat(map.outputs()).as("r %d", r).isEqualTo(2 + 1 + 1);
        }
        assertThat(Images.reduce(pomt(8, false), image(2, 10, 1)).outputs()).isEqualTo(4);
        assertThat(Images.reduce(pomt(7, false), image(2, 10, 1)).outputs()).isEqualTo(5);
    }

    @Test
    void withTooFewPatchesNothingHappens() {
        for (int patches = 0; patches < 3; patches++) {
            assertThat(Images.reduce(pomt(1, false), image(1, patches, 1)).isIdentity()).isTrue();
        }
        assertThat(Images.reduce(pomt(1, false), image(1, 3, 1)).outputs()).isEqualTo(3);
        assertThat(Images.reduce(pomt(0, false), image(1, 30, 1)).isIdentity()).isTrue();
    }

    @Test
    void upstreamDoesNothingForAnRTooLarge() {
        // N = 11, P = 1: T = 9 - r has to be above 1.
        assertThat(Images.reduce(pomt(7, true), image(1, 10, 1)).outputs()).isEqualTo(4);
        for (int r : new int[] {8, 9, Integer.MAX_VALUE}) {
            assertThat(Images.reduce(pomt(r, true), image(1, 10, 1)).isIdentity()).as("r %d", r).isTrue();
        }
    }

    @Test
    void upstreamCountsOnePrefixTokenWhateverThereAre() {
        assertThat(Images.reduce(pomt(4, true), image(1, 10, 1)).outputs()).isEqualTo(11 - 4);
        assertThat(Images.reduce(pomt(4, true), image(2, 10, 1)).outputs()).isEqualTo(12 - 4 + 1);
        // Where that would leave nothing to average, nothing happens.
        assertThat(Images.reduce(pomt(1, true), image(3, 10, 1)).isIdentity()).isTrue();
    }

    @Test
    void upstreamDividesByTheBatchsPeak() {
        // a = 2, 1, 0 and z nearly 0, 0.5, 0.5: the own peak ranks token 1 first, a peak of 100 ranks it last.
        for (boolean upstream : new boolean[] {false, true}) {
            LayerTokens tokens = image(1, 4, 1);
            System.arraycopy(new float[] {0, 2, 1, 0, 0}, 0, tokens.headMaxAttention(), 0, 5);
            System.arraycopy(new float[] {0, 0, 9, 9, 0}, 0, tokens.headMaxValue(), 0, 5);
            tokens.batchHeadMaxPeak(100);
            TokenMap map = Images.reduce(pomt(1, upstream), tokens);
            int[] expected = upstream ? new int[] {0, 2, 3, -1} : new int[] {0, 1, 2, -1};
            assertThat(Images.soleInputs(map)).containsExactly(expected);
        }
    }

    @Test
    void extremeValuesDoNotOverflow() {
        LayerTokens tokens = image(1, 6, 1);
        Arrays.fill(tokens.headMaxAttention(), 0);
        System.arraycopy(new float[] {-3e38f, 100, 3e38f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, 7}, 0,
                tokens.headMaxValue(), 0, 7);
        TokenMap map = Images.reduce(pomt(4, false), tokens);
        assertThat(map.target(3)).isEqualTo(1);
    }

    @Test
    void nanGoesIntoTheMean() {
        LayerTokens tokens = image(1, 6, 1);
        tokens.headMaxAttention()[2] = Float.NaN;
        tokens.headMaxValue()[5] = Float.NaN;
        TokenMap map = Images.reduce(pomt(2, false), tokens);
        assertThat(map.outputs()).isEqualTo(5);
        assertThat(new int[] {map.target(2), map.target(5)}).containsOnly(4);
    }

    @Test
    void tiesGoToTheLowerIndex() {
        LayerTokens tokens = image(1, 6, 1);
        Arrays.fill(tokens.headMaxAttention(), 1);
        Arrays.fill(tokens.headMaxValue(), 1);
        assertThat(Images.targets(Images.reduce(pomt(3, false), tokens))).containsExactly(0, 1, 2, 3, 3, 3, 3);
    }
}
