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
