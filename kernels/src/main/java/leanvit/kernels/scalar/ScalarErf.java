package leanvit.kernels.scalar;

/** {@link leanvit.kernels.Erf} without the Vector API. */
public final class ScalarErf {

    private ScalarErf() {
    }

    /** See {@link leanvit.kernels.Erf#apply}. */
    public static void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = ScalarMath.erf(x[offset + i]);
        }
    }
}
