package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionTest {

    private static final double RELATIVE = 1e-5;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    /** What a call wrote; arrays that it was not asked for are null. */
    private record Result(Guarded out, Guarded classRow, Guarded columns) {
    }

    private static Guarded row(int columns) {
        return Guarded.empty(1, columns, 3, 0);
    }

    /** Dirty, and with guards behind the length that the kernel asked for. */
    private static Guarded scratch(int length) {
        Guarded scratch = Guarded.empty(1, length, 0, 0);
        Arrays.fill(scratch.array(), 0, length, Float.NaN);
        return scratch;
    }

    /** Computes one head or, where {@code head} is -1, each in turn; the gathered rows are the last head's. */
    private static Result run(AttentionInput input, int queries, int head, boolean gather) {
        Guarded out = Guarded.empty(queries, input.heads() * input.headDim(), 4, 3);
        Guarded bias = input.bias() == null ? null : Guarded.of(input.bias(), 1, input.n(), 2, 0);
        Guarded classRow = gather ? row(input.n()) : null;
        Guarded columns = gather ? row(input.n()) : null;
        Guarded scratch = scratch(Attention.scratchLength(input.n(), input.headDim()));
        for (int h = Math.max(0, head); h < (head < 0 ? input.heads() : head + 1); h++) {
            call(input, bias, scratch).into(out.array(), out.offset(), out.stride())
                    .classRow(gather ? classRow.array() : null, gather ? classRow.offset() : 0)
                    .columnSum(gather ? columns.array() : null, gather ? columns.offset() : 0).head(h, queries);
        }
        for (Guarded guarded : new Guarded[] {out, classRow, columns, bias, scratch, input.qkv()}) {
            if (guarded != null) {
                guarded.assertGuardsUntouched(input::toString);
            }
        }
        return new Result(out, classRow, columns);
    }

    private static Attention call(AttentionInput input, Guarded bias, Guarded scratch) {
        Attention call = new Attention(input.heads(), input.headDim())
                .tokens(input.n(), input.qkv().array(), input.qkv().offset(), input.qkv().stride())
                .keyBias(bias == null ? null : bias.array(), bias == null ? 0 : bias.offset())
                .scratch(scratch.array(), 0);
        return input.pairBias() == null ? call
                : call.pairBias(input.pairBias(), 0, input.n() * input.n(), input.n());
    }

    private static Result runHeadMax(AttentionInput input, int prefix) {
        Guarded out = Guarded.empty(input.n(), input.heads() * input.headDim(), 4, 3);
        Guarded bias = input.bias() == null ? null : Guarded.of(input.bias(), 1, input.n(), 2, 0);
        Guarded columns = row(input.n());
        Guarded scratch = scratch(Attention.headMaxScratchLength(input.n(), input.heads(), input.headDim()));
        call(input, bias, scratch).into(out.array(), out.offset(), out.stride())
                .headMax(prefix, columns.array(), columns.offset());
        for (Guarded guarded : new Guarded[] {out, columns, scratch, input.qkv()}) {
            guarded.assertGuardsUntouched(input::toString);
        }
        return new Result(out, null, columns);
    }

    private static void assertClose(double got, double want, double tolerance, Supplier<String> what) {
        if (!(Math.abs(got - want) <= tolerance)) {
            throw new AssertionError(what.get() + ": " + got + ", exactly " + want + ", tolerance " + tolerance);
        }
    }

    private static void assertSameBits(Guarded got, Guarded want, Supplier<String> what) {
        for (int r = 0; r < want.rows(); r++) {
            for (int c = 0; c < want.columns(); c++) {
                if (Float.floatToIntBits(got.get(r, c)) != Float.floatToIntBits(want.get(r, c))) {
                    throw new AssertionError(what.get() + " [" + r + ", " + c + "]: " + got.get(r, c)
                            + ", expected the bits of "
                            + want.get(r, c));
                }
            }
        }
    }

    private static void check(AttentionInput input, int queries) {
        double largest = 0;
        for (float value : input.qkv().values()) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int head = 0; head < input.heads(); head++) {
            int h = head;
            Result got = run(input, queries, head, true);
            double[] columns = new double[input.n()];
            for (int i = 0; i < queries; i++) {
                int query = i;
                double[] row = input.exactRow(head, i);
                double[] result = input.exactResult(head, row);
                for (int c = 0; c < input.headDim(); c++) {
                    int channel = c;
                    assertClose(got.out.get(i, input.query(head, c)), result[c], RELATIVE * largest,
                            () -> input + " head " + h + " query " + query + " channel " + channel);
                }
                for (int j = 0; j < input.n(); j++) {
                    int key = j;
                    columns[j] += row[j];
                    if (i == 0) {
                        assertClose(got.classRow.get(0, j), row[j], RELATIVE,
                                () -> input + " head " + h + " class row, key " + key);
                    }
                }
            }
            double most = Math.max(1, Arrays.stream(columns).max().orElse(0));
            for (int j = 0; j < input.n(); j++) {
                int key = j;
                assertClose(got.columns.get(0, j), columns[j], RELATIVE * most,
                        () -> input + " head " + h + " column sum, key " + key);
            }
            assertOtherHeadsUntouched(got.out, input, head);
        }
    }

    private static void assertOtherHeadsUntouched(Guarded out, AttentionInput input, int head) {
        int untouched = Float.floatToRawIntBits(Guarded.empty(1, 1, 0, 0).get(0, 0));
        for (int i = 0; i < out.rows(); i++) {
            for (int c = 0; c < out.columns(); c++) {
                boolean written = Float.floatToRawIntBits(out.get(i, c)) != untouched;
                if (written != (c / input.headDim() == head)) {
                    throw new AssertionError(input + " head " + head + ": column " + c
                            + (written ? " was" : " was not") + " written");
                }
            }
        }
    }

    @Test
    void everyWidthOfAHeadMatchesTheFormula() {
        for (int headDim = 1; headDim <= 81; headDim += 2) {
            check(AttentionInput.random(1 + headDim % 13, 1 + headDim % 3, headDim, headDim % 4 == 1, headDim), 1);
            check(AttentionInput.random(23, 2, headDim, headDim % 4 == 3, headDim), 23);
        }
    }

    @Test
    void everyNumberOfTokensMatchesTheFormula() {
        for (int n : Awkward.sizes(101)) {
            check(AttentionInput.random(n, 2, 20, n % 2 == 0, n), n);
        }
    }

    @ParameterizedTest
    @CsvSource({"197, 3, 64", "198, 1, 16", "257, 1, 80", "577, 1, 32", "599, 1, 5", "600, 2, 7"})
    void manyTokensMatchTheFormula(int n, int heads, int headDim) {
        check(AttentionInput.random(n, heads, headDim, true, n), n);
    }

    @Test
    void nothingGivesNothing() {
        check(AttentionInput.random(0, 2, 8, true, 1), 0);
        check(AttentionInput.random(5, 2, 8, true, 1), 0);
        check(AttentionInput.random(5, 2, 0, true, 1), 5);
        check(AttentionInput.random(5, 2, 0, false, 1), 3);
        assertThat(runHeadMax(AttentionInput.random(0, 2, 8, false, 1), 0).columns.values()).isEmpty();
        assertThat(runHeadMax(AttentionInput.random(3, 0, 8, false, 1), 1).columns.values()).containsOnly(0f);
    }

    @Test
    void aQuerysBitsDoNotDependOnTheOtherQueries() {
        for (int n : new int[] {1, 5, 6, 7, 13, 48, 61}) {
            AttentionInput input = AttentionInput.random(n, 2, 13, true, n);
            Guarded all = run(input, n, -1, false).out;
            for (int queries = 0; queries <= n; queries++) {
                int count = queries;
                Result some = run(input, queries, -1, true);
                assertSameBits(some.out, new Guarded(all.array(), all.offset(), all.stride(), queries, all.columns()),
                        () -> input + ", " + count + " queries");
            }
        }
    }

    @Test
    void aHeadsBitsDoNotDependOnTheOtherHeads() {
        AttentionInput three = AttentionInput.random(37, 3, 20, true, 5);
        Result all = run(three, 37, -1, false);
        for (int head = 0; head < 3; head++) {
            AttentionInput one = AttentionInput.random(37, 1, 20, false, 6).withBias(three.bias());
            for (int i = 0; i < 37; i++) {
                for (int c = 0; c < 20; c++) {
                    one.qkv().set(i, one.query(0, c), three.qkv().get(i, three.query(head, c)));
                    one.qkv().set(i, one.key(0, c), three.qkv().get(i, three.key(head, c)));
                    one.qkv().set(i, one.value(0, c), three.qkv().get(i, three.value(head, c)));
                }
            }
            Guarded alone = run(one, 37, 0, false).out;
            int h = head;
            assertSameBits(alone, new Guarded(all.out.array(), all.out.offset() + head * 20, all.out.stride(), 37, 20),
                    () -> "head " + h);
        }
    }

    @Test
    void noBiasAndABiasOfZerosHaveTheSameBits() {
        for (int n : Awkward.sizes(101)) {
            AttentionInput input = AttentionInput.random(n, 2, 9, false, n);
            AttentionInput zeros = input.withBias(new float[n]);
            Result without = run(input, n, -1, true);
            Result with = run(zeros, n, -1, true);
            assertSameBits(with.out, without.out, input::toString);
            assertSameBits(with.columns, without.columns, input::toString);
            if (n > 0) {
                assertSameBits(with.classRow, without.classRow, input::toString);
            }
            assertSameBits(runHeadMax(zeros, n / 3).columns, runHeadMax(input, n / 3).columns, input::toString);
        }
    }

    @Test
    void gatheringChangesNoBits() {
        AttentionInput input = AttentionInput.random(53, 3, 17, true, 2);
        assertSameBits(run(input, 53, -1, true).out, run(input, 53, -1, false).out, input::toString);
    }

    @Test
    void theLogarithmOfASizeIsLikeRepeatingTheKey() {
        for (long seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int n = random.nextInt(1, 40);
            int headDim = random.nextInt(1, 33);
            int[] sizes = random.ints(n, 1, 6).toArray();
            float[] logs = new float[n];
            int[] source = new int[IntStream.of(sizes).sum()];
            for (int j = 0, at = 0; j < n; j++) {
                logs[j] = (float) Math.log(sizes[j]);
                Arrays.fill(source, at, at += sizes[j], j);
            }
            AttentionInput merged = AttentionInput.random(n, 1, headDim, false, seed).withBias(logs);
            AttentionInput repeated = AttentionInput.random(source.length, 1, headDim, false, 0);
            for (int i = 0; i < source.length; i++) {
                for (int c = 0; c < 3 * headDim; c++) {
                    repeated.qkv().set(i, c, merged.qkv().get(source[i], c));
                }
            }
            Result small = run(merged, n, 0, true);
            Result large = run(repeated, source.length, 0, true);
            double[] share = new double[n];
            for (int i = 0; i < source.length; i++) {
                share[source[i]] += large.classRow.get(0, i);
                for (int c = 0; c < headDim; c++) {
                    assertThat(small.out.get(source[i], c)).as("seed %d, token %d", seed, i)
                            .isCloseTo(large.out.get(i, c), Offset.offset(1.5f * 1e-5f));
                }
            }
            for (int j = 0; j < n; j++) {
                assertThat((double) small.classRow.get(0, j)).as("seed %d, share of %d", seed, j)
                        .isCloseTo(share[j], Offset.offset(1e-5));
            }
        }
    }

    @Test
    void aPairBiasMatchesTheFormulaForEveryNumberOfTokensAndQueries() {
        for (int n : Awkward.sizes(101)) {
            AttentionInput input = AttentionInput.random(n, 3, 12, n % 2 == 0, n).withPairBias(n);
            check(input, n);
            check(input, n / 2);
            if (n > 0) {
                assertSameBits(runHeadMax(input, 1).out, run(input, n, -1, false).out, input::toString);
            }
        }
        check(AttentionInput.random(257, 2, 16, true, 3).withPairBias(4), 257);
    }

    /** A row of -infinity gives 0, as with a key bias; NaN stays in its row. */
    @Test
    void aPairBiasMasksAndSpoilsItsOwnRowAlone() {
        AttentionInput input = AttentionInput.random(23, 2, 9, false, 3).withPairBias(5);
        for (int j = 0; j < 23; j++) {
            input.pairBias()[7 * 23 + j] = -INFINITY;
        }
        input.pairBias()[9 * 23 + 4] = Float.NaN;
        Guarded out = run(input, 23, -1, true).out;
        for (int i = 0; i < 23; i++) {
            for (int c = 0; c < 9; c++) {
                assertThat(out.get(i, c) == 0f).as("query %d", i).isEqualTo(i == 7);
                assertThat(Float.isNaN(out.get(i, c))).as("query %d", i).isEqualTo(i == 9);
            }
        }
    }

    @Test
    void allHeadsMayShareAPairBias() {
        AttentionInput input = AttentionInput.random(31, 2, 8, true, 4).withPairBias(6);
        float[] shared = Arrays.copyOf(input.pairBias(), 31 * 31);
        System.arraycopy(shared, 0, input.pairBias(), 31 * 31, 31 * 31);
        Guarded want = run(input, 31, -1, false).out;
        float[] out = new float[31 * 16];
        Attention call = input.call().pairBias(shared, 0, 0, 31).into(out, 0, 16)
                .scratch(new float[Attention.scratchLength(31, 8)], 0);
        call.head(0, 31);
        call.head(1, 31);
        assertThat(out).containsExactly(want.values());
    }

    @Test
    void aBiasOfMinusInfinityMasksItsKey() {
        for (int n : new int[] {1, 2, 7, 16, 17, 50, 101}) {
            AttentionInput input = AttentionInput.random(n, 2, 11, true, n);
            for (int j = 0; j < n; j += 3) {
                input.bias()[j] = -INFINITY;
            }
            if (n > 1) {
                check(input, n);
            }
            Result got = run(input, n, 1, true);
            Result max = runHeadMax(input, 0);
            for (int j = 0; j < n; j += 3) {
                assertThat(got.classRow.get(0, j)).as("%s key %d", input, j).isZero();
                assertThat(got.columns.get(0, j)).as("%s key %d", input, j).isZero();
                assertThat(max.columns.get(0, j)).as("%s key %d", input, j).isZero();
            }
        }
    }

    @Test
    void aQueryWhoseKeysAreAllMaskedGetsZero() {
        for (int n : new int[] {1, 5, 16, 17, 61}) {
            float[] bias = new float[n];
            Arrays.fill(bias, -INFINITY);
            AttentionInput input = AttentionInput.random(n, 2, 11, false, n).withBias(bias);
            Result got = run(input, n, -1, true);
            assertThat(got.out.values()).as("%s", input).containsOnly(0f);
            assertThat(got.classRow.values()).as("%s", input).containsOnly(0f);
            assertThat(got.columns.values()).as("%s", input).containsOnly(0f);
            assertThat(runHeadMax(input, 0).columns.values()).as("%s", input).containsOnly(0f);
        }
    }

    @Test
    void nanInAQueryMakesItsOwnRowNaN() {
        for (int n : new int[] {1, 6, 7, 20, 53}) {
            AttentionInput input = AttentionInput.random(n, 2, 9, true, n);
            int bad = n / 2;
            input.qkv().set(bad, input.query(1, 4), Float.NaN);
            Guarded out = run(input, n, -1, true).out;
            assertSameBits(runHeadMax(input, 0).out, out, input::toString);
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < 18; c++) {
                    assertThat(Float.isNaN(out.get(i, c))).as("%s [%d, %d]", input, i, c).isEqualTo(i == bad && c >= 9);
                }
            }
        }
    }

    @Test
    void nanInAKeyMakesTheHeadNaN() {
        for (int n : new int[] {1, 6, 7, 20, 53}) {
            AttentionInput input = AttentionInput.random(n, 2, 9, false, n);
            input.qkv().set(n - 1, input.key(0, 8), Float.NaN);
            Guarded out = run(input, n, -1, true).out;
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < 18; c++) {
                    assertThat(Float.isNaN(out.get(i, c))).as("%s [%d, %d]", input, i, c).isEqualTo(c < 9);
                }
            }
        }
    }

    @Test
    void nanInAValueMakesItsChannelNaN() {
        for (int n : new int[] {1, 6, 7, 20, 53}) {
            AttentionInput input = AttentionInput.random(n, 2, 9, false, n);
            input.qkv().set(n / 2, input.value(1, 3), Float.NaN);
            Result got = run(input, n, -1, true);
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < 18; c++) {
                    assertThat(Float.isNaN(got.out.get(i, c))).as("%s [%d, %d]", input, i, c).isEqualTo(c == 12);
                }
            }
            assertThat(got.columns.values()).as("%s", input).doesNotContain(Float.NaN);
        }
    }

    @Test
    void scoresFarFromZeroDoNotOverflow() {
        float[] bias = {1e30f, 1e30f, 0f, -1e30f, 1e30f};
        AttentionInput input = AttentionInput.random(5, 1, 3, false, 1).withBias(bias);
        for (int i = 0; i < 5; i++) {
            for (int c = 0; c < 3; c++) {
                input.qkv().set(i, input.query(0, c), 0f);
            }
        }
        assertThat(run(input, 1, 0, true).classRow.values()).usingComparatorWithPrecision(1e-6f)
                .containsExactly(1 / 3f, 1 / 3f, 0f, 0f, 1 / 3f);
    }

    @Test
    void headMaxMatchesTheFormulaAndItsOutputTheHeadsBits() {
        for (int n : Awkward.sizes(101)) {
            for (int prefix : new int[] {0, 1, 2, 7, n}) {
                if (prefix > n) {
                    continue;
                }
                AttentionInput input = AttentionInput.random(n, 1 + n % 4, 12, n % 2 == 0, 100L * n + prefix);
                Result got = runHeadMax(input, prefix);
                Result heads = run(input, n, -1, false);
                assertSameBits(got.out, heads.out, input::toString);
                double[] columns = new double[n];
                for (int i = prefix; i < n; i++) {
                    double[][] rows = new double[input.heads()][];
                    for (int h = 0; h < input.heads(); h++) {
                        rows[h] = input.exactRow(h, i);
                    }
                    for (int j = prefix; j < n; j++) {
                        int key = j;
                        columns[j] += Arrays.stream(rows).mapToDouble(row -> row[key]).max().orElse(0);
                    }
                }
                double most = Math.max(1, Arrays.stream(columns).max().orElse(0));
                for (int j = 0; j < n; j++) {
                    int key = j;
                    if (j < prefix) {
                        assertThat(got.columns.get(0, j)).isZero();
                    }
                    assertClose(got.columns.get(0, j), columns[j], RELATIVE * most,
                            () -> input + " prefix " + prefix + " key " + key);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"197, 3, 64, 1", "198, 12, 8, 2", "577, 2, 16, 1"})
    void headMaxOfManyTokens(int n, int heads, int headDim, int prefix) {
        AttentionInput input = AttentionInput.random(n, heads, headDim, true, n);
        Result got = runHeadMax(input, prefix);
        assertSameBits(got.out, run(input, n, -1, false).out, input::toString);
        double sum = 0;
        for (int j = 0; j < n; j++) {
            sum += got.columns.get(0, j);
        }
        assertThat(sum).as("the maximum over heads is at least each head's")
                .isBetween(0.5 * (n - prefix), (double) heads * n);
    }

    @Test
    void columnSumsOfAllQueriesAddUpToTheirNumber() {
        AttentionInput input = AttentionInput.random(197, 1, 32, true, 8);
        for (int queries : new int[] {1, 100, 197}) {
            double sum = 0;
            for (float value : run(input, queries, 0, true).columns.values()) {
                sum += value;
            }
            assertThat(sum).isCloseTo(queries, Offset.offset(1e-5 * queries));
        }
    }

    @Test
    void simdAndScalarAgree() {
        for (int n : Awkward.sizes(101)) {
            AttentionInput input = AttentionInput.random(n, 2, 15, true, n);
            float[][] outs = new float[4][n * 30];
            float[][] sums = new float[4][n];
            Attention.Implementation[] twins = {SimdAttention.KERNEL, ScalarAttention.KERNEL};
            for (int t = 0; t < 2; t++) {
                float[] scratch = new float[twins[t].scratchLength(n, 2, 15)];
                Attention call = input.call().scratch(scratch, 0);
                twins[t].head(call.into(outs[t], 0, 30).columnSum(sums[t], 0), 1, n);
                twins[t].headMax(call.into(outs[2 + t], 0, 30), 0, sums[2 + t], 0);
            }
            for (int pair = 0; pair < 4; pair += 2) {
                assertThat(outs[pair]).as("%s", input).usingComparatorWithPrecision(1.5e-5f)
                        .containsExactly(outs[pair + 1]);
                float tolerance = 1e-5f * Math.max(1, n);
                assertThat(sums[pair]).as("%s", input).usingComparatorWithPrecision(tolerance)
                        .containsExactly(sums[pair + 1]);
            }
        }
    }

    /**
     * A key's score is its bias where queries are zero, and its share comes out as a channel where values are unit
     * vectors.
     */
    @Test
    void theOfficialSoftmaxesMatch() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_softmax");
        int n = 37;
        float[] x = golden.floats("x");
        double[] want = golden.doubles("y64");
        for (int r = 0; r < 9; r++) {
            AttentionInput input = shares(n).withBias(Arrays.copyOfRange(x, r * n, (r + 1) * n));
            Result got = run(input, n, 0, true);
            for (int j = 0; j < n; j++) {
                assertThat((double) got.out.get(n - 1, j)).as("row %d key %d", r, j)
                        .isCloseTo(want[r * n + j], Offset.offset(5e-6));
                assertThat((double) got.classRow.get(0, j)).as("row %d key %d", r, j)
                        .isCloseTo(want[r * n + j], Offset.offset(5e-6));
            }
        }
    }

    @Test
    void theOfficialProportionalSoftmaxMatches() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_softmax");
        int n = 13;
        float[] x = golden.floats("logsize.x");
        float[] sizes = golden.floats("logsize.size");
        double[] want = golden.doubles("logsize.y64");
        for (int b = 0; b < 2; b++) {
            float[] logs = new float[n];
            for (int j = 0; j < n; j++) {
                logs[j] = (float) Math.log(sizes[b * n + j]);
            }
            AttentionInput input = shares(n).withBias(logs);
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < n; j++) {
                    input.qkv().set(i, input.query(0, j), x[(b * 5 + i) * n + j]);
                }
            }
            Guarded out = run(input, 5, 0, false).out;
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < n; j++) {
                    assertThat((double) out.get(i, j)).as("image %d query %d key %d", b, i, j)
                            .isCloseTo(want[(b * 5 + i) * n + j], Offset.offset(5e-6));
                }
            }
        }
    }

    /**
     * As many channels as tokens: queries 0, so that channel j of a query is the score of key j, and values unit
     * vectors.
     */
    private static AttentionInput shares(int n) {
        AttentionInput input = AttentionInput.random(n, 1, n, false, 1);
        for (int i = 0; i < n; i++) {
            for (int c = 0; c < n; c++) {
                input.qkv().set(i, input.query(0, c), 0f);
                input.qkv().set(i, input.key(0, c), i == c ? (float) Math.sqrt(n) : 0f);
                input.qkv().set(i, input.value(0, c), i == c ? 1f : 0f);
            }
        }
        return input;
    }

    @Test
    void anArgumentThatCannotBeIsNamed() {
        float[] qkv = new float[4 * 12];
        float[] out = new float[4 * 4];
        float[] scratch = new float[Attention.headMaxScratchLength(4, 2, 2)];
        assertRefused("n is -1, expected 0 or more",
                () -> head(-1, 0, 2, 0, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("heads is -2, expected 0 or more",
                () -> head(4, 4, -2, 0, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("headDim is -2, expected 0 or more",
                () -> head(4, 4, 2, 0, -2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("queries", () -> head(4, 5, 2, 0, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("queries", () -> head(4, -1, 2, 0, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("head ", () -> head(4, 4, 2, 2, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("head ", () -> head(4, 4, 2, -1, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("stride of qkv is 11", () -> head(4, 4, 2, 0, 2, qkv, 11, null, out, 4, null, null, scratch));
        assertRefused("qkv: ", () -> head(5, 4, 2, 0, 2, qkv, 12, null, out, 4, null, null, scratch));
        assertRefused("keyBias: ", () -> head(4, 4, 2, 0, 2, qkv, 12, new float[3], out, 4, null, null, scratch));
        assertRefused("stride of out is 3", () -> head(4, 4, 2, 0, 2, qkv, 12, null, out, 3, null, null, scratch));
        assertRefused("out: ", () -> head(4, 4, 2, 0, 2, qkv, 12, null, new float[15], 4, null, null, scratch));
        assertRefused("classRow: ", () -> head(4, 4, 2, 0, 2, qkv, 12, null, out, 4, new float[3], null, scratch));
        assertRefused("columnSum: ", () -> head(4, 4, 2, 0, 2, qkv, 12, null, out, 4, null, new float[3], scratch));
        assertRefused("scratch has 5 values",
                () -> head(4, 4, 2, 0, 2, qkv, 12, null, out, 4, null, null, new float[5]));
        assertRefused("pairBias: ", () -> new Attention(2, 2).tokens(4, qkv, 0, 12).into(out, 0, 4)
                .pairBias(new float[31], 0, 16, 4).scratch(scratch, 0).head(1, 4));
        assertRefused("stride of pairBias is 3", () -> new Attention(2, 2).tokens(4, qkv, 0, 12).into(out, 0, 4)
                .pairBias(new float[32], 0, 16, 3).scratch(scratch, 0).head(0, 4));
        assertRefused("prefix", () -> headMax(5, qkv, out, new float[4], scratch));
        assertRefused("prefix", () -> headMax(-1, qkv, out, new float[4], scratch));
        assertRefused("columns: ", () -> headMax(1, qkv, out, new float[3], scratch));
        assertRefused("columns", () -> headMax(1, qkv, out, null, scratch));
        assertRefused("scratch has 7 values", () -> headMax(1, qkv, out, new float[4], new float[7]));
    }

    private static void assertRefused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).hasMessageStartingWith(message)
                .isInstanceOfAny(IllegalArgumentException.class, IndexOutOfBoundsException.class,
                NullPointerException.class);
    }

    private static void head(int n, int queries, int heads, int head, int headDim, float[] qkv, int stride,
            float[] bias,
                             float[] out, int outStride, float[] classRow, float[] columnSum, float[] scratch) {
        new Attention(heads, headDim).tokens(n, qkv, 0, stride).keyBias(bias, 0).into(out, 0, outStride)
                .classRow(classRow, 0).columnSum(columnSum, 0).scratch(scratch, 0).head(head, queries);
    }

    private static void headMax(int prefix, float[] qkv, float[] out, float[] columns, float[] scratch) {
        new Attention(2, 2).tokens(4, qkv, 0, 12).into(out, 0, 4).scratch(scratch, 0).headMax(prefix, columns, 0);
    }
}
