package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** An output that meets an input in one array is refused before anything is written, and both are named. */
class OverlapTest {

    private static final int ROWS = 3;
    private static final int WIDTH = 4;
    private static final int SPAN = ROWS * WIDTH;
    private static final int[] LIST = {0, 1, 2};

    /** A kernel from one place of an array to another of the same array. */
    private interface Kernel {
        void call(float[] array, int offset, int outOffset, int outStride);
    }

    private static void refused(String input, String output, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(input + " and " + output + " overlap: one array holds ");
    }

    /** One element in common is refused, none is not, on either side; other arrays may have any offsets. */
    private static void check(String input, String output, boolean inPlace, int span, Kernel kernel) {
        float[] array = new float[4 * span + 1];
        kernel.call(array, span, 0, WIDTH);
        kernel.call(array, 0, span, WIDTH);
        refused(input, output, () -> kernel.call(array, 0, span - 1, WIDTH));
        refused(input, output, () -> kernel.call(array, SPAN - 1, 0, WIDTH));
        if (inPlace) {
            kernel.call(array, 0, 0, WIDTH);
        } else {
            refused(input, output, () -> kernel.call(array, 0, 0, WIDTH));
        }
    }

    @Test
    void rowsThatMeet() {
        PackedMatrix b = PackedMatrix.of(new float[WIDTH * WIDTH], 0, WIDTH, WIDTH, WIDTH, null);
        float[] one = new float[WIDTH];
        check("a", "c", false, SPAN, (x, from, to, stride) ->
                Gemm.multiply(ROWS, x, from, WIDTH, b, Gemm.Epilogue.NONE, x, to, stride));
        check("x", "out", true, SPAN, (x, from, to, stride) ->
                Softmax.rows(x, from, WIDTH, ROWS, WIDTH, x, to, stride));
        check("x", "out", true, SPAN, (x, from, to, stride) ->
                LayerNorm.rows(x, from, WIDTH, ROWS, WIDTH, one, one, 1e-6f, x, to, stride));
        check("x", "out", true, SPAN, (x, from, to, stride) ->
                RmsNorm.rows(x, from, WIDTH, ROWS, WIDTH, one, 1e-5f, x, to, stride));
        check("x", "out", true, SPAN, (x, from, to, stride) -> Gelu.apply(x, from, SPAN, x, to));
        check("x", "out", false, SPAN, (x, from, to, stride) ->
                Gather.rows(x, from, WIDTH, LIST, 0, ROWS, WIDTH, x, to, stride));
        check("x", "out", false, SPAN, (x, from, to, stride) ->
                MergeRows.apply(x, from, WIDTH, LIST, ROWS, LIST, null, null, WIDTH, x, to, stride));
        check("x", "out", false, SPAN, (x, from, to, stride) ->
                MergeRows.max(x, from, WIDTH, LIST, ROWS, LIST, null, WIDTH, x, to, stride));
        check("dOut", "dIn", false, SPAN, (x, from, to, stride) ->
                MergeRows.transposed(x, from, WIDTH, LIST, null, ROWS, WIDTH, x, to, stride));
    }

