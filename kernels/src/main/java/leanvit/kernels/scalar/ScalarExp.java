package leanvit.kernels.scalar;

/** {@link leanvit.kernels.Exp} without the Vector API. */
public final class ScalarExp {

    private ScalarExp() {
    }

    /** See {@link leanvit.kernels.Exp#apply}. */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = ScalarMath.exp(x[offset + i]);
        }
    }
}
