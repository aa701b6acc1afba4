package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GemmTest {

    private static final double EPSILON = 0x1p-24;

    /** One product: A, B, a bias or null, and what C holds before. */
    private record Product(int m, int n, int k, float[] a, float[] b, float[] bias, float[] before) {

        static Product random(int m, int n, int k, boolean bias, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            return new Product(m, n, k, Awkward.values(random, m * k, 1f), Awkward.values(random, k * n, 1f),
                    bias ? Awkward.values(random, n, 1f) : null, Awkward.values(random, m * n, 1f));
        }

        PackedMatrix packed() {
            return PackedMatrix.of(b, 0, n, k, n, bias);
        }

        double biasOf(int j) {
            return bias == null ? 0 : bias[j];
        }

        /** The exact A·B + bias. */
        double exact(int i, int j) {
            double sum = biasOf(j);
            for (int p = 0; p < k; p++) {
                sum += (double) a[i * k + p] * b[p * n + j];
            }
            return sum;
        }

        /** What rounding may change: of K products and sums, of the bias, and of the epilogue's addition. */
        double tolerance(int i, int j, boolean residual) {
            double sum = Math.abs(biasOf(j)) + (residual ? Math.abs(before[i * n + j]) : 0);
            for (int p = 0; p < k; p++) {
                sum += Math.abs((double) a[i * k + p] * b[p * n + j]);
            }
            return (k + 2) * EPSILON * sum;
        }

        /** The documented order of operations, one element at a time. */
        float chain(int i, int j) {
            float sum = bias == null ? 0f : bias[j];
            for (int p = 0; p < k; p++) {
                sum = Provider.FMA ? Math.fma(a[i * k + p], b[p * n + j], sum) : sum + a[i * k + p] * b[p * n + j];
            }
            return sum;
        }

        Guarded target() {
            return Guarded.of(before, m, n, 5, 3);
        }

        Guarded multiply(Epilogue epilogue) {
            Guarded target = target();
            Guarded left = Guarded.of(a, m, k, 3, 2);
            Gemm.multiply(m, left.array(), left.offset(), left.stride(), packed(), epilogue,
                    target.array(), target.offset(), target.stride());
            target.assertGuardsUntouched(this::toString);
            left.assertGuardsUntouched(this::toString);
            return target;
        }

        @Override
        public String toString() {
            return m + " x " + k + " by " + k + " x " + n + (bias == null ? "" : " with bias");
        }
    }

    private static int[] heights() {
        return new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 23};
    }

    @ParameterizedTest
    @EnumSource(Epilogue.class)
    void everyShapeStaysWithinTheRoundingBoundAndItsBounds(Epilogue epilogue) {
        for (int n : Awkward.sizes(101)) {
            for (int k : new int[] {0, 1, 2, 17, 64}) {
                for (int m : heights()) {
                    Product product = Product.random(m, n, k, (m + n) % 3 != 0, 1000L * n + 10L * k + m);
                    check(product, epilogue);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"197, 577, 61", "577, 197, 64", "197, 192, 768", "1, 1000, 192", "6, 3, 577", "37, 1, 197",
            "101, 127, 1"})
    void largeShapesDo(int m, int n, int k) {
        for (Epilogue epilogue : Epilogue.values()) {
            check(Product.random(m, n, k, true, m + n + k), epilogue);
        }
    }

    /** What an epilogue other than a residual makes of a sum. */
    private static float finished(Epilogue epilogue, float sum, float before) {
        return switch (epilogue) {
            case GELU -> gelu(sum);
            case PRODUCT -> before * sum;
            default -> ScalarMath.swish(epilogue.swish.minusA, epilogue.swish.minusB, sum);
        };
    }

    private static void check(Product product, Epilogue epilogue) {
        Guarded got = product.multiply(epilogue);
        boolean plainDecides = epilogue != Epilogue.NONE && epilogue != Epilogue.RESIDUAL;
        Guarded plain = plainDecides ? product.multiply(Epilogue.NONE) : null;
        boolean residual = epilogue == Epilogue.RESIDUAL;
        Supplier<String> what = () -> product + " " + epilogue;
        got.assertAllWritten(what);
        for (int i = 0; i < product.m; i++) {
            for (int j = 0; j < product.n; j++) {
                if (plain != null) {
                    float want = finished(epilogue, plain.get(i, j), product.before[i * product.n + j]);
                    assertSameBits(got.get(i, j), want, what, i, j);
                    continue;
                }
                double exact = product.exact(i, j) + (residual ? product.before[i * product.n + j] : 0);
                double error = Math.abs(got.get(i, j) - exact);
                if (!(error <= product.tolerance(i, j, residual))) {
                    throw new AssertionError(what.get() + " [" + i + ", " + j + "]: " + got.get(i, j) + ", exactly "
                            + exact
                            + ", error " + error + " above " + product.tolerance(i, j, residual));
                }
            }
        }
    }

    private static float gelu(float x) {
        float[] value = {x};
        Gelu.apply(value, 0, 1, value, 0);
        return value[0];
    }

    private static void assertSameBits(float got, float want, Supplier<String> what, int i, int j) {
        if (Float.floatToIntBits(got) != Float.floatToIntBits(want)) {
            throw new AssertionError(what.get() + " [" + i + ", " + j + "]: " + got + ", expected the bits of " + want);
        }
    }

    private static void assertSameBits(Guarded got, Guarded want, Supplier<String> what) {
        for (int i = 0; i < want.rows(); i++) {
            for (int j = 0; j < want.columns(); j++) {
                assertSameBits(got.get(i, j), want.get(i, j), what, i, j);
            }
        }
    }

    @Test
    void anElementIsOneChainOfFusedMultiplyAddsFromTheBiasOn() {
        for (int n : Awkward.sizes(101)) {
            for (int m : new int[] {1, 2, 3, 4, 5, 6, 7, 13}) {
                Product product = Product.random(m, n, 37, n % 2 == 0, 7L * n + m);
                Guarded plain = product.multiply(Epilogue.NONE);
                Guarded residual = product.multiply(Epilogue.RESIDUAL);
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        float chain = product.chain(i, j);
                        assertSameBits(plain.get(i, j), chain, product::toString, i, j);
                        assertSameBits(residual.get(i, j), chain + product.before[i * n + j], product::toString, i, j);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Epilogue.class)
    void rowsHaveTheSameBitsInChunksOfAnyHeight(Epilogue epilogue) {
        for (int n : new int[] {1, 15, 33, 48, 80, 97, 197}) {
            Product product = Product.random(37, n, 29, true, n);
            Guarded whole = product.multiply(epilogue);
            PackedMatrix packed = product.packed();
            for (int chunk = 1; chunk <= 14; chunk++) {
                Guarded parts = product.target();
                for (int row = 0; row < product.m; row += chunk) {
                    Gemm.multiply(Math.min(chunk, product.m - row), product.a, row * product.k, product.k, packed,
                            epilogue,
                            parts.array(), parts.row(row), parts.stride());
                }
                int height = chunk;
                assertSameBits(parts, whole, () -> product + " in chunks of " + height);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Epilogue.class)
    void rangesOfPanelsMakeUpTheWholeBitForBit(Epilogue epilogue) {
        for (int n : Awkward.sizes(197)) {
            Product product = Product.random(11, n, 13, true, n);
            Guarded whole = product.multiply(epilogue);
            PackedMatrix packed = product.packed();
            int panels = packed.panels();
            for (int cut = 0; cut <= panels; cut++) {
                Guarded parts = product.target();
                int[] boundaries = {0, cut / 2, cut, panels};
                for (int i = 3; i > 0; i--) {
                    Gemm.multiply(product.m, product.a, 0, product.k, packed, boundaries[i - 1], boundaries[i],
                            epilogue,
                            parts.array(), parts.offset(), parts.stride());
                }
                int at = cut;
                parts.assertGuardsUntouched(() -> product + " cut at panel " + at);
                assertSameBits(parts, whole, () -> product + " cut at panel " + at);
            }
        }
    }

    @Test
    void aRangeOfPanelsLeavesTheOtherColumnsAlone() {
        Product product = Product.random(7, 197, 5, true, 1);
        PackedMatrix packed = product.packed();
        Guarded whole = product.multiply(Epilogue.NONE);
        for (int panel = 0; panel < packed.panels(); panel++) {
            Guarded one = Guarded.empty(7, 197, 2, 1);
            Gemm.multiply(7, product.a, 0, 5, packed, panel, panel + 1, Epilogue.NONE, one.array(), one.offset(),
                    one.stride());
            int first = PanelLayout.column(197, panel);
            int end = Math.min(197, first + PanelLayout.width(197, panel));
            for (int i = 0; i < 7; i++) {
                for (int j = 0; j < 197; j++) {
                    if (j >= first && j < end) {
                        assertThat(one.get(i, j)).isEqualTo(whole.get(i, j));
                    } else {
                        assertThat(one.get(i, j)).as("column %d, panel %d", j, panel).isNaN();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Epilogue.class)
    void simdAndScalarAgreeBitForBit(Epilogue epilogue) {
        Assumptions.assumeTrue(Provider.FMA, "without FMA the scalar code rounds products");
        for (int n : Awkward.sizes(101)) {
            for (int k : new int[] {0, 1, 3, 4, 5, 8, 61}) {
                assertTwinsAgree(Product.random(13, n, k, n % 3 != 0, n + 100L * k), epilogue);
            }
        }
        for (int m : new int[] {1, 103, 104, 105, 209}) {
            for (int n : new int[] {1, 192, 207, 208, 209, 417, 577}) {
                assertTwinsAgree(Product.random(m, n, 7, true, m + n), epilogue);
            }
        }
    }

    private static void assertTwinsAgree(Product product, Epilogue epilogue) {
        int n = product.n;
        int k = product.k;
        PackedMatrix packed = product.packed();
        float[] simd = product.before.clone();
        float[] scalar = product.before.clone();
        SimdGemm.KERNEL.multiply(product.m, product.a, 0, k, k, n, packed.data, packed.offset, 0, packed.panels(),
                epilogue, simd, 0, n);
        ScalarGemm.KERNEL.multiply(product.m, product.a, 0, k, k, n, packed.data, packed.offset, 0, packed.panels(),
                epilogue, scalar, 0, n);
        for (int i = 0; i < simd.length; i++) {
            assertSameBits(scalar[i], simd[i], () -> product + " " + epilogue, i / n, i % n);
        }
    }

    @Test
    void nanAndInfinityReachTheirRowAndColumnAndNoOther() {
        for (int n : new int[] {1, 16, 47, 97}) {
            Product product = Product.random(8, n, 9, true, n);
            product.a[3 * 9 + 4] = Float.NaN;
            product.a[5 * 9 + 2] = Float.POSITIVE_INFINITY;
            product.b[6 * n + n / 2] = Float.NaN;
            for (Epilogue epilogue : Epilogue.values()) {
                Guarded got = product.multiply(epilogue);
                for (int i = 0; i < 8; i++) {
                    for (int j = 0; j < n; j++) {
                        float value = got.get(i, j);
                        if (i == 3 || j == n / 2) {
                            assertThat(value).as("%s [%d, %d]", epilogue, i, j).isNaN();
                        } else if (i == 5) {
                            boolean up = product.b[2 * n + j] > 0;
                            if (epilogue == Epilogue.PRODUCT) {
                                continue;
                            }
                            boolean bounded = epilogue != Epilogue.NONE && epilogue != Epilogue.RESIDUAL;
                            float below = bounded ? 0f : Float.NEGATIVE_INFINITY;
                            assertThat(Math.abs(value) < 1e-30f ? 0f : value).as("%s [%d, %d]", epilogue, i, j)
                                    .isEqualTo(up ? Float.POSITIVE_INFINITY : below);
                        } else {
                            assertThat(value).as("%s [%d, %d]", epilogue, i, j).isFinite();
                        }
                    }
                }
            }
        }
    }

    @Test
    void anEmptySumIsTheBias() {
        Product product = Product.random(7, 37, 0, true, 1);
        Guarded got = product.multiply(Epilogue.NONE);
        for (int i = 0; i < 7; i++) {
            for (int j = 0; j < 37; j++) {
                assertThat(got.get(i, j)).isEqualTo(product.bias[j]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x1x1", "37x60x180", "65x64x193", "3x7x5"})
    void theOfficialProductsMatch(String shape) {
        GoldenFile golden = GoldenFile.open("standalone/kernel_matmul");
        String name = "m" + shape;
        int[] rows = IntStream.range(0, golden.shape(name + ".a")[0]).toArray();
        assertMatches(golden, name, golden.floats(name + ".a"), golden.floats(name + ".w"), rows);
    }

    @Test
    void theOfficialProductOfAModelsSizeMatches() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_matmul");
        String name = "m197x192x768";
        float[] got = assertMatches(golden, name, scaled(golden, name + ".a"), scaled(golden, name + ".w"),
                golden.ints(name + ".rows"));
        double[] rowSums = golden.doubles(name + ".row_sum64");
        double[] columnSums = golden.doubles(name + ".col_sum64");
        for (int i = 0; i < 197; i++) {
            int row = i;
            assertThat(IntStream.range(0, 768).mapToDouble(j -> got[row * 768 + j]).sum()).as("sum of row %d", i)
                    .isCloseTo(rowSums[i], Offset.offset(768 * 1e-5));
        }
        for (int j = 0; j < 768; j++) {
            int column = j;
            assertThat(IntStream.range(0, 197).mapToDouble(i -> got[i * 768 + column]).sum()).as("sum of column %d", j)
                    .isCloseTo(columnSums[j], Offset.offset(197 * 1e-5));
        }
    }

    private static float[] scaled(GoldenFile golden, String name) {
        float[] values = golden.floats(name + "_i8");
        float scale = golden.floats(name + "_scale")[0];
        for (int i = 0; i < values.length; i++) {
            values[i] *= scale;
        }
        return values;
    }

    /** Computes {@code a·wᵀ + bias} and compares the rows that the golden file has. */
    private static float[] assertMatches(GoldenFile golden, String name, float[] a, float[] w, int[] rows) {
        float[] bias = golden.floats(name + ".bias");
        int n = bias.length;
        int k = w.length / n;
        int m = a.length / k;
        float[] b = new float[k * n];
        for (int i = 0; i < b.length; i++) {
            b[i] = w[i % n * k + i / n];
        }
        Product product = new Product(m, n, k, a, b, bias, new float[m * n]);
        float[] got = new float[m * n];
        Gemm.multiply(m, a, 0, k, PackedMatrix.ofTransposed(w, 0, k, n, k, bias), Epilogue.NONE, got, 0, n);
        double[] want = golden.doubles(name + ".y64");
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < n; j++) {
                assertThat((double) got[rows[i] * n + j]).as("%s [%d, %d]", name, rows[i], j)
                        .isCloseTo(want[i * n + j], Offset.offset(product.tolerance(rows[i], j, false)));
            }
        }
        return got;
    }

    @Test
    void anArgumentThatCannotBeIsNamed() {
        PackedMatrix b = PackedMatrix.of(new float[12], 0, 4, 3, 4, null);
        float[] a = new float[6];
        float[] c = new float[8];
        assertThatThrownBy(() -> Gemm.multiply(-1, a, 0, 3, b, Epilogue.NONE, c, 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rows of a")
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> Gemm.multiply(2, a, 0, 2, b, Epilogue.NONE, c, 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("stride of a is 2, expected at least 3");
        assertThatThrownBy(() -> Gemm.multiply(2, a, 1, 3, b, Epilogue.NONE, c, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageStartingWith("a: 2 rows of 3 with stride 3 from 1");
        assertThatThrownBy(() -> Gemm.multiply(2, a, -1, 3, b, Epilogue.NONE, c, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("a: ");
        assertThatThrownBy(() -> Gemm.multiply(2, a, 0, 3, b, Epilogue.NONE, c, 0, 3))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("stride of c is 3, expected at least 4");
        assertThatThrownBy(() -> Gemm.multiply(2, a, 0, 3, b, Epilogue.NONE, c, 1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("c: ");
        assertThatThrownBy(() -> Gemm.multiply(2, a, 0, Integer.MAX_VALUE, b, Epilogue.NONE, c, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("a: ");
        for (int[] range : new int[][] {{-1, 1}, {1, 0}, {0, b.panels() + 1}}) {
            assertThatThrownBy(() -> Gemm.multiply(2, a, 0, 3, b, range[0], range[1], Epilogue.NONE, c, 0, 4))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("panels ");
        }
    }
}
