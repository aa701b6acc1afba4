package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BipartiteMatchingTest {

    private static final float NONE = Float.NEGATIVE_INFINITY;
    private static final int UNTOUCHED = -77;

    private record Match(float[] best, int[] partner) {
    }

    private static Match alternating(Guarded metric, int prefix) {
        int sources = metric.rows() - metric.rows() / 2;
        Guarded best = Guarded.empty(1, sources, 0, 0);
        int[] partner = new int[sources + 2];
        Arrays.fill(partner, UNTOUCHED);
        Guarded scratch = dirty(BipartiteMatching.alternatingScratch(metric.rows(), metric.columns()));
        BipartiteMatching.alternating(metric.array(), metric.offset(), metric.stride(), metric.rows(), metric.columns(),
                prefix, best.array(), partner, scratch.array());
        return result(metric, best, partner, scratch);
    }

    private static Match nearest(Guarded x, int[] sources, int[] destinations, float epsilon) {
        Guarded best = Guarded.empty(1, sources.length, 0, 0);
        int[] partner = new int[sources.length + 2];
        Arrays.fill(partner, UNTOUCHED);
        Guarded scratch = dirty(BipartiteMatching.nearestScratch(sources.length, destinations.length, x.columns()));
        int[] lists = new int[2 + sources.length + destinations.length + 1];
        Arrays.fill(lists, Integer.MIN_VALUE);
        System.arraycopy(sources, 0, lists, 2, sources.length);
        System.arraycopy(destinations, 0, lists, 2 + sources.length, destinations.length);
        BipartiteMatching.nearest(x.array(), x.offset(), x.stride(), x.columns(), lists, 2, sources.length, lists,
                2 + sources.length, destinations.length, epsilon, best.array(), partner, scratch.array());
        return result(x, best, partner, scratch);
    }

    private static Guarded dirty(int length) {
        Guarded scratch = Guarded.empty(1, length, 0, 0);
        Arrays.fill(scratch.array(), 0, length, Float.NaN);
        return scratch;
    }

    private static Match result(Guarded x, Guarded best, int[] partner, Guarded scratch) {
        x.assertGuardsUntouched(() -> "the rows");
        best.assertGuardsUntouched(() -> "best");
        scratch.assertGuardsUntouched(() -> "scratch");
        assertThat(Arrays.copyOfRange(partner, best.columns(), partner.length)).containsOnly(UNTOUCHED);
        return new Match(best.values(), Arrays.copyOf(partner, best.columns()));
    }

    private static Guarded random(int rows, int width, long seed) {
        return Guarded.of(Awkward.values(new SplittableRandom(seed), rows * width, 2f), rows, width, 5, 3);
    }

    private static int[] every(int first, int step, int end) {
        return IntStream.iterate(first, i -> i < end, i -> i + step).toArray();
    }

    private static double cosine(Guarded x, int a, int b, double epsilon) {
        double product = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < x.columns(); c++) {
            product += (double) x.get(a, c) * x.get(b, c);
            aa += (double) x.get(a, c) * x.get(a, c);
            bb += (double) x.get(b, c) * x.get(b, c);
        }
        double norms = (Math.sqrt(aa) + epsilon) * (Math.sqrt(bb) + epsilon);
        return norms == 0 ? 0 : product / norms;
    }

    /** Checks scores against the formula, and partners wherever the runner-up is farther than rounding. */
    private static void check(Match got, Guarded x, int[] sources, int[] destinations, int firstAllowed, double epsilon,
                              String what) {
        double tolerance = (x.columns() + 8) * 0x1p-23;
        for (int i = 0; i < sources.length; i++) {
            double best = Double.NEGATIVE_INFINITY;
            double second = Double.NEGATIVE_INFINITY;
            int partner = -1;
            for (int j = firstAllowed; j < destinations.length; j++) {
                double cosine = cosine(x, sources[i], destinations[j], epsilon);
                if (cosine > best) {
                    second = best;
                    best = cosine;
                    partner = j;
                } else if (cosine > second) {
                    second = cosine;
                }
            }
            if (partner < 0) {
                assertThat(got.best[i]).as("%s source %d", what, i).isEqualTo(NONE);
                assertThat(got.partner[i]).as("%s source %d", what, i).isEqualTo(-1);
                continue;
            }
            assertThat((double) got.best[i]).as("%s source %d", what, i).isCloseTo(best, Offset.offset(tolerance));
            assertThat(got.partner[i]).as("%s source %d", what, i).isBetween(firstAllowed, destinations.length - 1);
            if (best - second > 2 * tolerance) {
                assertThat(got.partner[i]).as("%s source %d", what, i).isEqualTo(partner);
            }
        }
    }

    @Test
    void everySourceFindsItsMostSimilarDestination() {
        for (int n : Awkward.sizes(197)) {
            for (int width : new int[] {1, 2, 7, 16, 20, 33}) {
                Guarded x = random(n, width, 50L * n + width);
                check(alternating(x, 0), x, every(0, 2, n), every(1, 2, n), 0, 0, n + " rows of " + width);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"197, 64", "577, 20", "577, 1", "198, 64", "1025, 16"})
    void manyRowsDo(int n, int width) {
        Guarded x = random(n, width, n + width);
        check(alternating(x, 0), x, every(0, 2, n), every(1, 2, n), 0, 0, n + " rows of " + width);
    }

    @Test
    void noneOneAndTwoRows() {
        assertThat(alternating(random(0, 5, 1), 0).best).isEmpty();
        Match one = alternating(random(1, 5, 1), 0);
        assertThat(one.best).containsExactly(NONE);
        assertThat(one.partner).containsExactly(-1);
        Match two = alternating(Guarded.dense(new float[] {1, 0, 1, 1}, 2, 2), 0);
        assertThat(two.best[0]).isCloseTo((float) Math.sqrt(0.5), Offset.offset(1e-6f));
        assertThat(two.partner).containsExactly(0);
        assertThat(alternating(random(3, 0, 1), 0)).satisfies(match -> {
            assertThat(match.best).containsExactly(0f, 0f);
            assertThat(match.partner).containsExactly(0, 0);
        });
    }

    @Test
    void theProtectedPrefixIsNeitherMergedNorMergedInto() {
        for (int n : new int[] {1, 2, 3, 4, 5, 17, 34, 37, 98}) {
            Guarded x = random(n, 9, n);
            Match free = alternating(x, 0);
            for (int prefix = 0; prefix <= Math.min(n + 2, 40); prefix++) {
                Match got = alternating(x, prefix);
                int[] sources = every(0, 2, n);
                int blocked = Math.min(prefix / 2, n / 2);
                for (int i = 0; i < sources.length; i++) {
                    if (2 * i < prefix) {
                        assertThat(got.best[i]).as("%d rows, prefix %d, source %d", n, prefix, i).isEqualTo(NONE);
                    } else if (prefix < 2) {
                        assertThat(got.best[i]).isEqualTo(free.best[i]);
                        assertThat(got.partner[i]).isEqualTo(free.partner[i]);
                    }
                }
                int from = (prefix + 1) / 2;
                if (from < sources.length) {
                    Match rest = new Match(Arrays.copyOfRange(got.best, from, sources.length),
                            Arrays.copyOfRange(got.partner, from, sources.length));
                    check(rest, x, Arrays.copyOfRange(sources, from, sources.length), every(1, 2, n), blocked, 0,
                            n + " rows, prefix " + prefix);
                }
            }
        }
    }

    @Test
    void equalDestinationsTieToTheLowest() {
        SplittableRandom random = new SplittableRandom(3);
        for (int trial = 0; trial < 300; trial++) {
            int n = random.nextInt(4, 260);
            int width = random.nextInt(1, 30);
            Guarded x = random(n, width, trial);
            int lowest = random.nextInt(0, n / 2);
            int source = random.nextInt(0, n - n / 2);
            // Every third destination from the lowest on is the source itself: nothing exceeds that cosine.
            for (int j = lowest; j < n / 2; j += 3) {
                for (int c = 0; c < width; c++) {
                    x.set(2 * j + 1, c, x.get(2 * source, c));
                }
            }
            if (width > 1) {
                assertThat(alternating(x, 0).partner[source]).as("trial %d", trial).isEqualTo(lowest);
            }
        }
    }

    @Test
    void whereAllDestinationsAreEqualTheFirstAllowedIsThePartner() {
        for (int n : Awkward.sizes(197)) {
            Guarded x = random(n, 6, n);
            for (int i = 3; i < n; i += 2) {
                for (int c = 0; c < 6; c++) {
                    x.set(i, c, x.get(1, c));
                }
            }
            for (int prefix : new int[] {0, 1, 2, 4}) {
                if (n >= prefix + 2) {
                    assertThat(alternating(x, prefix).partner).as("%d rows, prefix %d", n, prefix)
                            .containsOnly(prefix / 2);
                }
            }
        }
    }

    @Test
    void aZeroRowHasCosineZero() {
        float[] rows = {0, 0, /**/ -1, 0, /**/ 1, 0, /**/ 0, 0, /**/ -1, 0, /**/ -2, 0};
        Match got = alternating(Guarded.dense(rows, 6, 2), 0);
        assertThat(got.best[0]).isZero();
        assertThat(got.best[1]).isZero();
        assertThat(got.best[2]).isEqualTo(1);
        assertThat(got.partner).containsExactly(0, 1, 0);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aRowThatIsNotFiniteNeverWins(float bad) {
        for (int n : new int[] {4, 7, 33, 40, 97}) {
            Guarded x = random(n, 5, n);
            x.set(0, 3, bad);
            for (int i = 1; i < n; i += 4) {
                x.set(i, 2, bad);
            }
            Match got = alternating(x, 0);
            assertThat(got.best[0]).isEqualTo(NONE);
            assertThat(got.partner[0]).isZero();
            for (int i = 1; i < got.best.length; i++) {
                assertThat(got.best[i]).as("source %d of %d rows", i, n).isFinite();
                assertThat(got.partner[i] % 2).as("source %d of %d rows", i, n).isEqualTo(1);
            }
        }
    }

    @Test
    void withoutAComparableDestinationTheFirstAllowedIsThePartner() {
        for (int n : new int[] {4, 7, 33, 40, 97}) {
            Guarded x = random(n, 5, n);
            for (int i = 1; i < n; i += 2) {
                x.set(i, i % 5, Float.NaN);
            }
            for (int prefix : new int[] {0, 1, 2}) {
                Match got = alternating(x, prefix);
                assertThat(got.best).as("%d rows", n).containsOnly(NONE);
                assertThat(got.partner).as("%d rows", n).containsOnly(prefix / 2);
            }
        }
    }

    @Test
    void listedRowsMatchInAnyOrderAndMayRepeat() {
        SplittableRandom random = new SplittableRandom(9);
        for (int trial = 0; trial < 200; trial++) {
            int rows = random.nextInt(1, 120);
            int width = random.nextInt(1, 40);
            Guarded x = random(rows, width, trial);
            int[] sources = random.ints(random.nextInt(0, 60), 0, rows).toArray();
            int[] destinations = random.ints(random.nextInt(0, 90), 0, rows).toArray();
            float epsilon = trial % 2 == 0 ? 0f : 1e-6f;
            Match got = nearest(x, sources, destinations, epsilon);
            check(got, x, sources, destinations, 0, epsilon, "trial " + trial);
            for (int i = 0; i < sources.length; i++) {
                int first = got.partner[i];
                for (int j = 0; j < first; j++) {
                    assertThat(destinations[j]).as("trial %d: of one row listed twice the first counts", trial)
                            .isNotEqualTo(destinations[first]);
                }
            }
        }
    }

    /** Each row's nearest other row, by both twins: that of a list without the row itself. */
    @Test
    void anExcludedDestinationIsNobodysPartner() {
        for (int n : new int[] {1, 2, 3, 17, 40, 97, 260}) {
            Guarded x = random(n, 20, n);
            int[] all = every(0, 1, n);
            List<BipartiteMatching.Implementation> twins = new ArrayList<>(List.of(ScalarBipartiteMatching.KERNEL));
            if (SimdProbe.MODULE_PRESENT) {
                twins.add(SimdBipartiteMatching.KERNEL);
            }
            float[] best = new float[n];
            int[] partner = new int[n];
            for (BipartiteMatching.Implementation twin : twins) {
                twin.match(x.array(), x.offset(), x.stride(), all, 0, n, x.offset(), x.stride(), all, 0, n, 0, all, 20,
                        1e-6f, best, partner, new float[twin.scratchLength(n, 20)]);
                for (int i = 0; i < n; i++) {
                    int self = i;
                    int[] others = IntStream.range(0, n).filter(j -> j != self).toArray();
                    int[] where = {partner[i] > i ? partner[i] - 1 : partner[i]};
                    check(new Match(new float[] {best[i]}, n == 1 ? new int[] {-1} : where), x, new int[] {i}, others,
                            0, 1e-6, twin + ", row " + i + " of " + n);
                    assertThat(n > 1 && partner[i] == i).as("row %d of %d is its own partner", i, n).isFalse();
                }
            }
            int[] none = new int[n];
            Arrays.fill(none, -1);
            float[] free = new float[n];
            float[] scratch = new float[BipartiteMatching.nearestScratch(n, n, 20)];
            BipartiteMatching.nearestOther(x.array(), x.offset(), x.stride(), 20, all, 0, n, all, 0, n, none, 1e-6f,
                    free, partner, scratch);
            assertThat(free).containsExactly(nearest(x, all, all, 1e-6f).best);
            none[n - 1] = n;
            assertThatThrownBy(() -> BipartiteMatching.nearestOther(x.array(), x.offset(), x.stride(), 20, all, 0, n,
                    all, 0, n, none, 1e-6f, free, partner, scratch)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("excluded[" + (n - 1) + "]");
        }
    }

    @Test
    void listingEvenAndOddRowsIsTheAlternatingSplitBitForBit() {
        for (int n : Awkward.sizes(197)) {
            Guarded x = random(n, 20, n);
            Match listed = nearest(x, every(0, 2, n), every(1, 2, n), 0f);
            Match split = alternating(x, 0);
            assertThat(listed.best).as("%d rows", n).containsExactly(split.best);
            assertThat(listed.partner).as("%d rows", n).containsExactly(split.partner);
        }
    }

    @Test
    void aSourcesBitsDoNotDependOnTheOtherSources() {
        Guarded x = random(97, 20, 4);
        int[] destinations = every(1, 2, 97);
        int[] sources = every(0, 2, 97);
        Match all = nearest(x, sources, destinations, 0f);
        for (int i = 0; i < sources.length; i++) {
            Match one = nearest(x, new int[] {sources[i]}, destinations, 0f);
            assertThat(one.best[0]).as("source %d", i).isEqualTo(all.best[i]);
            assertThat(one.partner[0]).as("source %d", i).isEqualTo(all.partner[i]);
        }
    }

    @Test
    void epsilonShortensSmallRows() {
        Guarded x = Guarded.dense(new float[] {3e-6f, 0, 1e-6f, 0}, 2, 2);
        assertThat(nearest(x, new int[] {0}, new int[] {1}, 1e-6f).best[0]).isCloseTo(0.375f, Offset.offset(1e-6f));
        assertThat(nearest(x, new int[] {0}, new int[] {1}, 0f).best[0]).isCloseTo(1f, Offset.offset(1e-6f));
    }

    @ParameterizedTest
    @ValueSource(ints = {-120, -100, -64, -40, 0, 40, 63, 64, 100, 118})
    void rowsOfAnySizeMatch(int exponent) {
        for (int width : new int[] {3, 20, 64}) {
            Guarded x = random(41, width, width);
            for (int i = 0; i < 41; i += 3) {
                for (int c = 0; c < width; c++) {
                    x.set(i, c, Math.scalb(x.get(i, c), exponent));
                }
            }
            check(alternating(x, 0), x, every(0, 2, 41), every(1, 2, 41), 0, 0, "2^" + exponent);
        }
    }

    @Test
    void simdAndScalarAgree() {
        for (int n : Awkward.sizes(197)) {
            Guarded x = random(n, 20, n);
            int sources = n - n / 2;
            float[][] best = new float[2][sources];
            int[][] partner = new int[2][sources];
            float[] simd = new float[SimdBipartiteMatching.KERNEL.scratchLength(n / 2, 20)];
            float[] scalar = new float[ScalarBipartiteMatching.KERNEL.scratchLength(n / 2, 20)];
            int stride = 2 * x.stride();
            SimdBipartiteMatching.KERNEL.match(x.array(), x.offset(), stride, null, 0, sources,
                    x.offset() + x.stride(), stride, null, 0, n / 2, 1, null, 20, 0f, best[0], partner[0], simd);
            ScalarBipartiteMatching.KERNEL.match(x.array(), x.offset(), stride, null, 0, sources,
                    x.offset() + x.stride(), stride, null, 0, n / 2, 1, null, 20, 0f, best[1], partner[1],
                    scalar);
            for (float[] scores : best) {
                check(new Match(scores, partner[scores == best[0] ? 0 : 1]), x, every(0, 2, n), every(1, 2, n), 1, 0,
                        n + " rows");
            }
        }
    }

    /** A row of scores becomes the cosines of a source (1, 0) with destinations (score / 8, the rest of length 1). */
    @Test
    void theOfficialArgmaxesTieToTheFirst() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        float[] scores = golden.floats("argmax.x");
        int[] want = golden.ints("argmax.idx");
        for (int r = 0; r < 4; r++) {
            float[] rows = new float[5 * 2];
            rows[0] = 1;
            for (int j = 0; j < 4; j++) {
                float score = scores[r * 4 + j] / 8;
                rows[2 + 2 * j] = score == NONE ? Float.NaN : score;
                rows[3 + 2 * j] = (float) Math.sqrt(1 - score * score);
            }
            Match got = nearest(Guarded.dense(rows, 5, 2), new int[] {0}, new int[] {1, 2, 3, 4}, 0f);
            assertThat(got.partner[0]).as("row %d", r).isEqualTo(want[r]);
        }
    }

    @ParameterizedTest
    @CsvSource({"e, 1", "o, 1", "c, 1", "d, 2", "n, 0"})
    void theOfficialMatchingsOfToMeMatch(String name, int prefix) {
        GoldenFile golden = GoldenFile.open("standalone/tome_merge");
        int[] shape = golden.shape(name + ".metric");
        int r = golden.shape(name + ".src_idx")[1];
        int sources = golden.shape(name + ".node_max")[1];
        for (int image = 0; image < shape[0]; image++) {
            int each = shape[1] * shape[2];
            float[] metric = Arrays.copyOfRange(golden.floats(name + ".metric"), image * each, (image + 1) * each);
            Match got = alternating(Guarded.of(metric, shape[1], shape[2], 2, 1), prefix);
            for (int i = 0; i < sources; i++) {
                double want = golden.doubles(name + ".node_max")[image * sources + i];
                if (want == Double.NEGATIVE_INFINITY) {
                    assertThat(got.best[i]).as("%s source %d", name, i).isEqualTo(NONE);
                } else {
                    assertThat((double) got.best[i]).as("%s source %d", name, i).isCloseTo(want, Offset.offset(5e-6));
                }
            }
            for (int i = 0; i < r; i++) {
                int source = golden.ints(name + ".src_idx")[image * r + i];
                assertThat(got.partner[source]).as("%s source %d", name, source)
                        .isEqualTo(golden.ints(name + ".dst_idx")[image * r + i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"s0", "s1", "s2", "s3", "s4", "s5", "tie"})
    void theOfficialHostsOfTpsMatch(String name) {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        int[] reserved = golden.shape(name + ".reserved");
        int pruned = golden.shape(name + ".pruned")[1];
        int width = reserved[2];
        for (int image = 0; image < reserved[0]; image++) {
            float[] rows = new float[(reserved[1] + pruned) * width];
            System.arraycopy(golden.floats(name + ".reserved"), image * reserved[1] * width, rows, 0,
                    reserved[1] * width);
            System.arraycopy(golden.floats(name + ".pruned"), image * pruned * width, rows, reserved[1] * width,
                    pruned * width);
            Match got = nearest(Guarded.of(rows, reserved[1] + pruned, width, 1, 1),
                    IntStream.range(reserved[1], reserved[1] + pruned).toArray(),
                    IntStream.range(0, reserved[1]).toArray(), 1e-6f);
            assertThat(got.partner).as("%s image %d", name, image)
                    .containsExactly(
                            Arrays.copyOfRange(golden.ints(name + ".host"), image * pruned, (image + 1) * pruned));
        }
    }

    @Test
    void anArgumentThatCannotBeIsNamed() {
        float[] x = new float[12];
        float[] best = new float[2];
        int[] partner = new int[2];
        float[] scratch = new float[BipartiteMatching.alternatingScratch(4, 3)];
        assertRefused("rows of metric is -1", () -> alternating(x, 3, -1, 3, 0, best, partner, scratch));
        assertRefused("columns of metric is -3", () -> alternating(x, 3, 4, -3, 0, best, partner, scratch));
        assertRefused("stride of metric is 2", () -> alternating(x, 2, 4, 3, 0, best, partner, scratch));
        assertRefused("metric: ", () -> alternating(x, 3, 5, 3, 0, best, partner, scratch));
        assertRefused("protectedPrefix is -1", () -> alternating(x, 3, 4, 3, -1, best, partner, scratch));
        assertRefused("best has 1 values", () -> alternating(x, 3, 4, 3, 0, new float[1], partner, scratch));
        assertRefused("partner has 1 values", () -> alternating(x, 3, 4, 3, 0, best, new int[1], scratch));
        assertRefused("scratch has 1 values", () -> alternating(x, 3, 4, 3, 0, best, partner, new float[1]));
        int[] rows = {0, 3};
        assertRefused("count of sources is -1", () -> nearest(x, rows, -1, rows, 2, best, partner, scratch));
        assertRefused("sources: 3 values", () -> nearest(x, rows, 3, rows, 2, best, partner, scratch));
        assertRefused("destinations: 3 values", () -> nearest(x, rows, 2, rows, 3, best, partner, scratch));
        assertRefused("sources: row 4", () -> nearest(x, new int[] {0, 4}, 2, rows, 2, best, partner, scratch));
        assertRefused("destinations: row -1", () -> nearest(x, rows, 2, new int[] {0, -1}, 2, best, partner, scratch));
        assertRefused("best has 1 values", () -> nearest(x, rows, 2, rows, 2, new float[1], partner, scratch));
        assertRefused("partner has 0 values", () -> nearest(x, rows, 2, rows, 2, best, new int[0], scratch));
        assertRefused("scratch has 2 values", () -> nearest(x, rows, 2, rows, 2, best, partner, new float[2]));
    }

    private static void alternating(float[] x, int stride, int n, int width, int prefix, float[] best, int[] partner,
                                    float[] scratch) {
        BipartiteMatching.alternating(x, 0, stride, n, width, prefix, best, partner, scratch);
    }

    private static void nearest(float[] x, int[] sources, int nSources, int[] destinations, int nDestinations,
                                float[] best, int[] partner, float[] scratch) {
        BipartiteMatching.nearest(x, 0, 3, 3, sources, 0, nSources, destinations, 0, nDestinations,
                0f, best, partner, scratch);
    }

    private static void assertRefused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).hasMessageStartingWith(message)
                .isInstanceOfAny(IllegalArgumentException.class, IndexOutOfBoundsException.class);
    }
}
