package leanvit.kernels;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.testdata.Awkward;

/**
 * Calls of every public kernel, by name, for programs that ask what a warm call costs: one case for each branch that a
 * kernel has, on shapes that are small, so that thousands of calls take no time, but large enough for vectors to serve.
 *
 * <p>Cases share nothing, and may be called again and again.
 */
final class KernelCases {

    private static final int WIDTH = 192;

    private final Map<String, Runnable> calls = new LinkedHashMap<>();
    private final SplittableRandom random = new SplittableRandom(1);

    private KernelCases() {
    }

    /** Returns the cases, always in the same order. */
    static Map<String, Runnable> all() {
        KernelCases cases = new KernelCases();
        for (int columns : new int[] {96, 101, 32}) {
            for (int m : new int[] {23, 5, 1}) {
                cases.gemm(m, 64, columns);
            }
        }
        cases.gemm(5, 0, 101);
        for (int columns : new int[] {192, 197, 3}) {
            cases.softmax(columns);
            cases.layerNorm(columns);
            cases.gelu(columns);
            cases.swish(columns);
        }
        for (int n : new int[] {48, 50}) {
            cases.attention(n);
            cases.maskedAttention(n);
        }
        for (int columns : new int[] {96, 101, 32}) {
            cases.transposedGemm(23, 700, columns);
        }
        for (int columns : new int[] {192, 197, 3}) {
            cases.gradients(columns);
        }
        for (int headDim : new int[] {64, 48, 6}) {
            cases.rotary(headDim);
        }
        for (int columns : new int[] {64, 129, 3}) {
            cases.overHeads(64, columns);
        }
        cases.overHeads(4, 64);
        cases.argSort(100, 30);
        cases.argSort(700, 100);
        cases.argSort(701, 699);
        for (int width : new int[] {WIDTH, WIDTH + 5}) {
            cases.rows(60, width);
            cases.rows(6, width);
        }
        for (int n : new int[] {96, 97}) {
            cases.matching(n);
        }
        return cases.calls;
    }

    private void gemm(int m, int k, int columns) {
        float[] a = Awkward.values(random, m * k + 1, 1f);
        PackedMatrix b = PackedMatrix.of(Awkward.values(random, k * columns + 1, 1f), 0, columns, k, columns, null);
        float[] c = new float[m * columns];
        for (Epilogue epilogue : Epilogue.values()) {
            if (m < 23 && epilogue.ordinal() > Epilogue.RESIDUAL.ordinal()) {
                continue;
            }
            calls.put("matmul " + m + " x " + k + " x " + columns + ", " + epilogue,
                    () -> Gemm.multiply(m, a, 0, k, b, epilogue, c, 0, columns));
        }
    }

    private void softmax(int columns) {
        int rows = 4;
        float[] x = Awkward.values(random, rows * columns, 4f);
        float[] out = new float[rows * columns];
        float[] masked = x.clone();
        Arrays.fill(masked, columns, 2 * columns, Float.NEGATIVE_INFINITY);
        calls.put("softmax of " + columns, () -> Softmax.rows(x, 0, columns, rows, columns, out, 0, columns));
        calls.put("softmax of " + columns + ", one row masked",
                () -> Softmax.rows(masked, 0, columns, rows, columns, out, 0, columns));
    }

    private void layerNorm(int columns) {
        int rows = 4;
        float[] x = Awkward.values(random, rows * columns, 4f);
        float[] far = x.clone();
        far[0] = 1000f;
        float[] huge = x.clone();
        huge[1] = 3e30f;
        float[] weight = Awkward.values(random, columns, 1f);
        float[] bias = Awkward.values(random, columns, 1f);
        float[] out = new float[rows * columns];
        layerNorm("", x, columns, rows, weight, bias, out);
        layerNorm(", far pivot", far, columns, rows, weight, bias, out);
        layerNorm(", overflow", huge, columns, rows, weight, bias, out);
        calls.put("rms norm of " + columns,
                () -> RmsNorm.rows(x, 0, columns, rows, columns, weight, 1e-5f, out, 0, columns));
    }

    private void layerNorm(String name, float[] x, int columns, int rows, float[] weight, float[] bias, float[] out) {
        calls.put("layer norm of " + columns + name,
                () -> LayerNorm.rows(x, 0, columns, rows, columns, weight, bias, 1e-6f, out, 0, columns));
    }

    private void gelu(int n) {
        float[] x = Awkward.values(random, n, 4f);
        float[] out = new float[n];
        calls.put("gelu of " + n, () -> Gelu.apply(x, 0, n, out, 0));
    }

    private void swish(int n) {
        float[] x = Awkward.values(random, n, 4f);
        float[] out = new float[n];
        for (Swish.Form form : Swish.Form.values()) {
            calls.put(form + " of " + n, () -> Swish.apply(form, x, 0, n, out, 0));
        }
    }

