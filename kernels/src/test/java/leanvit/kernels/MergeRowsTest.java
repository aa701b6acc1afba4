package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** {@link MergeRows}: the public kernel and both twins against its formulas, bit for bit, and those against doubles. */
class MergeRowsTest {

    private static final int NAN_WITH_PAYLOAD = 0x7fc01234;

    /** The public kernel, its arguments checked. */
    private static final MergeRows.Implementation PUBLIC = new MergeRows.Implementation() {
        @Override
        public void apply(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first,
                          float[] weight, int width, float[] out, int outOffset, int outStride) {
            MergeRows.apply(x, offset, stride, order, k, target, first, weight, width, out, outOffset, outStride);
        }

        @Override
        public void max(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, int width,
                        float[] out, int outOffset, int outStride) {
            MergeRows.max(x, offset, stride, order, k, target, first, width, out, outOffset, outStride);
        }

        @Override
        public void transposed(float[] dOut, int offset, int stride, int[] target, float[] weight, int n, int width,
                               float[] dIn, int inOffset, int inStride) {
            MergeRows.transposed(dOut, offset, stride, target, weight, n, width, dIn, inOffset, inStride);
        }

        @Override
        public void weightGradients(float[] dOut, int offset, int stride, int[] target, int n, int width,
                                    float[] x, int xOffset, int xStride, float[] dWeight, int weightOffset) {
            MergeRows.weightGradients(dOut, offset, stride, target, n, width, x, xOffset, xStride, dWeight,
                    weightOffset);
        }
    };

    private static List<MergeRows.Implementation> kernels() {
        List<MergeRows.Implementation> kernels = new ArrayList<>(List.of(PUBLIC, ScalarMergeRows.KERNEL));
        if (SimdProbe.MODULE_PRESENT) {
            kernels.add(SimdMergeRows.KERNEL);
        }
        return kernels;
    }

    /**
     * Where n rows go: to m others, or nowhere. Of the n rows k are listed, in an order of their own; {@code first} is
     * right where {@code overwrites}, and null otherwise.
     */
    private record Mapping(int n, int m, int[] order, int k, int[] target, int[] first, float[] weight) {

        static Mapping random(SplittableRandom random, int n, boolean weighted, boolean overwrites) {
            int m = Math.max(1, n * 2 / 3);
            int[] order = new int[n];
            int[] target = new int[n];
            float[] weight = new float[n];
            for (int i = 0; i < n; i++) {
                int place = random.nextInt(i + 1);
                order[i] = order[place];
                order[place] = i;
                target[i] = random.nextInt(5) == 0 ? -1 : random.nextInt(m);
                weight[i] = random.nextInt(3) == 0 ? 1f : (float) random.nextDouble(-2, 2);
            }
            int k = n - random.nextInt(n / 4 + 1);
            int[] first = new int[m];
            Arrays.fill(first, -1);
            for (int i = 0; i < k; i++) {
                int t = target[order[i]];
                if (t >= 0 && first[t] < 0) {
                    first[t] = order[i];
                }
            }
            return new Mapping(n, m, order, k, target, overwrites ? first : null, weighted ? weight : null);
        }

        float weight(int i) {
            return weight == null ? 1f : weight[i];
        }

        boolean isFirst(int i) {
            return first != null && first[target[i]] == i;
        }
    }

