package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** {@link ArgSort} against a stable sort: random scores with ties, and orders that break careless sorts. */
class ArgSortTest {

    private static final float INFINITY = Float.POSITIVE_INFINITY;

    /**
     * The neighbourhood of every k where the code takes another way: of three vectors (counting begins), and of 16 and
     * 40 vectors (sorting begins), for 4, 8 and 16 lanes.
     */
    private static int[] classesOfK(int n) {
        IntStream edges = IntStream.of(3, 16, 40)
                .flatMap(vectors -> IntStream.of(4, 8, 16).map(lanes -> vectors * lanes))
                .flatMap(edge -> IntStream.of(edge - 1, edge, edge + 1));
        return IntStream.concat(edges, IntStream.of(0, 1, 2, 24, 25, n / 3, n / 2, n - 1, n))
                .filter(k -> k >= 0 && k <= n).distinct().toArray();
    }

    private static List<ArgSort.Implementation> twins() {
        return SimdProbe.MODULE_PRESENT ? List.of(SimdArgSort.KERNEL, ScalarArgSort.KERNEL)
                : List.of(ScalarArgSort.KERNEL);
    }

    @Test
    void putsHigherScoresFirstAndThenLowerIndices() {
        SplittableRandom random = new SplittableRandom(5);
        for (int n : Awkward.sizes(577)) {
            for (int distinct : new int[] {1, 3, 1 << 20}) {
                float[] scores = new float[n];
                for (int i = 0; i < n; i++) {
                    scores[i] = special(random, distinct);
                }
                check(scores, n + " scores, " + distinct + " values");
            }
        }
    }