    private void attention(int n) {
        int heads = 2;
        int dim = 32;
        AttentionInput input = AttentionInput.random(n, heads, dim, true, 1);
        float[] none = new float[n];
        Arrays.fill(none, Float.NEGATIVE_INFINITY);
        float[] pairs = Awkward.values(random, heads * n * n, 1f);
        float[] out = new float[n * heads * dim];
        float[] row = new float[n];
        float[] sum = new float[n];
        float[] scratch = new float[Attention.headMaxScratchLength(n, heads, dim)];
        for (int bias = 0; bias < 4; bias++) {
            float[] keyBias = (bias & 1) > 0 ? input.bias() : null;
            float[] pairBias = (bias & 2) > 0 ? pairs : null;
            Attention call = input.call().keyBias(keyBias, 0).pairBias(pairBias, 0, n * n, n)
                    .into(out, 0, heads * dim).scratch(scratch, 0);
            String name = " of " + n + (keyBias == null ? "" : ", key bias") + (pairBias == null ? "" : ", pair bias");
            for (int gather = 0; gather < (bias < 2 ? 4 : 1); gather++) {
                float[] classRow = (gather & 1) > 0 ? row : null;
                float[] columnSum = (gather & 2) > 0 ? sum : null;
                calls.put("attention" + name + (classRow == null ? "" : ", class row")
                        + (columnSum == null ? "" : ", column sums"),
                        () -> call.classRow(classRow, 0).columnSum(columnSum, 0).head(1, n));
            }
            calls.put("attention, maximum over heads" + name, () -> call.headMax(1, sum, 0));
        }
        Attention plain = input.call().keyBias(null, 0).into(out, 0, heads * dim).scratch(scratch, 0);
        calls.put("attention of " + n + ", one query", () -> plain.head(1, 1));
        Attention masked = input.call().keyBias(none, 0).into(out, 0, heads * dim).scratch(scratch, 0);
        calls.put("attention of " + n + ", all masked", () -> masked.head(1, n));
    }

    private void rotary(int headDim) {
        float[] x = Awkward.values(random, 6 * 2 * headDim, 1f);
        float[] angles = Awkward.values(random, 6 * headDim, 1f);
        calls.put("rotary of " + headDim,
                () -> Rotary.rows(6, 2, headDim, x, 0, 2 * headDim, angles, 0, headDim));
    }

    private void maskedAttention(int n) {
        int heads = 2;
        int dim = 32;
        int width = heads * dim;
        float[] qkv = Awkward.values(random, n * 3 * width, 1f);
        float[] mask = new float[n];
        Arrays.fill(mask, 0, n - 5, 1f);
        float[] out = new float[n * width];
        float[] dQkv = new float[n * 3 * width];
        float[] row = new float[n];
        for (MaskedAttention.Form form : MaskedAttention.Form.values()) {
            MaskedAttention attention = new MaskedAttention(n, heads, dim, form, 1e-5f);
            float[] scratch = new float[attention.scratchLength()];
            calls.put("masked attention of " + n + ", " + form, () -> attention.forward(1, n, n, qkv, 0, 3 * width,
                    row, 0, mask, 0, out, 0, width, row, 0, scratch, 0));
            calls.put("masked attention of " + n + ", " + form + ", backward",
                    () -> attention.backward(1, n, n, qkv, 0, 3 * width, mask, 0, mask, 0, out, 0, width, mask, 0,
                            dQkv, 0, 3 * width, row, 0, row, 0, scratch, 0));
        }
    }

    private void transposedGemm(int m, int k, int n) {
        float[] a = Awkward.values(random, k * m, 1f);
        float[] b = Awkward.values(random, k * n, 1f);
        float[] c = new float[m * n];
        for (boolean add : new boolean[] {false, true}) {
            calls.put("transposed matmul " + m + " x " + k + " x " + n + (add ? ", added" : ""),
                    () -> TransposedGemm.multiply(m, k, n, a, 0, m, b, 0, n, add, c, 0, n));
        }
    }

