package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import org.junit.jupiter.api.Test;

/** {@link Rotary} against complex numbers in double precision. */
class RotaryTest {

    private static Map<String, Rotary.Implementation> kernels() {
        Map<String, Rotary.Implementation> kernels = new LinkedHashMap<>();
        kernels.put("rotary", (rows, heads, half, x, offset, stride, angles, at, step) ->
                Rotary.rows(rows, heads, 2 * half, x, offset, stride, angles, at, step));
        kernels.put("scalar rotary", ScalarRotary.KERNEL);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD rotary", SimdRotary.KERNEL);
        }
        return kernels;
    }

    private static float[] angles(SplittableRandom random, int rows, int half) {
        float[] angles = new float[rows * 2 * half];
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < half; k++) {
                double angle = random.nextDouble(-7, 7);
                angles[r * 2 * half + k] = (float) Math.cos(angle);
                angles[r * 2 * half + half + k] = (float) Math.sin(angle);
            }
        }
        return angles;
    }

    @Test
    void everyWidthOfAHeadMatchesTheFormulaAndTheTwin() {
        for (int half : new int[] {0, 1, 2, 3, 4, 8, 15, 16, 17, 31, 32, 33, 40, 52}) {
            for (int heads : new int[] {0, 1, 2, 5}) {
                check(6, heads, half);
            }
        }
        check(0, 3, 8);
        check(1, 12, 32);
    }

    private static void check(int rows, int heads, int half) {
        SplittableRandom random = new SplittableRandom(31L * half + heads);
        int width = 2 * half * heads;
        float[] x = Awkward.values(random, rows * width, 2f);
        float[] angles = angles(random, rows, half);
        int[] bits = new int[x.length];
        kernels().forEach((name, kernel) -> {
            Guarded guarded = Guarded.of(x, rows, width, 3, 4);
            Guarded turns = Guarded.of(angles, rows, 2 * half, 2, 1);
            kernel.rows(rows, heads, half, guarded.array(), guarded.offset(), guarded.stride(), turns.array(),
                    turns.offset(), turns.stride());
            guarded.assertGuardsUntouched(() -> name);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < width; c++) {
                    int k = c % (2 * half) % half;
                    boolean second = c % (2 * half) >= half;
                    double a = x[r * width + c];
                    double b = x[r * width + (second ? c - half : c + half)];
                    double cos = angles[r * 2 * half + k];
                    double sin = angles[r * 2 * half + half + k];
                    double want = a * cos + (second ? b : -b) * sin;
                    float got = guarded.get(r, c);
                    assertThat(Math.abs(got - want)).as("%s, %d heads of %d, [%d, %d]", name, heads, 2 * half, r, c)
                            .isLessThanOrEqualTo(2e-7 * Math.hypot(a, b));
                    int i = r * width + c;
                    bits[i] = name.equals("rotary") ? Float.floatToRawIntBits(got) : bits[i];
                    assertThat(Float.floatToRawIntBits(got)).as("%s has the twin's bits", name).isEqualTo(bits[i]);
                }
            }
        });
    }

    @Test
    void angleZeroChangesNothing() {
        float[] x = Awkward.values(new SplittableRandom(1), 2 * 96, 3f);
        float[] angles = new float[2 * 48];
        for (int r = 0; r < 2; r++) {
            Arrays.fill(angles, r * 48, r * 48 + 24, 1f);
        }
        float[] got = x.clone();
        Rotary.rows(2, 2, 48, got, 0, 96, angles, 0, 48);
        assertThat(got).containsExactly(x);
    }

    @Test
    void nanStaysInItsPlane() {
        float[] x = new float[64];
        x[5] = Float.NaN;
        Rotary.rows(1, 2, 32, x, 0, 64, angles(new SplittableRandom(2), 1, 16), 0, 32);
        for (int c = 0; c < 64; c++) {
            assertThat(Float.isNaN(x[c])).as("channel %d", c).isEqualTo(c == 5 || c == 21);
        }
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        float[] x = new float[16];
        assertThatThrownBy(() -> Rotary.rows(1, 2, 7, x, 0, 16, new float[8], 0, 8))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("headDim is 7");
        assertThatThrownBy(() -> Rotary.rows(2, 2, 8, x, 0, 16, new float[16], 0, 8))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> Rotary.rows(1, 2, 8, x, 0, 16, new float[7], 0, 8))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("angles:");
        assertThatThrownBy(() -> Rotary.rows(1, -1, 8, x, 0, 16, new float[8], 0, 8))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("heads is -1");
    }
}