    @Test
    void breaksOnNoOrderOfScores() {
        for (int n : new int[] {48, 100, 641, 1370, 3000}) {
            adversaries(n).forEach((name, scores) -> check(scores, scores.length + " scores, " + name));
        }
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        for (String name : new String[] {"argsort", "argsort2"}) {
            float[] x = golden.floats(name + ".x");
            int[] got = new int[x.length];
            ArgSort.descending(x, 0, x.length, got, 0, new long[x.length]);
            assertThat(got).as(name).isEqualTo(golden.ints(name + ".order"));
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] scores = new float[10];
        assertThatThrownBy(() -> ArgSort.topK(scores, 0, 10, 11, new int[11], 0, new long[10]))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("k is 11");
        assertThatThrownBy(() -> ArgSort.topK(scores, 0, 10, -1, new int[11], 0, new long[10]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ArgSort.topK(scores, 1, 10, 5, new int[5], 0, new long[10]))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("scores:");
        assertThatThrownBy(() -> ArgSort.topK(scores, 0, 10, 5, new int[5], 1, new long[10]))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("order:");
        assertThatThrownBy(() -> ArgSort.descending(scores, 0, 10, new int[10], 0, new long[9]))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("scratch:");
    }

    /** The whole order, and its first k for every class of k, by the public kernel and by both twins. */
    private static void check(float[] values, String what) {
        int n = values.length;
        Guarded scores = Guarded.of(values, 1, n, 3, 0);
        int[] want = order(values);
        int[] got = new int[n + 3];
        Arrays.fill(got, -7);
        ArgSort.descending(scores.array(), 3, n, got, 2, new long[n]);
        assertThat(Arrays.copyOfRange(got, 2, n + 2)).as(what).isEqualTo(want);
        assertThat(new int[] {got[0], got[1], got[n + 2]}).as("around the result").containsOnly(-7);
        for (int k : classesOfK(n)) {
            int[] top = new int[k + 1];
            top[k] = -7;
            ArgSort.topK(scores.array(), 3, n, k, top, 0, new long[n]);
            assertFirst(top, want, k, what);
            for (ArgSort.Implementation twin : twins()) {
                twin.topK(scores.array(), 3, n, k, top, 0, new long[n]);
                assertFirst(top, want, k, twin + ", " + what);
            }
        }
        scores.assertGuardsUntouched(() -> what);
    }

    private static void assertFirst(int[] top, int[] want, int k, String what) {
        if (Arrays.mismatch(top, 0, k, want, 0, k) >= 0 || top[k] != -7) {
            assertThat(Arrays.copyOf(top, k)).as("first %d of %s", k, what).isEqualTo(Arrays.copyOf(want, k));
            assertThat(top[k]).as("beyond the first %d of %s", k, what).isEqualTo(-7);
        }
    }

    private static Map<String, float[]> adversaries(int n) {
        SplittableRandom random = new SplittableRandom(n);
        Map<String, IntFunction<Float>> scores = new LinkedHashMap<>();
        scores.put("ascending", i -> (float) i);
        scores.put("descending", i -> (float) -i);
        scores.put("all equal", i -> 0.25f);
        scores.put("all NaN", i -> Float.NaN);
        scores.put("all -infinity", i -> -INFINITY);
        scores.put("all +infinity", i -> INFINITY);
        scores.put("zeros of both signs", i -> i % 3 == 0 ? -0f : 0f);
        scores.put("zeros among the smallest numbers", i -> (i * 7 % 5 - 2) * Float.MIN_VALUE * (i % 2 == 0 ? 1 : -1));
        scores.put("NaN and -infinity in turn", i -> i % 2 == 0 ? Float.NaN : -INFINITY);
        scores.put("one number among NaN", i -> i == n / 2 ? 1f : Float.NaN);
        scores.put("two values", i -> (float) (i * 7 % 2));
        scores.put("up and down", i -> (float) Math.min(i, n - i));
        scores.put("down and up", i -> (float) Math.max(i, n - i));
        scores.put("saw", i -> (float) (i % 17));
        scores.put("interleaved halves", i -> i % 2 == 0 ? i / 2f : n - i / 2f);
        scores.put("ascending, last one low", i -> i == n - 1 ? -1f : i);
        scores.put("neighbouring floats", i -> Float.intBitsToFloat(0x3f80_0000 + i * 31 % n));
        scores.put("every magnitude", i -> (i % 2 == 0 ? 1 : -1) * Math.scalb(1f, i % 277 - 149));
        scores.put("random", i -> (float) random.nextDouble(-1, 1));
        scores.put("strange", i -> special(random, 50));
        Map<String, float[]> adversaries = new LinkedHashMap<>();
        scores.forEach((name, score) -> {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = score.apply(i);
            }
            adversaries.put(name, values);
        });
        adversaries.put("worst for a median of three", medianOfThreeKiller(n));
        return adversaries;
    }

    /**
     * Musser's permutation (1997), on which quicksort with the median of first, middle and last takes n^2 / 4 steps.
     */
    private static float[] medianOfThreeKiller(int n) {
        float[] values = new float[n];
        int half = n / 2;
        for (int i = 0; i < half; i++) {
            values[i] = i % 2 == 0 ? i + 1 : half + i + (half % 2 == 0 ? 0 : 1);
            values[half + i] = 2 * (i + 1);
        }
        for (int i = 0; i < n; i++) {
            // Higher scores come first here.
            values[i] = -values[i];
        }
        return values;
    }

    private static float special(SplittableRandom random, int distinct) {
        return switch (random.nextInt(20)) {
            case 0 -> Float.NEGATIVE_INFINITY;
            case 1 -> Float.POSITIVE_INFINITY;
            case 2 -> Float.NaN;
            case 3 -> -0f;
            case 4 -> 0f;
            default -> (random.nextInt(distinct) - distinct / 2) / (float) distinct;
        };
    }

    /** Score down, then index up; NaN as -infinity; zeros of both signs equal. */
    private static int[] order(float[] scores) {
        return IntStream.range(0, scores.length).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> {
                    float score = scores[i];
                    return Float.isNaN(score) ? Double.POSITIVE_INFINITY : score == 0 ? 0.0 : -(double) score;
                }).thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue).toArray();
    }
}
