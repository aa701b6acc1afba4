package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ToMe: decisions, order and averages of the original, the published token counts, and what merging conserves. */
class ToMeTest {

    private static final float[] EXAMPLE = {1, 0, 0, 1, 1, .1f, 1, 0, .2f, 1, -1, 0, .9f, .1f};

    private static LayerTokens example() {
        LayerTokens tokens = new LayerTokens();
        tokens.reset(Images.shape(12, 2, 1, 1, 6), 0, 7, EXAMPLE, 0);
        System.arraycopy(EXAMPLE, 0, tokens.prepare(Need.MEAN_KEY), 0, EXAMPLE.length);
        Arrays.fill(tokens.prepareSizes(), 1);
        return tokens;
    }

    @Test
    void mergesTheExample() {
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(2)), example());
        assertThat(Images.targets(map)).containsExactly(0, 2, 3, 3, 1, 4, 3);
        Close.assertStartsClose(Images.apply(map, example()),
                new float[] {1, 0, .2f, 1, 0, 1, .966667f, .066667f, -1, 0}, 1e-6, "x");
        assertThat(Images.applySizes(map, example())).containsExactly(1, 1, 1, 3, 1);
    }

    @Test
    void clampsTheExample() {
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(99)), example());
        Close.assertStartsClose(Images.apply(map, example()),
                new float[] {1, 0, .1f, 1, .966667f, .066667f, -1, 0}, 1e-6, "x");
        assertThat(Images.applySizes(map, example())).containsExactly(1, 2, 3, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "e, 1, 5", "o, 1, 6", "d, 2, 5", "n, 0, 5", "c, 1, 99"
    })
    void matchesTheOriginalTokenForToken(String name, int prefix, int r) {
        GoldenFile golden = GoldenFile.open("standalone/tome_merge");
        int n = golden.shape(name + ".metric")[1];
        int metricWidth = golden.shape(name + ".metric")[2];
        int width = golden.shape(name + ".x")[2];
        for (int b = 0; b < 2; b++) {
            TokenMap map = new TokenMap();
            ToMe.match(golden.floats(name + ".metric"), b * n * metricWidth, metricWidth, n, metricWidth, prefix, r,
                    map, new Scratch());
            assertDecisions(golden, name + ".", b, prefix, map);
            float[] x = golden.floats(name + ".x", b);
            float[] out = new float[map.outputs() * width];
            float[] sizes = new float[map.outputs()];

            map.apply(x, 0, width, out, 0);
            Close.assertStartsClose(out, golden.floats(name + ".merge_sum", b), 5e-6, "sum");
            map.applyMax(x, 0, width, out, 0);
            Close.assertStartsClose(out, golden.floats(name + ".merge_amax", b), 0, "amax");
            map.weightEqually();
            map.apply(x, 0, width, out, 0);
            Close.assertStartsClose(out, golden.floats(name + ".merge_mean", b), 5e-6, "mean");

            float[] ones = new float[n];
            Arrays.fill(ones, 1);
            map.weightBySize(ones, 0);
            map.apply(x, 0, width, out, 0);
            map.applySizes(ones, 0, sizes, 0);
            Close.assertStartsClose(out, golden.floats(name + ".wavg", b), 5e-6, "wavg");
            assertThat(sizes).containsExactly(golden.floats(name + ".wavg_size", b));

            float[] given = golden.floats(name + ".size", b);
            map.weightBySize(given, 0);
            map.apply(x, 0, width, out, 0);
            map.applySizes(given, 0, sizes, 0);
            Close.assertStartsClose(out, golden.floats(name + ".wavg2", b), 5e-6, "wavg2");
            assertThat(sizes).containsExactly(golden.floats(name + ".wavg2_size", b));

            if (golden.has(name + ".source")) {
                assertSource(golden.ints(name + ".source", b), map);
            }
            if (golden.has(name + ".unmerge")) {
                float[] back = new float[n * width];
                map.unmerge(out, 0, width, back, 0);
                Close.assertStartsClose(back, golden.floats(name + ".unmerge", b), 5e-6, "unmerge");
            }
        }
    }

    /**
     * Sources, destinations and the order of the unmerged, as the golden files state them (indices into the two
     * halves).
     */
    private static void assertDecisions(GoldenFile golden, String at, int b, int prefix, TokenMap map) {
        int[] source = golden.ints(at + "src_idx", b);
        int[] destination = golden.ints(at + "dst_idx", b);
        int[] unmerged = golden.ints(at + "unm_idx", b);
        for (int i = 0; i < source.length; i++) {
            assertThat(map.target(2 * source[i])).as("%simage %d source %d", at, b, i)
                    .isEqualTo(map.target(2 * destination[i] + 1));
        }
        for (int i = 0; i < unmerged.length; i++) {
            // A distillation token, at position 1, stands after the first of the unmerged.
            int expected = prefix == 2 && i > 0 ? i + 1 : i;
            assertThat(map.target(2 * unmerged[i])).as("%simage %d unmerged %d", at, b, i).isEqualTo(expected);
        }
        assertThat(map.outputs()).isEqualTo(map.inputs() - source.length);
        for (int p = 0; p < prefix; p++) {
            assertThat(map.target(p)).isEqualTo(p);
        }
    }

    private static void assertSource(int[] source, TokenMap map) {
        for (int i = 0; i < map.inputs(); i++) {
            for (int m = 0; m < map.outputs(); m++) {
                assertThat(source[m * map.inputs() + i]).isEqualTo(map.target(i) == m ? 1 : 0);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "A/tome_const, r=4, 1, 60, 3",
        "A/tome_decreasing, 'r=4,inflect=-1', 1, 60, 3",
        "A/tome_clamped, r=30, 1, 60, 3",
        "A/tome_noprop, 'r=4,prop=off', 1, 60, 3",
        "B/tome_const, r=4, 1, 64, 4",
        "B/tome_decreasing, 'r=4,inflect=-1', 1, 64, 4",
        "B/tome_clamped, r=30, 1, 64, 4",
        "A-distilled/tome_distilled, r=4, 2, 60, 3",
        "A-distilled/tome_distilled_decreasing, 'r=4,inflect=-1', 2, 60, 3",
        "A-distilled/tome_distilled_clamped, r=30, 2, 60, 3"
    })
    void decidesAsTheOriginalInEveryBlock(String file, String settings, int prefix, int width, int heads) {
        GoldenFile golden = GoldenFile.open(file);
        int depth = golden.shape("token_counts")[0];
        int tokens = golden.shape("block0.metric")[1];
        ModelShape model = Images.shape(depth, width, heads, prefix, tokens - prefix);
        TokenReducer reducer = Reducers.parse("tome:" + settings);
        reducer.check(model);
        for (int b = 0; b < 3; b++) {
            // Lean presets carry the metric of the first image alone.
            if (b >= golden.shape("block0.metric")[0]) {
                break;
            }
            float[] sizes = new float[tokens];
            Arrays.fill(sizes, 1);
            for (int l = 0; l < depth; l++) {
                LayerTokens image = new LayerTokens();
                image.reset(model, l, sizes.length, new float[0], 0);
                float[] metric = golden.floats("block" + l + ".metric", b);
                System.arraycopy(metric, 0, image.prepare(Need.MEAN_KEY), 0, metric.length);
                System.arraycopy(sizes, 0, image.prepareSizes(), 0, sizes.length);
                TokenMap map = Images.reduce(reducer, image);
                if (golden.has("block" + l + ".src_idx")) {
                    assertDecisions(golden, "block" + l + ".", b, prefix, map);
                } else {
                    assertThat(map.isIdentity()).isTrue();
                }
                sizes = Images.applySizes(map, image);
                assertThat(sizes).containsExactly(golden.floats("block" + l + ".size", b));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "197, 1, 12, r=8, '189,181,173,165,157,149,141,133,125,117,109,101'",
        "197, 1, 12, r=13, '184,171,158,145,132,119,106,93,80,67,54,41'",
        "197, 1, 12, r=16, '181,165,149,133,117,101,85,69,53,37,21,11'",
        "197, 1, 12, 'r=16,inflect=-1', '165,136,110,87,67,50,36,25,17,12,10,10'",
        "197, 1, 12, 'r=13,inflect=-1', '171,148,127,109,93,79,68,59,52,48,46,46'",
        "198, 2, 12, r=16, '182,166,150,134,118,102,86,70,54,38,22,12'",
        "197, 1, 24, r=7, '190,183,176,169,162,155,148,141,134,127,120,113,106,99,92,85,78,71,64,57,50,43,36,29'",
        "197, 1, 24, r=8, '189,181,173,165,157,149,141,133,125,117,109,101,93,85,77,69,61,53,45,37,29,21,13,7'",
        "577, 1, 24, r=25/25/25/25/25/25/25/25, '552,527,502,477,452,427,402,377'"
    })
    void leavesThePublishedTokenCounts(int tokens, int prefix, int depth, String settings, String expected) {
        int[] counts = Arrays.stream(expected.split(",")).mapToInt(Integer::parseInt).toArray();
        assertThat(Arrays.copyOf(counts(tokens, prefix, depth, settings), counts.length)).containsExactly(counts);
    }

    @ParameterizedTest
    @CsvSource({
        "577, 24, r=23, 25", "577, 24, r=25, 8", "577, 12, r=45, 42", "1025, 24, r=40, 65", "1370, 32, r=40, 90",
        "257, 32, r=7, 33", "197, 12, r=1/2/3, 191", "197, 12, r=0, 197", "197, 12, r=2147483647, 2"
    })
    void leavesThePublishedTokensAtTheEnd(int tokens, int depth, String settings, int expected) {
        assertThat(counts(tokens, 1, depth, settings)[depth - 1]).isEqualTo(expected);
    }

    private static int[] counts(int tokens, int prefix, int depth, String settings) {
        TokenReducer reducer = Reducers.parse("tome:" + settings);
        ModelShape model = Images.shape(depth, 4, 1, prefix, tokens - prefix);
        LayerTokens image = new LayerTokens();
        int[] count = {tokens};
        return IntStream.range(0, depth).map(layer -> {
            if (reducer.reducesAt(layer)) {
                Images.fill(image, model, layer, count[0], layer);
                count[0] = Images.reduce(reducer, image).outputs();
            }
            return count[0];
        }).toArray();
    }

    @Test
    void conservesWhatItMerges() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int prefix = random.nextInt(4);
            int count = prefix + random.nextInt(60);
            int r = random.nextInt(40);
            ModelShape model = Images.shape(6, 8, 2, prefix, 60);
            LayerTokens tokens = Images.random(model, 2, count, seed);
            Images.randomSizes(tokens, seed);
            TokenMap map = Images.reduce(new ToMe(Schedule.constant(r)), tokens);
            String what = "seed " + seed + ": " + count + " tokens, prefix " + prefix + ", r " + r;

            assertThat(map.outputs()).as(what).isEqualTo(count - Math.min(r, (count - prefix) / 2));
            float[] x = Images.apply(map, tokens);
            float[] sizes = Images.applySizes(map, tokens);
            double sizeIn = 0;
            double sizeOut = 0;
            double[] sumIn = new double[8];
            double[] sumOut = new double[8];
            for (int i = 0; i < count; i++) {
                sizeIn += tokens.sizes()[i];
                for (int c = 0; c < 8; c++) {
                    sumIn[c] += tokens.sizes()[i] * tokens.rows()[tokens.rowOffset(i) + c];
                }
            }
            for (int m = 0; m < sizes.length; m++) {
                sizeOut += sizes[m];
                assertThat(sizes[m]).as(what).isGreaterThanOrEqualTo(1f);
                for (int c = 0; c < 8; c++) {
                    sumOut[c] += sizes[m] * x[m * 8 + c];
                }
            }
            assertThat(sizeOut).as(what).isEqualTo(sizeIn);
            assertThat(sumOut).as(what).containsExactly(sumIn, Offset.offset(1e-4));
            for (int p = 0; p < prefix; p++) {
                assertThat(map.target(p)).as(what).isEqualTo(p);
                assertThat(map.contributors(p)).as(what).isOne();
                assertThat(sizes[p]).as(what).isOne();
            }
        }
    }

    @Test
    void mergesEqualTokensWithoutChangingThem() {
        LayerTokens tokens = Images.random(Images.shape(4, 6, 2, 1, 20), 0, 21, 3);
        for (int i = 1; i < 21; i++) {
            System.arraycopy(tokens.rows(), tokens.rowOffset(0), tokens.rows(), tokens.rowOffset(i), 6);
        }
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(9)), tokens);
        float[] x = Images.apply(map, tokens);
        for (int m = 0; m < map.outputs(); m++) {
            for (int c = 0; c < 6; c++) {
                float value = tokens.rows()[tokens.rowOffset(0) + c];
                assertThat((double) x[m * 6 + c]).isCloseTo(value, Offset.offset(1e-6));
            }
        }
    }

    @Test
    void unmergeRestoresWhatWasNotMergedAndSpreadsWhatWas() {
        LayerTokens tokens = Images.random(Images.shape(4, 6, 2, 2, 20), 0, 22, 5);
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(6)), tokens);
        float[] back = new float[22 * 6];
        float[] x = Images.apply(map, tokens);
        map.unmerge(x, 0, 6, back, 0);
        for (int i = 0; i < 22; i++) {
            for (int c = 0; c < 6; c++) {
                boolean alone = map.contributors(map.target(i)) == 1;
                float expected = alone ? tokens.rows()[tokens.rowOffset(i) + c] : x[map.target(i) * 6 + c];
                assertThat(back[i * 6 + c]).isEqualTo(expected);
            }
        }
    }

    @Test
    void tiesGoToTheLowerIndex() {
        // All keys are equal: every cosine is 1, so the first r sources go to the first destination.
        LayerTokens tokens = Images.random(Images.shape(4, 4, 2, 1, 12), 0, 13, 1);
        Arrays.fill(tokens.meanKey(), 1);
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(3)), tokens);
        int first = map.target(1);
        assertThat(new int[] {map.target(2), map.target(4), map.target(6)}).containsOnly(first);
        assertThat(map.contributors(first)).isEqualTo(4);
        assertThat(map.target(8)).isEqualTo(1);
    }

    @Test
    void aZeroKeyHasCosineZeroWithAll() {
        // Source 2 is zero; source 4 is opposite to every destination, and so less alike.
        LayerTokens tokens = Images.random(Images.shape(4, 4, 2, 1, 4), 0, 5, 1);
        float[] keys = {1, 0, 1, 0, 0, 0, 1, 0, -1, 0};
        System.arraycopy(keys, 0, tokens.meanKey(), 0, keys.length);
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(1)), tokens);
        assertThat(map.target(2)).isEqualTo(map.target(1));
        assertThat(map.contributors(map.target(4))).isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aKeyWithNanNeitherMergesNorIsMergedInto(int prefix) {
        for (long seed = 0; seed < 40; seed++) {
            int count = prefix + 14;
            LayerTokens tokens = Images.random(Images.shape(4, 4, 2, prefix, 14), 0, count, seed);
            int bad = prefix + (int) seed % 14;
            tokens.meanKey()[bad * 2] = Float.NaN;
            TokenMap map = Images.reduce(new ToMe(Schedule.constant(99)), tokens);
            assertThat(map.contributors(map.target(bad))).as("seed %d", seed).isOne();
            assertThat(map.outputs()).as("seed %d", seed).isLessThan(count);
        }
        LayerTokens allBad = Images.random(Images.shape(4, 4, 2, prefix, 14), 0, prefix + 14, 1);
        Arrays.fill(allBad.meanKey(), Float.NaN);
        TokenMap map = Images.reduce(new ToMe(Schedule.constant(4)), allBad);
        assertThat(map.outputs()).isEqualTo(prefix + 14);
        for (int p = 0; p < prefix; p++) {
            assertThat(map.target(p)).isEqualTo(p);
        }
    }

    @Test
    void sayWhatTheHostHasToDo() {
        ToMe tome = new ToMe(Schedule.perBlock(List.of(3, 0, 1)));
        assertThat(tome.position()).isEqualTo(TokenReducer.Position.AFTER_ATTENTION);
        assertThat(tome.needs()).containsExactly(Need.MEAN_KEY);
        assertThat(tome.tracksSize()).isTrue();
        assertThat(tome.proportionalAttention()).isTrue();
        assertThat(new ToMe(Schedule.constant(3), false).proportionalAttention()).isFalse();
        assertThat(IntStream.range(0, 5).filter(tome::reducesAt)).containsExactly(0, 2);
        assertThat(tome.macs(Images.shape(5, 8, 2, 1, 196), 197, 189)).as("the papers leave the matching out").isZero();
    }
}
