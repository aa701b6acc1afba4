package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.kernels.Swish.Form;
import leanvit.testdata.Awkward;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link Swish} against double precision, value by value over its whole range. */
class SwishTest {

    private interface Kernel {
        void apply(Form form, float[] x, int offset, int n, float[] out, int outOffset);
    }

    private static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        kernels.put("swish", Swish::apply);
        kernels.put("scalar swish", ScalarSwish.KERNEL::apply);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD swish", SimdSwish.KERNEL::apply);
        }
        return kernels;
    }

    /** From the formulas as papers have them: a sigmoid, and a hyperbolic tangent. */
    private static double exact(Form form, double x) {
        return switch (form) {
            case SILU -> x / (1 + Math.exp(-x));
            case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void isWithinItsBoundOverItsRange(Form form) {
        for (float most : new float[] {1e-20f, 0.01f, 12f, 200f, 1e6f, 1e30f}) {
            float[] x = new float[100_003];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) (most * (2.0 * i / (x.length - 1) - 1));
            }
            float[] got = run(Swish::apply, form, x);
            for (int i = 0; i < x.length; i++) {
                double want = exact(form, x[i]);
                assertThat(Math.abs(got[i] - want)).as("%s(%s) = %s, exactly %s", form, x[i], got[i], want)
                        .isLessThanOrEqualTo(3e-7 * Math.max(most < 1 ? Math.abs(x[i]) : 1, Math.abs(x[i])));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void infiniteHugeAndMissingValuesAreAsDocumented(Form form) {
        float inf = Float.POSITIVE_INFINITY;
        float[] x = {inf, Float.NaN, 1e30f, 3e38f, 0f, -0f, -inf, -3e38f, -1e30f, -129f, -128f};
        kernels().forEach((name, kernel) -> {
            // In the lanes of a vector and in the tail.
            float[] many = new float[7 * x.length];
            for (int i = 0; i < many.length; i++) {
                many[i] = x[i % x.length];
            }
            float[] got = run(kernel, form, many);
            for (int i = 0; i < many.length; i++) {
                if (i % x.length < 6) {
                    assertThat(got[i] == many[i] || Float.isNaN(got[i]) && Float.isNaN(many[i]))
                            .as("%s(%s) = %s", name, many[i], got[i]).isTrue();
                } else {
                    assertThat(got[i]).as("%s(%s)", name, many[i]).isBetween(-1e-35f, 0f);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void everyElementHasTheScalarBitsAtEverySizeAndOffset(Form form) {
        Assumptions.assumeTrue(Provider.FMA, "without FMA the scalar code rounds products");
        for (int n : new int[] {0, 1, 3, 15, 16, 17, 63, 208, 209, 1023, 1024, 1025, 2060}) {
            float[] x = Awkward.values(new SplittableRandom(n), n, 12f);
            for (int offset : new int[] {0, 3}) {
                kernels().forEach((name, kernel) -> {
                    Guarded in = Guarded.of(x, 1, n, offset, 0);
                    Guarded out = Guarded.empty(1, n, offset + 2, 0);
                    kernel.apply(form, in.array(), offset, n, out.array(), offset + 2);
                    out.assertGuardsUntouched(() -> name + " of " + n);
                    kernel.apply(form, in.array(), offset, n, in.array(), offset);
                    for (int i = 0; i < n; i++) {
                        int want = Float.floatToIntBits(ScalarMath.swish(form.minusA, form.minusB, x[i]));
                        assertThat(Float.floatToIntBits(out.get(0, i))).as("%s(%s), %d of %d", name, x[i], i, n)
                                .isEqualTo(want);
                        assertThat(Float.floatToIntBits(in.get(0, i))).as("in place").isEqualTo(want);
                    }
                });
            }
        }
    }

    private static float[] run(Kernel kernel, Form form, float... x) {
        float[] out = new float[x.length];
        kernel.apply(form, x, 0, x.length, out, 0);
        return out;
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> Swish.apply(Form.SILU, new float[9], 0, 10, new float[10], 0))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> Swish.apply(Form.SILU, new float[10], 0, 10, new float[10], 1))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
    }
}
