package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.testdata.Awkward;
import leanvit.testdata.WorstErrors;
import org.junit.jupiter.api.Test;

/** {@link MaskedAttention} against its formula in doubles, and that formula's central differences. */
class MaskedAttentionTest {

    private static final int HEADS = 2;

    /** One case: its inputs, and the gradients of out and of the column sums that stand for a loss. */
    private static final class Case {

        final int n;
        final int queries;
        final int headDim;
        final Form form;
        final float epsilon;
        final int stride;
        final float[] qkv;
        final float[] bias;
        final float[] mask;
        final float[] dOut;
        final float[] dColumns;

        Case(int n, int queries, int headDim, Form form, float epsilon, boolean biased, float[] masks, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            this.n = n;
            this.queries = queries;
            this.headDim = headDim;
            this.form = form;
            this.epsilon = epsilon;
            stride = 3 * HEADS * headDim + 5;
            qkv = Awkward.values(random, n * stride, 1.5f);
            bias = biased ? Awkward.values(random, n, 1) : null;
            mask = masks == null ? null : new float[n];
            for (int j = 0; mask != null && j < n; j++) {
                mask[j] = masks[random.nextInt(masks.length)];
            }
            dOut = Awkward.values(random, queries * HEADS * headDim, 1);
            dColumns = Awkward.values(random, n, 1);
        }

        MaskedAttention attention(boolean scalar) {
            if (scalar) {
                return new MaskedAttention(n, HEADS, headDim, form, epsilon, ScalarMaskedAttention.ROWS,
                        ScalarGemm.KERNEL, ScalarTransposedGemm.KERNEL);
            }
            return new MaskedAttention(n, HEADS, headDim, form, epsilon);
        }

        double a(double[] m, int i, int j) {
            return m == null || form == Form.SELF && i == j ? 1 : m[j];
        }

        /** Returns what a loss with these gradients would be, and writes result and column sums of a head. */
        double loss(int head, double[] x, double[] b, double[] m, double[][] out, double[] columns) {
            double loss = 0;
            Arrays.fill(columns, 0);
            for (int i = 0; i < queries; i++) {
                double[] e = new double[n];
                for (int j = 0; j < n; j++) {
                    for (int c = 0; c < headDim; c++) {
                        e[j] += x[i * stride + head * headDim + c] * x[j * stride + (HEADS + head) * headDim + c];
                    }
                    e[j] = e[j] / Math.sqrt(headDim) + (b == null ? 0 : b[j]);
                }
                double max = Arrays.stream(e).max().orElse(0);
                double sum = epsilon;
                for (int j = 0; j < n; j++) {
                    e[j] = Math.exp(e[j] - max);
                    sum += e[j] * a(m, i, j);
                }
                Arrays.fill(out[i], 0);
                for (int j = 0; j < n; j++) {
                    double share = (e[j] * a(m, i, j) + (double) epsilon / n) / sum;
                    columns[j] += share;
                    for (int c = 0; c < headDim; c++) {
                        out[i][c] += share * x[j * stride + (2 * HEADS + head) * headDim + c];
                    }
                }
                for (int c = 0; c < headDim; c++) {
                    loss += out[i][c] * dOut[i * HEADS * headDim + head * headDim + c];
                }
            }
            for (int j = 0; j < n; j++) {
                loss += columns[j] * dColumns[j];
            }
            return loss;
        }

        /** Returns the central difference of the loss by one element. */
        double difference(int head, double[] by, int at, double[] x, double[] b, double[] m) {
            double[][] out = new double[queries][headDim];
            double[] columns = new double[n];
            double step = 1e-5;
            double before = by[at];
            by[at] = before + step;
            double up = loss(head, x, b, m, out, columns);
            by[at] = before - step;
            double down = loss(head, x, b, m, out, columns);
            by[at] = before;
            return (up - down) / (2 * step);
        }

        @Override
        public String toString() {
            return n + " tokens, " + queries + " queries of " + headDim + ", " + form + ", epsilon " + epsilon
                    + (bias == null ? "" : ", biased") + (mask == null ? "" : ", masked");
        }
    }

