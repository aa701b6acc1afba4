package leanvit.kernels;

/** {@link GeluGradient} without the Vector API. */
final class ScalarGeluGradient implements GeluGradient.Implementation {

    static final ScalarGeluGradient KERNEL = new ScalarGeluGradient();

    /** 1 / sqrt(2 pi). */
    static final float DENSITY_AT_0 = 0.39894228f;
    /** Below it Phi is 1/2; at 0 there is no quotient. */
    static final float SMALL = 0x1p-24f;

    @Override
    public void apply(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] dy, int dyOffset, float[] dx,
                      int dxOffset) {
        for (int i = 0; i < n; i++) {
            dx[dxOffset + i] = slope(x[offset + i], gelu[geluOffset + i]) * dy[dyOffset + i];
        }
    }

    @Override
    public void slopes(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] out, int outOffset) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = slope(x[offset + i], gelu[geluOffset + i]);
        }
    }

    /** Returns the derivative of GELU. */
    private static float slope(float x, float gelu) {
        float density = ScalarMath.exp(x * x * -0.5f) * (x * DENSITY_AT_0);
        return (Math.abs(x) < SMALL ? 0.5f : gelu / x) + density;
    }
}