    @Test
    void rowsOfGradientsThatMeet() {
        float[] one = new float[SPAN];
        float[] sums = new float[2 * WIDTH];
        check("a", "c", false, WIDTH * WIDTH, (x, from, to, stride) -> TransposedGemm.multiply(WIDTH, WIDTH, WIDTH, x,
                from, WIDTH, new float[WIDTH * WIDTH], 0, WIDTH, false, x, to, stride));
        check("b", "c", false, WIDTH * WIDTH, (x, from, to, stride) -> TransposedGemm.multiply(WIDTH, WIDTH, WIDTH,
                new float[WIDTH * WIDTH], 0, WIDTH, x, from, WIDTH, true, x, to, stride));
        check("x", "dx", false, SPAN, (x, from, to, stride) -> LayerNormGradient.rows(x, from, WIDTH, ROWS, WIDTH,
                sums, 0, one, one, 0, WIDTH, x, to, stride, null, 0, null, 0));
        check("dy", "dx", false, SPAN, (x, from, to, stride) -> LayerNormGradient.rows(one, 0, WIDTH, ROWS, WIDTH,
                sums, 0, one, x, from, WIDTH, x, to, stride, null, 0, null, 0));
        check("x", "dx", false, SPAN, (x, from, to, stride) ->
                GeluGradient.apply(SPAN, x, from, one, 0, one, 0, x, to));
        check("gelu", "dx", false, SPAN, (x, from, to, stride) ->
                GeluGradient.apply(SPAN, one, 0, x, from, one, 0, x, to));
        check("dy", "dx", true, SPAN, (x, from, to, stride) ->
                GeluGradient.apply(SPAN, one, 0, one, 0, x, from, x, to));
        check("x", "out", true, SPAN, (x, from, to, stride) ->
                GeluGradient.slopes(SPAN, x, from, one, 0, x, to));
        check("gelu", "out", false, SPAN, (x, from, to, stride) ->
                GeluGradient.slopes(SPAN, one, 0, x, from, x, to));
        check("logits", "d", true, SPAN, (x, from, to, stride) ->
                CrossEntropy.label(SPAN, x, from, 1, 0, 1, x, to));
        check("target", "d", true, SPAN, (x, from, to, stride) ->
                CrossEntropy.row(SPAN, one, 0, x, from, 1, x, to));
        check("student", "d", false, SPAN, (x, from, to, stride) ->
                KullbackLeibler.row(SPAN, x, from, one, 0, 1, x, to));
        check("teacher", "d", false, SPAN, (x, from, to, stride) ->
                KullbackLeibler.row(SPAN, one, 0, x, from, 1, x, to));
    }

    @Test
    void sumsThatMeetWhatIsAddedUp() {
        float[] array = new float[4 * SPAN];
        float[] one = new float[SPAN];
        refused("x", "sums", () -> ColumnSums.add(array, 0, WIDTH, ROWS, WIDTH, array, SPAN - 1));
        ColumnSums.add(array, 0, WIDTH, ROWS, WIDTH, array, SPAN);
        refused("x", "dWeight", () -> LayerNormGradient.rows(array, 0, WIDTH, ROWS, WIDTH, one, 0, one, one, 0, WIDTH,
                new float[SPAN], 0, WIDTH, array, SPAN - 1, array, 2 * SPAN));
        refused("dy", "dBias", () -> LayerNormGradient.rows(one, 0, WIDTH, ROWS, WIDTH, one, 0, one, array, 0, WIDTH,
                new float[SPAN], 0, WIDTH, array, 2 * SPAN, array, SPAN - 1));
        refused("dx", "dWeight", () -> LayerNormGradient.rows(one, 0, WIDTH, ROWS, WIDTH, one, 0, one, one, 0, WIDTH,
                array, 0, WIDTH, array, 0, array, 2 * SPAN));
        refused("dWeight", "dBias", () -> LayerNormGradient.rows(one, 0, WIDTH, ROWS, WIDTH, one, 0, one, one, 0, WIDTH,
                new float[SPAN], 0, WIDTH, array, 0, array, WIDTH - 1));
    }

    @Test
    void maskedAttentionNeedsItsArraysApart() {
        MaskedAttention attention = new MaskedAttention(ROWS, 1, WIDTH, MaskedAttention.Form.KEYS, 0f);
        int three = 3 * WIDTH;
        float[] x = new float[10 * SPAN + attention.scratchLength()];
        float[] scratch = new float[attention.scratchLength()];
        float[] out = new float[SPAN];
        refused("qkv", "out", () -> attention.forward(0, ROWS, ROWS, x, 0, three, null, 0, null, 0, x, 3 * SPAN - 1,
                WIDTH, null, 0, scratch, 0));
        refused("qkv", "scratch", () -> attention.forward(0, ROWS, ROWS, x, 0, three, null, 0, null, 0, out, 0, WIDTH,
                null, 0, x, 3 * SPAN - 1));
        refused("out", "scratch", () -> attention.forward(0, ROWS, ROWS, new float[3 * SPAN], 0, three, null, 0, null,
                0, x, 0, WIDTH, null, 0, x, SPAN - 1));
        attention.forward(0, ROWS, ROWS, x, 0, three, null, 0, null, 0, x, 3 * SPAN, WIDTH, null, 0, x, 4 * SPAN);
        refused("qkv", "dQkv", () -> attention.backward(0, ROWS, ROWS, x, 0, three, null, 0, null, 0, out, 0, WIDTH,
                null, 0, x, 1, three, null, 0, null, 0, scratch, 0));
        refused("dOut", "dQkv", () -> attention.backward(0, ROWS, ROWS, new float[3 * SPAN], 0, three, null, 0, null,
                0, x, 0, WIDTH, null, 0, x, SPAN - 1, three, null, 0, null, 0, scratch, 0));
        refused("dQkv", "scratch", () -> attention.backward(0, ROWS, ROWS, new float[3 * SPAN], 0, three, null, 0,
                null, 0, out, 0, WIDTH, null, 0, x, 0, three, null, 0, null, 0, x, 3 * SPAN - 1));
        attention.backward(0, ROWS, ROWS, x, 0, three, null, 0, null, 0, x, 3 * SPAN, WIDTH, null, 0, x, 4 * SPAN,
                three, null, 0, null, 0, x, 7 * SPAN);
    }