    private static Map<String, Case> cases() {
        Map<String, Case> cases = new LinkedHashMap<>();
        float[] hard = {0f, 1f, 1f};
        float[] soft = {0.2f, 0.7f, 1f, 0f};
        for (int[] shape : new int[][] {{1, 1, 4}, {2, 2, 3}, {7, 7, 16}, {17, 17, 5}, {33, 2, 20}, {37, 37, 20},
            {50, 50, 32}}) {
            for (Form form : Form.values()) {
                add(cases, new Case(shape[0], shape[1], shape[2], form, 0f, false, null, shape[0]));
                add(cases, new Case(shape[0], shape[1], shape[2], form, 1e-5f, true, hard, shape[0] + 1));
                add(cases, new Case(shape[0], shape[1], shape[2], form, 1e-2f, true, soft, shape[0] + 2));
            }
        }
        return cases;
    }

    private static void add(Map<String, Case> cases, Case one) {
        cases.put(one.toString(), one);
    }

    @Test
    void forwardIsTheFormula() {
        cases().forEach((name, one) -> {
            for (boolean scalar : new boolean[] {false, true}) {
                MaskedAttention attention = one.attention(scalar);
                float[] scratch = new float[attention.scratchLength() + 3];
                float[] out = new float[one.queries * (HEADS * one.headDim + 1)];
                float[] columns = new float[one.n + 1];
                for (int head = 0; head < HEADS; head++) {
                    double[][] want = new double[one.queries][one.headDim];
                    double[] wantColumns = new double[one.n];
                    one.loss(head, widened(one.qkv), widened(one.bias), widened(one.mask), want, wantColumns);
                    attention.forward(head, one.queries, one.queries, one.qkv, 0, one.stride, one.bias, 0, one.mask,
                            0, out, 0, HEADS * one.headDim + 1, columns, 1, scratch, 3);
                    for (int i = 0; i < one.queries; i++) {
                        for (int c = 0; c < one.headDim; c++) {
                            float got = out[i * (HEADS * one.headDim + 1) + head * one.headDim + c];
                            assertThat((double) got).as("%s, head %d, query %d", name, head, i)
                                    .isCloseTo(want[i][c], offset(2e-5));
                        }
                    }
                    for (int j = 0; j < one.n; j++) {
                        assertThat((double) columns[1 + j]).as("%s, column %d", name, j)
                                .isCloseTo(wantColumns[j], offset(2e-5 * one.n));
                    }
                }
            }
        });
    }

    @Test
    void backwardIsTheCentralDifference() {
        cases().forEach((name, one) -> {
            for (boolean scalar : new boolean[] {false, true}) {
                check(name + (scalar ? ", scalar" : ""), one, scalar);
            }
        });
    }

    private static void check(String name, Case one, boolean scalar) {
        MaskedAttention attention = one.attention(scalar);
        float[] scratch = new float[attention.scratchLength()];
        int width = HEADS * one.headDim;
        float[] dQkv = new float[one.n * 3 * width];
        Arrays.fill(dQkv, Float.NaN);
        float[] dMask = new float[one.n];
        float[] dBias = new float[one.n];
        double[] x = widened(one.qkv);
        double[] b = one.bias == null ? new double[one.n] : widened(one.bias);
        double[] m = one.mask == null ? ones(one.n) : widened(one.mask);
        for (int head = 0; head < HEADS; head++) {
            attention.backward(head, one.queries, one.queries, one.qkv, 0, one.stride, one.bias, 0, one.mask, 0,
                    one.dOut, 0, width, one.dColumns, 0, dQkv, 0, 3 * width, dMask, 0, dBias, 0, scratch, 0);
            SplittableRandom random = new SplittableRandom(head);
            for (int sample = 0; sample < 12; sample++) {
                int i = random.nextInt(one.n);
                int c = random.nextInt(one.headDim);
                for (int part = 0; part < 3; part++) {
                    int column = (part * HEADS + head) * one.headDim + c;
                    close(dQkv[i * 3 * width + column], one.difference(head, x, i * one.stride + column, x, b, m),
                            name + ", d" + "qkv".charAt(part) + " of token " + i);
                }
                close(dBias[i], one.difference(head, b, i, x, b, m), name + ", bias " + i);
                close(dMask[i], one.difference(head, m, i, x, b, m), name + ", mask " + i);
            }
        }
        for (float value : dQkv) {
            assertThat(value).as(name).isFinite();
        }
    }