    private void gradients(int columns) {
        int rows = 40;
        float[] x = Awkward.values(random, rows * columns, 4f);
        float[] dy = Awkward.values(random, rows * columns, 1f);
        float[] weight = Awkward.values(random, columns, 1f);
        float[] statistics = new float[2 * rows];
        float[] out = new float[rows * columns];
        float[] sums = new float[2 * columns];
        calls.put("layer norm of " + columns + ", statistics", () -> LayerNorm.rows(x, 0, columns, rows, columns,
                weight, weight, 1e-6f, out, 0, columns, statistics, 0));
        calls.put("layer norm gradient of " + columns, () -> LayerNormGradient.rows(x, 0, columns, rows, columns,
                statistics, 0, weight, dy, 0, columns, out, 0, columns, sums, 0, sums, columns));
        calls.put("gelu gradient of " + rows * columns, () -> GeluGradient.apply(rows * columns, x, 0, x, 0, dy, 0, out,
                0));
        calls.put("gelu slopes of " + rows * columns, () -> GeluGradient.slopes(rows * columns, x, 0, dy, 0, out, 0));
        float[] many = Awkward.values(random, 30 * rows * columns, 1f);
        calls.put("column sums of " + columns, () -> ColumnSums.add(many, 0, columns, 30 * rows, columns, sums, 0));
        calls.put("cross-entropy of " + columns, () -> CrossEntropy.label(columns, x, 0, 1, 0.1, 1, out, 0));
        calls.put("cross-entropy with targets of " + columns,
                () -> CrossEntropy.row(columns, x, 0, weight, 0, 1, out, 0));
        calls.put("divergence of " + columns, () -> KullbackLeibler.row(columns, x, 0, dy, 0, 1, out, 0));
    }

    private void overHeads(int rows, int columns) {
        int heads = 3;
        float[] x = Awkward.values(random, heads * rows * columns, 1f);
        float[] out = new float[rows * columns];
        String size = " over heads of " + rows + " x " + columns;
        calls.put("maximum" + size,
                () -> HeadMax.reduce(x, 0, rows * columns, heads, columns, rows, columns, out, 0, columns));
        calls.put("mean" + size,
                () -> HeadMean.reduce(x, 0, rows * columns, heads, columns, rows, columns, out, 0, columns));
    }

    private void argSort(int n, int k) {
        float[] scores = Awkward.values(random, n, 1f);
        int[] order = new int[n];
        long[] scratch = new long[n];
        calls.put("top " + k + " of " + n, () -> ArgSort.topK(scores, 0, n, k, order, 0, scratch));
        calls.put("order of " + n, () -> ArgSort.descending(scores, 0, n, order, 0, scratch));
    }

    /** Half as many rows out as in; the last row in goes nowhere. */
    private void rows(int n, int width) {
        float[] x = Awkward.values(random, n * width, 1f);
        float[] out = new float[n * width];
        float[] weight = Awkward.values(random, n, 1f);
        int[] order = new int[n];
        int[] target = new int[n];
        Arrays.setAll(order, i -> i);
        Arrays.setAll(target, i -> i == n - 1 ? -1 : i / 2);
        int[] first = new int[n / 2];
        Arrays.setAll(first, i -> 2 * i);
        String size = " rows of " + n + " x " + width;
        calls.put("gathered" + size, () -> Gather.rows(x, 0, width, order, 0, n, width, out, 0, width));
        calls.put("merged" + size,
                () -> MergeRows.apply(x, 0, width, order, n, target, first, null, width, out, 0, width));
        calls.put("weighted" + size,
                () -> MergeRows.apply(x, 0, width, order, n, target, first, weight, width, out, 0, width));
        calls.put("added" + size,
                () -> MergeRows.apply(x, 0, width, order, n, target, null, weight, width, out, 0, width));
        calls.put("maximum of" + size, () -> MergeRows.max(x, 0, width, order, n, target, first, width, out, 0, width));
        calls.put("spread" + size, () -> MergeRows.transposed(x, 0, width, target, null, n, width, out, 0, width));
        calls.put("spread weighted" + size,
                () -> MergeRows.transposed(x, 0, width, target, weight, n, width, out, 0, width));
        float[] products = new float[n];
        calls.put("weight gradients of" + size,
                () -> MergeRows.weightGradients(x, 0, width, target, n, width, x, 0, width, products, 0));
    }

    private void matching(int n) {
        int width = 20;
        float[] metric = Awkward.values(random, n * width, 1f);
        float[] extreme = metric.clone();
        for (int i = 0; i < 10 * width; i++) {
            extreme[i] *= i < 5 * width ? 1e25f : 1e-25f;
        }
        float[] best = new float[n];
        int[] partner = new int[n];
        int[] list = new int[n];
        Arrays.setAll(list, i -> n - 1 - i);
        float[] scratch = new float[BipartiteMatching.nearestScratch(n, n, width)];
        calls.put("matching of " + n, () -> BipartiteMatching.alternating(metric, 0, width, n, width, 1, best, partner,
                scratch));
        calls.put("matching of " + n + ", extreme norms", () -> BipartiteMatching.alternating(extreme, 0, width, n,
                width, 1, best, partner, scratch));
        calls.put("matching of " + n + ", listed", () -> BipartiteMatching.nearest(metric, 0, width, width, list, 0,
                n / 2, list, n / 2, n - n / 2, 1e-6f, best, partner, scratch));
    }
}