    @Test
    void headsThatMeet() {
        int heads = 2;
        check("x", "out", false, heads * SPAN, (x, from, to, stride) ->
                HeadMax.reduce(x, from, SPAN, heads, WIDTH, ROWS, WIDTH, x, to, stride));
        check("x", "out", false, heads * SPAN, (x, from, to, stride) ->
                HeadMean.reduce(x, from, SPAN, heads, WIDTH, ROWS, WIDTH, x, to, stride));
    }

    @Test
    void rowsOfOneStrideMayStandSideBySide() {
        float[] array = new float[ROWS * 2 * WIDTH];
        assertThatCode(() -> Softmax.rows(array, 0, 2 * WIDTH, ROWS, WIDTH, array, WIDTH, 2 * WIDTH))
                .doesNotThrowAnyException();
        assertThatCode(() -> Softmax.rows(array, WIDTH, 2 * WIDTH, ROWS, WIDTH, array, 0, 2 * WIDTH))
                .doesNotThrowAnyException();
        refused("x", "out", () -> Softmax.rows(array, 0, 2 * WIDTH, ROWS, WIDTH, array, WIDTH - 1, 2 * WIDTH));
        refused("x", "out", () -> Softmax.rows(array, 0, 2 * WIDTH, ROWS - 1, WIDTH, array, WIDTH, WIDTH));
    }

    @Test
    void onlyRowsThatAreCopiedCount() {
        float[] array = new float[2 * SPAN];
        assertThatCode(() -> Gather.rows(array, 0, WIDTH, new int[] {5, 4}, 0, 2, WIDTH, array, 0, WIDTH))
                .doesNotThrowAnyException();
        refused("x", "out", () -> Gather.rows(array, 0, WIDTH, new int[] {5, 1}, 0, 2, WIDTH, array, 0, WIDTH));
        assertThatCode(() -> Gather.rows(array, 0, WIDTH, LIST, 0, 0, WIDTH, array, 0, WIDTH))
                .doesNotThrowAnyException();
    }

    @Test
    void matchingNeedsItsArraysApart() {
        float[] x = new float[1000];
        float[] best = new float[ROWS];
        float[] scratch = new float[1000];
        int[] partner = new int[ROWS];
        refused("metric", "best", () ->
                BipartiteMatching.alternating(x, 1, WIDTH, ROWS, WIDTH, 0, x, partner, scratch));
        refused("metric", "scratch", () ->
                BipartiteMatching.alternating(x, 1, WIDTH, ROWS, WIDTH, 0, best, partner, x));
        refused("best", "scratch", () ->
                BipartiteMatching.alternating(x, 1, WIDTH, ROWS, WIDTH, 0, scratch, partner, scratch));
        refused("x", "scratch", () ->
                BipartiteMatching.nearest(x, 0, WIDTH, WIDTH, LIST, 0, 1, LIST, 1, 2, 0f, best, partner, x));
        BipartiteMatching.alternating(x, 2, WIDTH, ROWS, WIDTH, 0, x, partner, scratch);
    }

    @Test
    void nothingIsWrittenBefore() {
        float[] array = {1, 2, 3, 4, 5};
        refused("x", "out", () -> Softmax.rows(array, 0, 4, 1, 4, array, 1, 4));
        assertThat(array).containsExactly(1, 2, 3, 4, 5);
    }
}
