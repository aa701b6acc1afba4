package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** {@link GeluGradient} against the derivative in doubles over its whole range, and twin against twin. */
class GeluGradientTest {

    private static final double BOUND = 5e-7;

    private static double slope(double x) {
        return 0.5 * (1 + Exact.erf(x / Math.sqrt(2))) + x * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    private static float[] run(float[] x, float[] dy) {
        float[] gelu = new float[x.length];
        Gelu.apply(x, 0, x.length, gelu, 0);
        float[] dx = new float[x.length];
        GeluGradient.apply(x.length, x, 0, gelu, 0, dy, 0, dx, 0);
        return dx;
    }

    @Test
    void isWithinItsBoundOverItsRange() {
        float[] x = new float[200_003];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (-12 + 24.0 * i / (x.length - 1));
        }
        float[] small = {0f, -0f, Float.MIN_VALUE, 1e-30f, -1e-20f, 5e-8f, -6e-8f, 1e-7f, 1e30f, -1e30f, -8.1f};
        System.arraycopy(small, 0, x, 0, small.length);
        float[] ones = new float[x.length];
        Arrays.fill(ones, 1f);
        float[] got = run(x, ones);
        for (int i = 0; i < x.length; i++) {
            assertThat(Math.abs(got[i] - slope(x[i]))).as("gelu'(%s) = %s", x[i], got[i]).isLessThanOrEqualTo(BOUND);
        }
    }

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_gelu");
        float[] x = golden.floats("x");
        double[] want = golden.doubles("dy64");
        float[] ones = new float[x.length];
        Arrays.fill(ones, 1f);
        float[] got = run(x, ones);
        for (int i = 0; i < x.length; i++) {
            assertThat(Math.abs(got[i] - want[i])).as("gelu'(%s)", x[i]).isLessThanOrEqualTo(BOUND);
        }
    }

    @Test
    void twinsAgreeBitForBitAtEverySizeAndInPlace() {
        Assumptions.assumeTrue(Provider.SIMD && Provider.FMA, "without FMA the scalar code rounds products");
        SplittableRandom random = new SplittableRandom(3);
        for (int n : Awkward.sizes(577)) {
            float[] x = Awkward.values(random, n + 3, 6);
            float[] dy = Awkward.values(random, n + 1, 2);
            float[] gelu = new float[n + 3];
            Gelu.apply(x, 3, n, gelu, 3);
            float[] simd = dy.clone();
            float[] scalar = dy.clone();
            SimdGeluGradient.KERNEL.apply(n, x, 3, gelu, 3, simd, 1, simd, 1);
            ScalarGeluGradient.KERNEL.apply(n, x, 3, gelu, 3, scalar, 1, scalar, 1);
            assertThat(simd).as("%d values", n).isEqualTo(scalar);
            float[] slopes = x.clone();
            float[] scalarSlopes = x.clone();
            SimdGeluGradient.KERNEL.slopes(n, slopes, 3, gelu, 3, slopes, 3);
            ScalarGeluGradient.KERNEL.slopes(n, scalarSlopes, 3, gelu, 3, scalarSlopes, 3);
            assertThat(slopes).as("%d slopes", n).isEqualTo(scalarSlopes);
            for (int i = 0; i < n; i++) {
                assertThat(slopes[3 + i] * dy[1 + i]).as("slope %d of %d by dy", i, n).isEqualTo(simd[1 + i]);
            }
        }
    }

    @Test
    void nanAndInfinitiesGiveNan() {
        float[] x = new float[40];
        float[] dy = new float[40];
        Arrays.fill(dy, 1f);
        x[3] = Float.NaN;
        x[20] = Float.POSITIVE_INFINITY;
        x[39] = Float.NEGATIVE_INFINITY;
        float[] got = run(x, dy);
        for (int i = 0; i < x.length; i++) {
            assertThat(Float.isNaN(got[i])).as("element %d", i).isEqualTo(i == 3 || i == 20 || i == 39);
        }
    }
}
