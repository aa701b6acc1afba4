package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** {@link HeadMean} against a double reference within its bound, and against its formula in floats, bit for bit. */
class HeadMeanTest {

    /** The public kernel and both its twins. */
    private static List<HeadMean.Implementation> kernels() {
        List<HeadMean.Implementation> kernels = new ArrayList<>();
        kernels.add(HeadMean::reduce);
        kernels.add(ScalarHeadMean.KERNEL);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.add(SimdHeadMean.KERNEL);
        }
        return kernels;
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        float[] out = new float[77];
        HeadMean.reduce(golden.floats("heads.x"), 0, 77, 3, 11, 7, 11, out, 0, 11);
        assertThat(out).containsExactly(golden.floats("heads.mean"), Offset.offset(1e-6f));
    }

    /** Few rows, and as many as it takes for vector code to serve. */
    @Test
    void isWithinItsBoundAtEverySize() {
        SplittableRandom random = new SplittableRandom(9);
        for (int columns : Awkward.sizes(197)) {
            for (int heads : new int[] {1, 2, 3, 12}) {
                int many = 4096 / Math.max(1, columns * heads) + 1;
                for (int rows : new int[] {0, 1, 4, many}) {
                    check(Awkward.values(random, rows * heads * columns, 1), heads, rows, columns);
                    check(Awkward.strangeValues(random, rows * heads * columns), heads, rows, columns);
                }
            }
        }
    }

    /** Once with heads side by side, as in a qkv matrix, and once with a matrix a head, as in an attention map. */
    private static void check(float[] values, int heads, int rows, int columns) {
        Guarded want = Guarded.empty(rows, columns, 2, 1);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                float sum = 0f;
                double exact = 0;
                double magnitudes = 0;
                for (int h = 0; h < heads; h++) {
                    float value = values[(r * heads + h) * columns + c];
                    sum += value;
                    exact += value;
                    magnitudes += Math.abs(value);
                }
                float mean = sum * (1f / heads);
                want.set(r, c, mean);
                // Beyond this magnitude a sum of floats may overflow; NaN is not below it, either.
                if (magnitudes < 1e38) {
                    assertThat(Math.abs(mean - exact / heads)).as("%d heads", heads)
                            .isLessThanOrEqualTo((heads + 1) * 0x1p-24 * magnitudes / heads + Float.MIN_VALUE);
                }
            }
        }
        Guarded beside = Guarded.of(values, rows, heads * columns, 6, 3);
        Guarded apart = Guarded.empty(heads * rows, columns, 5, 2);
        for (int r = 0; r < rows; r++) {
            for (int h = 0; h < heads; h++) {
                System.arraycopy(values, (r * heads + h) * columns, apart.array(), apart.row(h * rows + r), columns);
            }
        }
        for (HeadMean.Implementation kernel : kernels()) {
            Guarded out = Guarded.empty(rows, columns, 2, 1);
            kernel.reduce(beside.array(), 6, columns, heads, beside.stride(), rows, columns,
                    out.array(), 2, out.stride());
            out.assertGuardsUntouched(() -> kernel + " of " + rows + " x " + columns);
            out.assertSameBits(want, () -> kernel + ", heads side by side");
            Guarded second = Guarded.empty(rows, columns, 2, 1);
            kernel.reduce(apart.array(), 5, rows * apart.stride(), heads, apart.stride(), rows, columns,
                    second.array(), 2, second.stride());
            second.assertGuardsUntouched(() -> kernel + " of " + rows + " x " + columns);
            second.assertSameBits(want, () -> kernel + ", a matrix a head");
        }
    }

    @Test
    void nanAndInfinitiesFollowArithmetic() {
        float inf = Float.POSITIVE_INFINITY;
        float[][] heads = {{Float.NaN, inf, inf, -0f}, {1f, 2f, -inf, -0f}};
        float[] want = {Float.NaN, inf, Float.NaN, 0f};
        for (int columns : new int[] {4, 320}) {
            int rows = 9;
            float[] x = new float[2 * rows * columns];
            for (int i = 0; i < x.length; i++) {
                x[i] = heads[i / (rows * columns)][i % 4];
            }
            for (HeadMean.Implementation kernel : kernels()) {
                float[] out = new float[rows * columns];
                kernel.reduce(x, 0, rows * columns, 2, columns, rows, columns, out, 0, columns);
                for (int i = 0; i < out.length; i++) {
                    assertThat(Float.floatToIntBits(out[i])).as("%s of %d columns, case %d", kernel, columns, i % 4)
                            .isEqualTo(Float.floatToIntBits(want[i % 4]));
                }
            }
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> HeadMean.reduce(new float[11], 0, 4, 3, 4, 1, 4, new float[4], 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> HeadMean.reduce(new float[12], 0, 4, 3, 4, 1, 4, new float[4], 1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
        assertThatThrownBy(() -> HeadMean.reduce(new float[12], 0, 4, 3, 4, 1, 4, new float[4], 0, 3))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("stride of out is 3");
    }
}
