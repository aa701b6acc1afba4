package leanvit.kernels.scalar;

/** {@link leanvit.kernels.Gelu} without the Vector API. */
public final class ScalarGelu {

    private ScalarGelu() {
    }

    /** See {@link leanvit.kernels.Gelu#apply}. */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = ScalarMath.gelu(x[offset + i]);
        }
    }
}
