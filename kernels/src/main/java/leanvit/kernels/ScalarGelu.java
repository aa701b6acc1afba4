package leanvit.kernels;

/** {@link Gelu} without the Vector API. */
final class ScalarGelu implements Gelu.Implementation {

    static final ScalarGelu KERNEL = new ScalarGelu();

    @Override
    public void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = ScalarMath.gelu(x[offset + i]);
        }
    }
}
