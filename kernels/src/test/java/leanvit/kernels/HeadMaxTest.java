package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** {@link HeadMax} against its formula, bit for bit. */
class HeadMaxTest {

    private static final float INFINITY = Float.POSITIVE_INFINITY;

    /** The public kernel and both its twins. */
    private static List<HeadMax.Implementation> kernels() {
        List<HeadMax.Implementation> kernels = new ArrayList<>();
        kernels.add(HeadMax::reduce);
        kernels.add(ScalarHeadMax.KERNEL);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.add(SimdHeadMax.KERNEL);
        }
        return kernels;
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        float[] out = new float[77];
        HeadMax.reduce(golden.floats("heads.x"), 0, 77, 3, 11, 7, 11, out, 0, 11);
        assertThat(out).isEqualTo(golden.floats("heads.max"));
    }

    /** Few rows, and as many as it takes for vector code to serve. */
    @Test
    void isExactAtEverySize() {
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
                float max = Float.NEGATIVE_INFINITY;
                for (int h = 0; h < heads; h++) {
                    float value = values[(r * heads + h) * columns + c];
                    max = value > max ? value : max;
                }
                want.set(r, c, max);
            }
        }
        Guarded beside = Guarded.of(values, rows, heads * columns, 6, 3);
        Guarded apart = Guarded.empty(heads * rows, columns, 5, 2);
        for (int r = 0; r < rows; r++) {
            for (int h = 0; h < heads; h++) {
                System.arraycopy(values, (r * heads + h) * columns, apart.array(), apart.row(h * rows + r), columns);
            }
        }
        for (HeadMax.Implementation kernel : kernels()) {
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
    void nanNeverWinsAndTheFirstZeroStays() {
        float[][] heads = {
            {Float.NaN, -INFINITY, -0f, 0f, -3f, Float.NaN, Float.NaN, -1f},
            {Float.NaN, Float.NaN, 0f, -0f, -0f, -2f, 3f, Float.NaN},
            {Float.NaN, -INFINITY, 0f, -0f, 0f, Float.NaN, INFINITY, -0.5f}};
        float[] want = {-INFINITY, -INFINITY, -0f, 0f, -0f, -2f, INFINITY, -0.5f};
        for (int columns : new int[] {8, 320}) {
            int rows = 9;
            float[] x = new float[3 * rows * columns];
            for (int i = 0; i < x.length; i++) {
                x[i] = heads[i / (rows * columns)][i % 8];
            }
            for (HeadMax.Implementation kernel : kernels()) {
                float[] out = new float[rows * columns];
                kernel.reduce(x, 0, rows * columns, 3, columns, rows, columns, out, 0, columns);
                for (int i = 0; i < out.length; i++) {
                    assertThat(Float.floatToRawIntBits(out[i])).as("%s of %d columns, case %d", kernel, columns, i % 8)
                            .isEqualTo(Float.floatToRawIntBits(want[i % 8]));
                }
            }
        }
    }

    /** The form that attention uses, a head at a time. */
    @Test
    void raiseKeepsTheLargerOfMaximumAndScaledValue() {
        Assumptions.assumeTrue(SimdProbe.MODULE_PRESENT);
        SplittableRandom random = new SplittableRandom(10);
        for (int vectors = 0; vectors < 9; vectors++) {
            int columns = vectors * Lanes.L;
            float factor = random.nextInt(-2, 3) / 3f;
            Guarded x = Guarded.of(Awkward.strangeValues(random, columns), 1, columns, 3, 0);
            Guarded max = Guarded.of(Awkward.values(random, columns, 1), 1, columns, 7, 0);
            Guarded want = max.copy();
            for (int c = 0; c < columns; c++) {
                float scaled = x.get(0, c) * factor;
                want.set(0, c, scaled > want.get(0, c) ? scaled : want.get(0, c));
            }
            SimdHeadMax.raise(columns, factor, x.array(), 3, max.array(), 7);
            max.assertGuardsUntouched(() -> "raise of " + columns);
            max.assertSameBits(want, () -> "raise of " + columns + " by " + factor);
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> HeadMax.reduce(new float[11], 0, 4, 3, 4, 1, 4, new float[4], 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> HeadMax.reduce(new float[12], 0, 4, 3, 4, 1, 4, new float[4], 1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
        assertThatThrownBy(() -> HeadMax.reduce(new float[12], 0, 4, 0, 4, 1, 4, new float[4], 0, 4))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("heads is 0");
    }
}