    @Test
    void addingToWhatIsThereMatchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        int[] order = {0, 1, 2, 3, 4, 5, 6, 7};
        float[] x = golden.floats("scatter.src");
        int[] target = golden.ints("scatter.idx");
        float[] sum = golden.floats("scatter.dst");
        MergeRows.apply(x, 0, 9, order, 8, target, null, null, 9, sum, 0, 9);
        assertThat(sum).containsExactly(golden.floats("scatter.sum"), Offset.offset(1e-6f));
        float[] max = golden.floats("scatter.dst");
        MergeRows.max(x, 0, 9, order, 8, target, null, 9, max, 0, 9);
        assertThat(max).isEqualTo(golden.floats("scatter.amax"));
    }

    /** Few rows, and as many as it takes for vector code to serve. */
    @Test
    void everyFormHasItsFormulasBitsAtEveryWidth() {
        SplittableRandom random = new SplittableRandom(8);
        for (int width : Awkward.sizes(197)) {
            int many = 4096 * 4 / 3 / Math.max(1, width) + 2;
            for (int n : new int[] {0, 1, 7, many}) {
                for (int form = 0; form < 4; form++) {
                    Mapping map = Mapping.random(random, n, (form & 1) == 0, (form & 2) == 0);
                    checkApply(map, Awkward.values(random, n * width, 1), random, width);
                    checkApply(map, Awkward.strangeValues(random, n * width), random, width);
                    checkMax(map, Awkward.strangeValues(random, n * width), random, width);
                    checkTransposed(map, Awkward.strangeValues(random, map.m * width), width);
                    checkWeightGradients(map, random, width);
                }
            }
        }
    }

    private static void checkApply(Mapping map, float[] values, SplittableRandom random, int width) {
        Guarded x = Guarded.of(values, map.n, width, 4, 3);
        Guarded before = Guarded.of(Awkward.values(random, map.m * width, 1), map.m, width, 2, 5);
        Guarded want = before.copy();
        double[] exact = new double[map.m * width];
        double[] magnitude = new double[map.m * width];
        int[] terms = new int[map.m];
        for (int j = 0; j < exact.length; j++) {
            exact[j] = before.values()[j];
            magnitude[j] = Math.abs(exact[j]);
        }
        for (int d = 0; d < map.k; d++) {
            int i = map.order[d];
            int t = map.target[i];
            for (int c = 0; t >= 0 && c < width; c++) {
                float value = x.get(i, c);
                boolean isFirst = map.isFirst(i);
                want.set(t, c, isFirst ? map.weight(i) * value : Math.fma(map.weight(i), value, want.get(t, c)));
                double product = (double) map.weight(i) * value;
                exact[t * width + c] = isFirst ? product : exact[t * width + c] + product;
                magnitude[t * width + c] = isFirst ? Math.abs(product) : magnitude[t * width + c] + Math.abs(product);
                terms[t] += c == 0 ? 1 : 0;
            }
        }
        for (int t = 0; t < map.m; t++) {
            for (int c = 0; c < width; c++) {
                double bound = terms[t] * 0x1p-24 * magnitude[t * width + c] + Float.MIN_VALUE;
                if (magnitude[t * width + c] < 1e38 && Math.abs(want.get(t, c) - exact[t * width + c]) > bound) {
                    throw new AssertionError(want.get(t, c) + " is not " + exact[t * width + c]);
                }
            }
        }
        for (MergeRows.Implementation kernel : kernels()) {
            Guarded out = before.copy();
            kernel.apply(x.array(), 4, width + 3, map.order, map.k, map.target, map.first, map.weight, width,
                    out.array(), 2, width + 5);
            out.assertGuardsUntouched(() -> kernel + " of width " + width);
            out.assertSameBits(want, () -> kernel + " of width " + width + ", " + map.n + " rows");
        }
    }

    private static void checkMax(Mapping map, float[] values, SplittableRandom random, int width) {
        Guarded x = Guarded.of(values, map.n, width, 4, 3);
        Guarded before = Guarded.of(Awkward.strangeValues(random, map.m * width), map.m, width, 2, 5);
        Guarded want = before.copy();
        for (int d = 0; d < map.k; d++) {
            int i = map.order[d];
            int t = map.target[i];
            for (int c = 0; t >= 0 && c < width; c++) {
                want.set(t, c, map.isFirst(i) ? x.get(i, c) : Math.max(want.get(t, c), x.get(i, c)));
            }
        }
        for (MergeRows.Implementation kernel : kernels()) {
            Guarded out = before.copy();
            kernel.max(x.array(), 4, width + 3, map.order, map.k, map.target, map.first, width,
                    out.array(), 2, width + 5);
            out.assertGuardsUntouched(() -> kernel + ", maximum of width " + width);
            out.assertSameBits(want, () -> kernel + ", maximum of width " + width + ", " + map.n + " rows");
        }
    }

    private static void checkTransposed(Mapping map, float[] values, int width) {
        Guarded dOut = Guarded.of(values, map.m, width, 4, 3);
        Guarded want = Guarded.empty(map.n, width, 2, 5);
        for (int i = 0; i < map.n; i++) {
            for (int c = 0; c < width; c++) {
                want.set(i, c, map.target[i] < 0 ? 0f : map.weight(i) * dOut.get(map.target[i], c));
            }
        }
        for (MergeRows.Implementation kernel : kernels()) {
            Guarded dIn = Guarded.empty(map.n, width, 2, 5);
            kernel.transposed(dOut.array(), 4, width + 3, map.target, map.weight, map.n, width,
                    dIn.array(), 2, width + 5);
            dIn.assertGuardsUntouched(() -> kernel + ", transpose of width " + width);
            dIn.assertSameBits(want, () -> kernel + ", transpose of width " + width + ", " + map.n + " rows");
        }
    }

    private static void checkWeightGradients(Mapping map, SplittableRandom random, int width) {
        Guarded dOut = Guarded.of(Awkward.values(random, map.m * width, 1), map.m, width, 4, 3);
        Guarded x = Guarded.of(Awkward.values(random, map.n * width, 1), map.n, width, 2, 5);
        for (MergeRows.Implementation kernel : kernels()) {
            Guarded got = Guarded.empty(1, map.n, 3, 0);
            kernel.weightGradients(dOut.array(), 4, width + 3, map.target, map.n, width, x.array(), 2, width + 5,
                    got.array(), 3);
            got.assertGuardsUntouched(() -> kernel + ", weight gradients of width " + width);
            for (int i = 0; i < map.n; i++) {
                double want = 0;
                double magnitude = 0;
                for (int c = 0; map.target[i] >= 0 && c < width; c++) {
                    double product = (double) dOut.get(map.target[i], c) * x.get(i, c);
                    want += product;
                    magnitude += Math.abs(product);
                }
                if (!(Math.abs(got.get(0, i) - want) <= 1e-6 * magnitude)) {
                    throw new AssertionError(kernel + ", width " + width + ", row " + i + ": " + got.get(0, i)
                            + " is not " + want);
                }
            }
        }
    }

    @Test
    void aNaNShowsInTheWeightGradientsOfItsRowsAlone() {
        int width = 70;
        int n = 64;
        int[] target = new int[n];
        Arrays.setAll(target, i -> i % 3 - 1);
        float[] x = new float[n * width];
        Arrays.fill(x, 1f);
        x[4 * width + 69] = Float.NaN;
        float[] dOut = new float[2 * width];
        Arrays.fill(dOut, 0, width, 0.5f);
        dOut[width] = Float.NaN;
        for (MergeRows.Implementation kernel : kernels()) {
            float[] got = new float[n];
            kernel.weightGradients(dOut, 0, width, target, n, width, x, 0, width, got, 0);
            for (int i = 0; i < n; i++) {
                float want = i == 4 || target[i] == 1 ? Float.NaN : target[i] == 0 ? 35f : 0f;
                assertThat(Float.compare(got[i], want)).as("%s, row %d: %s", kernel, i, got[i]).isZero();
            }
        }
    }

    /** {@code <apply(x), y> = <x, transposed(y)>}. */
    @Test
    void theTransposeIsTheAdjoint() {
        SplittableRandom random = new SplittableRandom(12);
        for (int width : new int[] {3, 64, 197}) {
            Mapping map = Mapping.random(random, 150, true, true);
            int[] order = map.order;
            float[] x = Awkward.values(random, map.n * width, 1);
            float[] y = Awkward.values(random, map.m * width, 1);
            float[] out = new float[map.m * width];
            float[] dIn = new float[map.n * width];
            MergeRows.apply(x, 0, width, order, map.n, map.target, null, map.weight, width, out, 0, width);
            MergeRows.transposed(y, 0, width, map.target, map.weight, map.n, width, dIn, 0, width);
            double forward = 0;
            double backward = 0;
            for (int i = 0; i < out.length; i++) {
                forward += (double) out[i] * y[i];
            }
            for (int i = 0; i < x.length; i++) {
                backward += (double) x[i] * dIn[i];
            }
            assertThat(backward).isCloseTo(forward, Offset.offset(1e-3));
        }
    }

    @Test
    void aSoleRowOfWeightOneKeepsItsBits() {
        for (int width : new int[] {2, 64}) {
            int n = 100;
            int[] identity = new int[n];
            Arrays.setAll(identity, i -> i);
            float[] weight = new float[n];
            Arrays.fill(weight, 1f);
            float[] x = new float[n * width];
            for (int i = 0; i < x.length; i++) {
                x[i] = i % 2 == 0 ? Float.intBitsToFloat(NAN_WITH_PAYLOAD) : -0f;
            }
            for (MergeRows.Implementation kernel : kernels()) {
                float[][] results = new float[4][n * width];
                kernel.apply(x, 0, width, identity, n, identity, identity, weight, width, results[0], 0, width);
                kernel.max(x, 0, width, identity, n, identity, identity, width, results[1], 0, width);
                kernel.transposed(x, 0, width, identity, weight, n, width, results[2], 0, width);
                kernel.transposed(x, 0, width, identity, null, n, width, results[3], 0, width);
                for (float[] result : results) {
                    for (int i = 0; i < x.length; i++) {
                        assertThat(Float.floatToRawIntBits(result[i])).isEqualTo(Float.floatToRawIntBits(x[i]));
                    }
                }
            }
        }
    }

    @Test
    void nanShowsInTheMaximumAndZeroIsAboveMinusZero() {
        float[][] rows = {{Float.NaN, 1f, -0f, 0f, Float.NEGATIVE_INFINITY}, {1f, Float.NaN, 0f, -0f, -3f}};
        float[] want = {Float.NaN, Float.NaN, 0f, 0f, -3f};
        int width = 4100;
        float[] x = new float[2 * width];
        for (int i = 0; i < x.length; i++) {
            x[i] = rows[i / width][i % width % 5];
        }
        for (MergeRows.Implementation kernel : kernels()) {
            float[] out = new float[width];
            kernel.max(x, 0, width, new int[] {0, 1}, 2, new int[] {0, 0}, new int[] {0}, width, out, 0, width);
            for (int i = 0; i < width; i++) {
                assertThat(Float.floatToIntBits(out[i])).as("%s, case %d", kernel, i % 5)
                        .isEqualTo(Float.floatToIntBits(want[i % 5]));
            }
        }
    }

    @Test
    void anIndexOutsideIsNamedBeforeAnythingIsWritten() {
        float[] x = new float[20];
        float[] out = {7, 7, 7, 7, 7, 7, 7, 7};
        int[] order = {0, 1};
        int[] target = {0, 1};
        assertThatThrownBy(() -> MergeRows.apply(x, 0, 4, new int[] {0, -1}, 2, target, null, null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("order[1] is -1");
        assertThatThrownBy(() -> MergeRows.apply(x, 0, 4, new int[] {0, 2}, 2, target, null, null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("order[1] is 2");
        assertThatThrownBy(() -> MergeRows.apply(x, 16, 4, order, 2, target, null, null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("order[1] is 1, x");
        assertThatThrownBy(() -> MergeRows.apply(x, 0, 4, order, 2, new int[] {0, 2}, null, null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("target[1] is 2, out");
        assertThatThrownBy(() -> MergeRows.apply(x, 0, 4, order, 2, target, new int[1], null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("target[1] is 1");
        assertThatThrownBy(() -> MergeRows.apply(x, 0, 4, order, 2, target, null, new float[1], 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("order[1] is 1");
        assertThatThrownBy(() -> MergeRows.max(x, 0, 4, order, 3, target, null, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("order:");
        assertThatThrownBy(() -> MergeRows.max(x, 0, 3, order, 2, target, null, 4, out, 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("x");
        assertThatThrownBy(() -> MergeRows.max(x, 0, 4, order, 2, target, null, -1, out, 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("width is -1");
        assertThatThrownBy(() -> MergeRows.transposed(x, 0, 4, new int[] {0, 5}, null, 2, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("target[1] is 5, dOut");
        assertThatThrownBy(() -> MergeRows.transposed(x, 0, 4, target, new float[1], 2, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("weight:");
        assertThatThrownBy(() -> MergeRows.transposed(x, 0, 4, target, null, 2, 4, out, 1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("dIn:");
        assertThatThrownBy(() -> MergeRows.weightGradients(x, 0, 4, new int[] {0, 5}, 2, 4, x, 0, 4, out, 0))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("target[1] is 5, dOut");
        assertThatThrownBy(() -> MergeRows.weightGradients(x, 0, 4, target, 2, 4, x, 0, 4, out, 7))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("dWeight:");
        assertThat(out).containsOnly(7);
    }
}
