package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** {@link Gelu} against double precision, value by value over its whole range. */
class GeluTest {

    private interface Kernel {
        void apply(float[] x, int offset, int n, float[] out, int outOffset);
    }

    private static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        kernels.put("gelu", Gelu::apply);
        kernels.put("scalar gelu", ScalarGelu.KERNEL::apply);
        if (SimdProbe.MODULE_PRESENT) {
            kernels.put("SIMD gelu", SimdGelu.KERNEL::apply);
        }
        return kernels;
    }

    /** The contract's {@code 1.4e-7 * max(1, |x|)}, and its 10 ulp where x is positive. */
    @Test
    void isWithinItsBoundOverItsRange() {
        float[] x = sweep(-12f, 12f);
        float[] got = run(Gelu::apply, x);
        for (int i = 0; i < x.length; i++) {
            double want = exact(x[i]);
            assertThat(Math.abs(got[i] - want)).as("gelu(%s) = %s", x[i], got[i])
                    .isLessThanOrEqualTo(1.4e-7 * Math.max(1, Math.abs(x[i])));
            if (x[i] > 0) {
                assertThat(Math.abs(got[i] - want)).as("gelu(%s) = %s", x[i], got[i])
                        .isLessThanOrEqualTo(10 * Math.ulp((float) want));
            }
        }
    }

    /** Every magnitude, down to the subnormals, where 1.4e-7 says little but 10 ulp do. */
    @Test
    void smallPositiveValuesAreWithinTenUlp() {
        float[] x = new float[200_000];
        for (int i = 0; i < x.length; i++) {
            x[i] = Float.intBitsToFloat((int) ((long) Float.floatToRawIntBits(1f) * (i + 1) / x.length));
        }
        float[] got = run(Gelu::apply, x);
        for (int i = 0; i < x.length; i++) {
            double want = exact(x[i]);
            assertThat(Math.abs(got[i] - want)).as("gelu(%s) = %s", x[i], got[i])
                    .isLessThanOrEqualTo(10 * Math.ulp((float) want));
        }
    }

    @Test
    void infiniteHugeAndMissingValuesAreAsDocumented() {
        float inf = Float.POSITIVE_INFINITY;
        float[] x = {-inf, inf, Float.NaN, -1e30f, 1e30f, 0f, -0f, -8f, -8.1f};
        float[] want = {0f, inf, Float.NaN, 0f, 1e30f, 0f, 0f, 0f, 0f};
        kernels().forEach((name, kernel) -> {
            // Eleven times over: in the lanes of a vector, in the tail, and at other places of both.
            float[] many = new float[11 * x.length];
            for (int i = 0; i < many.length; i++) {
                many[i] = x[i % x.length];
            }
            float[] got = run(kernel, many);
            for (int i = 0; i < many.length; i++) {
                assertThat(got[i] == want[i % x.length] || Float.isNaN(got[i]) && Float.isNaN(want[i % x.length]))
                        .as("%s(%s) = %s", name, many[i], got[i]).isTrue();
            }
        });
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_gelu");
        float[] x = golden.floats("x");
        float[] got = run(Gelu::apply, x);
        double[] want = golden.doubles("y64");
        assertThat(want).hasSize(got.length);
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs(got[i] - want[i])).as("element %d", i)
                    .isLessThanOrEqualTo(1.4e-7 * Math.max(1, Math.abs(x[i])));
        }
    }

    /** Vector and scalar code share their polynomials, operation for operation. */
    @Test
    void everyElementHasTheScalarBitsAtEverySizeAndOffset() {
        float[] values = sweep(-20f, 20f);
        for (int n : Awkward.sizes(197)) {
            float[] x = new float[n];
            for (int i = 0; i < n; i++) {
                x[i] = values[(i * 7919 + n) % values.length];
            }
            for (int offset : new int[] {0, 3}) {
                kernels().forEach((name, kernel) -> assertSame(kernel, x, offset, ScalarMath::gelu, name));
            }
        }
    }

    @Test
    void scalarAndSimdTwinsAgreeBitForBitOnZerosAndExtremes() {
        Assumptions.assumeTrue(Provider.FMA, "without FMA the scalar code rounds products");
        float[] odd = {-0f, 0f, -8f, 8f, Math.nextUp(-8f), Math.nextDown(-8f), Float.MIN_VALUE, -Float.MIN_VALUE, 1e30f,
            -1e30f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, Float.MIN_NORMAL, -Float.MIN_NORMAL,
            1f, -1f};
        float[] x = Arrays.copyOf(odd, 500);
        System.arraycopy(sweep(-9f, 9f), 90_000, x, odd.length, x.length - odd.length);
        float[] simd = run(SimdGelu.KERNEL::apply, x);
        float[] scalar = run(ScalarGelu.KERNEL::apply, x);
        for (int i = 0; i < x.length; i++) {
            assertThat(Float.floatToIntBits(scalar[i])).as("gelu(%s)", x[i]).isEqualTo(Float.floatToIntBits(simd[i]));
        }
    }

    private interface Scalar {
        float of(float x);
    }

    private static void assertSame(Kernel kernel, float[] x, int offset, Scalar scalar, String name) {
        Guarded in = Guarded.of(x, 1, x.length, offset, 0);
        Guarded out = Guarded.empty(1, x.length, offset + 2, 0);
        kernel.apply(in.array(), offset, x.length, out.array(), offset + 2);
        out.assertGuardsUntouched(() -> name + " of " + x.length);
        kernel.apply(in.array(), offset, x.length, in.array(), offset);
        for (int i = 0; i < x.length; i++) {
            int want = Float.floatToIntBits(scalar.of(x[i]));
            assertThat(Float.floatToIntBits(out.get(0, i))).as("%s(%s), %d of %d", name, x[i], i, x.length)
                    .isEqualTo(want);
            assertThat(Float.floatToIntBits(in.get(0, i))).as("in place").isEqualTo(want);
        }
    }

    private static float[] run(Kernel kernel, float... x) {
        float[] out = new float[x.length];
        kernel.apply(x, 0, x.length, out, 0);
        return out;
    }

    private static float[] sweep(float from, float to) {
        float[] x = new float[200_003];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (from + ((double) to - from) * i / (x.length - 1));
        }
        return x;
    }

    private static double exact(float x) {
        return Exact.gelu(x);
    }

    @Test
    void argumentsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> Gelu.apply(new float[9], 0, 10, new float[10], 0))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("x:");
        assertThatThrownBy(() -> Gelu.apply(new float[10], 0, 10, new float[10], 1))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
    }
}