    private static void close(float got, double want, String what) {
        WorstErrors.note("attention, its masks and biases, differences",
                Math.abs(got - want) / Math.max(1, Math.abs(want)));
        assertThat((double) got).as(what)
                .isCloseTo(want, offset(1e-4 * Math.max(1, Math.abs(want))));
    }

    /** Without a mask the numbers are those of the attention that models run. */
    @Test
    void withoutMaskItIsAttention() {
        Case one = new Case(101, 101, 32, Form.KEYS, 0f, true, null, 5);
        MaskedAttention attention = one.attention(false);
        float[] got = new float[one.n * HEADS * one.headDim];
        float[] want = new float[got.length];
        for (int head = 0; head < HEADS; head++) {
            attention.forward(head, one.n, one.n, one.qkv, 0, one.stride, one.bias, 0, null, 0, got, 0,
                    HEADS * one.headDim, null, 0, new float[attention.scratchLength()], 0);
            new Attention(HEADS, one.headDim).tokens(one.n, one.qkv, 0, one.stride).keyBias(one.bias, 0)
                    .into(want, 0, HEADS * one.headDim)
                    .scratch(new float[Attention.scratchLength(one.n, one.headDim)], 0).head(head, one.n);
        }
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], offset(1e-5f));
        }
    }

    /** Queries without a result count in the column sums; backwards they are queries whose result has no gradient. */
    @Test
    void queriesThatAreNotAnsweredCountInTheColumnSums() {
        Case one = new Case(37, 30, 20, Form.KEYS, 1e-5f, true, new float[] {0f, 1f, 1f}, 3);
        int width = HEADS * one.headDim;
        int answered = 2;
        Arrays.fill(one.dOut, answered * width, one.dOut.length, 0f);
        for (boolean scalar : new boolean[] {false, true}) {
            MaskedAttention attention = one.attention(scalar);
            float[] scratch = new float[attention.scratchLength()];
            float[][] results = new float[2][];
            for (int i = 0; i < results.length; i++) {
                int count = i == 0 ? one.queries : answered;
                float[] out = new float[one.queries * width];
                float[] columns = new float[one.n];
                float[] dQkv = new float[one.n * 3 * width];
                float[] dMask = new float[one.n];
                attention.forward(1, one.queries, count, one.qkv, 0, one.stride, one.bias, 0, one.mask, 0, out, 0,
                        width, columns, 0, scratch, 0);
                assertThat(out[answered * width + width - 1] != 0).as("a row after them").isEqualTo(i == 0);
                Arrays.fill(out, answered * width, out.length, 0f);
                attention.backward(1, one.queries, count, one.qkv, 0, one.stride, one.bias, 0, one.mask, 0, one.dOut,
                        0, width, one.dColumns, 0, dQkv, 0, 3 * width, dMask, 0, null, 0, scratch, 0);
                results[i] = together(out, columns, dQkv, dMask);
            }
            assertThat(results[1]).isEqualTo(results[0]);
        }
    }

    private static float[] together(float[]... parts) {
        float[] all = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int to = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, to, part.length);
            to += part.length;
        }
        return all;
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MaskedAttention(4, 1, 4, Form.KEYS, -1f))
                .withMessage("epsilon is -1.0, expected 0 or more");
        MaskedAttention attention = new MaskedAttention(4, 1, 4, Form.KEYS, 0f);
        float[] qkv = new float[4 * 12];
        float[] scratch = new float[attention.scratchLength()];
        assertThatThrownBy(() -> attention.forward(1, 4, 4, qkv, 0, 12, null, 0, null, 0, new float[16], 0, 4, null, 0,
                scratch, 0)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("head");
        assertThatThrownBy(() -> attention.forward(0, 4, 4, qkv, 0, 12, null, 0, new float[3], 0, new float[16], 0, 4,
                null, 0, scratch, 0)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("mask");
        assertThatThrownBy(() -> attention.forward(0, 4, 4, qkv, 0, 12, null, 0, null, 0, new float[16], 0, 4, null, 0,
                new float[9], 0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("scratch");
    }

    private static double[] ones(int n) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double[] widened(float[] x) {
        if (x == null) {
            return null;
        }
        double[] wide = new double[x.length];
        Arrays.setAll(wide, i -> x[i]);
        return wide;
    }
}
