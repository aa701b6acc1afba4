package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** ToMe's variants, k-th and random bipartite matching: alone and as reducers. */
class NearestMergeTest {

    @Test
    void kthMatchesTheOriginal() {
        GoldenFile golden = GoldenFile.open("standalone/tome_merge");
        TokenMap map = new TokenMap();
        KthBipartite.match(golden.floats("k.metric"), 0, 7, 17, 7, 0, 3, map, new Scratch());
        map.checkComplete("kth");
        int[] destination = golden.ints("k.dst_idx");
        for (int s = 0; s < destination.length; s++) {
            assertThat(map.target(s / 2 * 3 + s % 2)).as("source %d", s).isEqualTo(destination[s]);
        }
        map.weightEqually();
        float[] merged = new float[5 * 5];
        map.apply(golden.floats("k.x"), 0, 5, merged, 0);
        Close.assertStartsClose(merged, golden.floats("k.merge_mean"), 5e-6, "mean");
        float[] back = new float[17 * 5];
        map.unmerge(merged, 0, 5, back, 0);
        Close.assertStartsClose(back, golden.floats("k.unmerge"), 5e-6, "unmerge");
        assertThat(Arrays.copyOfRange(back, 75, 85)).containsOnly(0);
    }

    @Test
    void kthAtItsEnds() {
        float[] metric = Images.gaussians(new Random(1), 10 * 3);
        TokenMap map = new TokenMap();
        KthBipartite.match(metric, 0, 3, 10, 3, 0, 1, map, new Scratch());
        assertThat(map.isIdentity()).isTrue();
        KthBipartite.match(metric, 0, 3, 10, 3, 0, 10, map, new Scratch());
        assertThat(map.outputs()).isOne();
        assertThat(map.contributors(0)).isEqualTo(10);
        for (int k : new int[] {0, -1, 11}) {
            assertThatThrownBy(() -> KthBipartite.match(metric, 0, 3, 10, 3, 0, k, map, new Scratch()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("k = " + k);
        }
    }

    @Test
    void randomMergesEachSourceIntoItsNearest() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            int n = 2 + random.nextInt(30);
            int r = 1 + random.nextInt(n - 1);
            int width = 1 + random.nextInt(6);
            float[] metric = Images.gaussians(random, n * width);
            TokenMap map = new TokenMap();
            RandomBipartite.match(metric, 0, width, n, width, 0, r, seed, map, new Scratch());
            map.checkComplete("random");
            assertThat(map.outputs()).as("seed %d", seed).isEqualTo(n - r);
            int[] destination = new int[n - r];
            int[] permutation = permutation(n, seed);
            for (int j = 0; j < n - r; j++) {
                destination[j] = permutation[r + j];
                assertThat(map.target(destination[j])).as("seed %d", seed).isEqualTo(j);
            }
            for (int i = 0; i < r; i++) {
                int source = permutation[i];
                double own = cosine(metric, source, destination[map.target(source)], width);
                for (int other : destination) {
                    assertThat(cosine(metric, source, other, width)).as("seed %d", seed).isLessThan(own + 1e-5);
                }
            }
        }
    }

    private static int[] permutation(int n, long seed) {
        int[] order = new int[n];
        RandomBipartite.permute(order, n, 0, seed);
        return order;
    }

    private static double cosine(float[] x, int a, int b, int width) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < width; c++) {
            dot += (double) x[a * width + c] * x[b * width + c];
            aa += (double) x[a * width + c] * x[a * width + c];
            bb += (double) x[b * width + c] * x[b * width + c];
        }
        return dot / Math.sqrt(aa * bb);
    }

    @Test
    void randomClampsAndRefuses() {
        float[] metric = Images.gaussians(new Random(1), 10 * 3);
        TokenMap map = new TokenMap();
        RandomBipartite.match(metric, 0, 3, 10, 3, 0, 99, 1, map, new Scratch());
        assertThat(map.outputs()).isOne();
        RandomBipartite.match(metric, 0, 3, 10, 3, 0, 0, 1, map, new Scratch());
        assertThat(map.isIdentity()).isTrue();
        RandomBipartite.match(metric, 0, 3, 0, 3, 0, 5, 1, map, new Scratch());
        assertThat(map.outputs()).isZero();
        assertThatThrownBy(() -> RandomBipartite.match(metric, 0, 3, 10, 3, 0, -1, 1, map, new Scratch()))
                .hasMessageContaining("r = -1");
    }

    /** 24 permutations of four, each as often as the others. */
    @Test
    void everyPermutationComesUp() {
        Map<String, Integer> times = new TreeMap<>();
        for (long seed = 0; seed < 24_000; seed++) {
            times.merge(Arrays.toString(permutation(4, seed * 1000)), 1, Integer::sum);
        }
        assertThat(times).hasSize(24).allSatisfy((order, count) -> assertThat(count).isBetween(850, 1150));
        int[] shifted = new int[4];
        RandomBipartite.permute(shifted, 4, 7, 5);
        assertThat(shifted).isEqualTo(Arrays.stream(permutation(4, 5)).map(i -> i + 7).toArray());
    }

    /** In a model the prefix stays, sizes add up, and the average is the one that sizes weigh. */
    @Test
    void asReducersTheyKeepThePrefixAndTheSizes() {
        ModelShape model = new ModelShape(12, 8, 2, 2, 39);
        for (TokenReducer reducer : List.of(new KthBipartite(4, Stages.AT_QUARTERS),
                new RandomBipartite(Schedule.constant(30), 1))) {
            LayerTokens tokens = Images.random(model, 3, 41, 1);
            Images.randomSizes(tokens, 1);
            TokenMap map = Images.reduce(reducer, tokens);
            assertThat(map.outputs()).isEqualTo(2 + 9);
            float[] sizes = new float[map.outputs()];
            map.applySizes(tokens.sizes(), 0, sizes, 0);
            double[] weights = new double[map.outputs()];
            double before = 0;
            double after = 0;
            for (int i = 0; i < 41; i++) {
                if (map.target(i) != TokenMap.DROPPED) {
                    weights[map.target(i)] += map.weight(i);
                    before += tokens.sizes()[i];
                }
            }
            for (int m = 0; m < sizes.length; m++) {
                assertThat(weights[m]).isCloseTo(1, within(1e-6));
                after += sizes[m];
            }
            assertThat(after).isCloseTo(before, within(1e-3));
            assertThat(Images.targets(map)).startsWith(0, 1);
        }
    }

    @Test
    void blocksAndSeedsChooseOtherTokens() {
        ModelShape model = new ModelShape(12, 8, 2, 1, 40);
        RandomBipartite reducer = new RandomBipartite(Schedule.constant(20), 0);
        int[] here = Images.targets(Images.reduce(reducer, Images.random(model, 3, 41, 1)));
        assertThat(Images.targets(Images.reduce(reducer, Images.random(model, 3, 41, 1)))).isEqualTo(here);
        assertThat(Images.targets(Images.reduce(reducer, Images.random(model, 4, 41, 1)))).isNotEqualTo(here);
        assertThat(Images.targets(Images.reduce(new RandomBipartite(Schedule.constant(20), 1),
                Images.random(model, 3, 41, 1)))).isNotEqualTo(here);
    }

    @Test
    void zeroRowsGoToTheFirstAndNanIsDropped() {
        float[] metric = {0, 0, 1, 0, Float.NaN, 0, 0, 1};
        TokenMap map = new TokenMap();
        KthBipartite.match(metric, 0, 2, 4, 2, 0, 2, map, new Scratch());
        assertThat(Images.targets(map)).containsExactly(0, 0, TokenMap.DROPPED, 1);
    }
}
