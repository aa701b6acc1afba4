package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** ToMe's stand-alone variants, k-th and random bipartite matching. */
class NearestMergeTest {

    @Test
    void kthMatchesTheOriginal() {
        GoldenFile golden = GoldenFile.open("standalone/tome_merge");
        TokenMap map = new TokenMap();
        KthBipartite.match(golden.floats("k.metric"), 0, 7, 17, 7, 3, map, new Scratch());
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
        KthBipartite.match(metric, 0, 3, 10, 3, 1, map, new Scratch());
        assertThat(map.isIdentity()).isTrue();
        KthBipartite.match(metric, 0, 3, 10, 3, 10, map, new Scratch());
        assertThat(map.outputs()).isOne();
        assertThat(map.contributors(0)).isEqualTo(10);
        for (int k : new int[] {0, -1, 11}) {
            assertThatThrownBy(() -> KthBipartite.match(metric, 0, 3, 10, 3, k, map, new Scratch()))
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
            RandomBipartite.match(metric, 0, width, n, width, r, new Random(seed), map, new Scratch());
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
        Random random = new Random(seed);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
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
        RandomBipartite.match(metric, 0, 3, 10, 3, 99, new Random(1), map, new Scratch());
        assertThat(map.outputs()).isOne();
        RandomBipartite.match(metric, 0, 3, 10, 3, 0, new Random(1), map, new Scratch());
        assertThat(map.isIdentity()).isTrue();
        RandomBipartite.match(metric, 0, 3, 0, 3, 5, new Random(1), map, new Scratch());
        assertThat(map.outputs()).isZero();
        assertThatThrownBy(() -> RandomBipartite.match(metric, 0, 3, 10, 3, -1, new Random(1), map, new Scratch()))
                .hasMessageContaining("r = -1");
    }

    @Test
    void zeroRowsGoToTheFirstAndNanIsDropped() {
        float[] metric = {0, 0, 1, 0, Float.NaN, 0, 0, 1};
        TokenMap map = new TokenMap();
        KthBipartite.match(metric, 0, 2, 4, 2, 2, map, new Scratch());
        assertThat(Images.targets(map)).containsExactly(0, 0, TokenMap.DROPPED, 1);
    }
}
