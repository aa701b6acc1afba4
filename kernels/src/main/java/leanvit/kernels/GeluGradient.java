package leanvit.kernels;

/**
 * The gradient of {@link Gelu}: {@code dx = dy * (Phi(x) + x * phi(x))}, where {@code Phi} is the normal distribution's
 * cumulative function and {@code phi} its density.
 *
 * <p>Takes {@code gelu(x) = x * Phi(x)} too, which a backward pass computes anyway, for the weight's gradient of the
 * layer that follows; {@code Phi} is the quotient. Error: at most {@code 5e-7 * |dy|}. NaN gives NaN, and so do
 * infinities. Vector and scalar code give the same bits (of a NaN: some NaN; without FMA bits differ). Thread-safe on
 * disjoint outputs; allocates nothing.
 */
public final class GeluGradient {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void apply(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] dy, int dyOffset, float[] dx,
                int dxOffset);

        void slopes(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] out, int outOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdGeluGradient.KERNEL : ScalarGeluGradient.KERNEL;

    private GeluGradient() {
    }

    /**
     * Computes the gradient of each value.
     *
     * @param n    how many values, 0 or more
     * @param x    what GELU was applied to, from {@code offset}
     * @param gelu what came of it, from {@code geluOffset}
     * @param dy   the gradient of that, from {@code dyOffset}
     * @param dx   receives the gradient of x, from {@code dxOffset}; may be {@code dy}, at the same place
     * @throws IndexOutOfBoundsException where values end outside their array
     * @throws IllegalArgumentException  where n is negative, or dx overlaps an input in another way
     */
    public static void apply(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] dy, int dyOffset,
                             float[] dx, int dxOffset) {
        Checks.notNegative("n", n);
        Checks.values("x", x.length, offset, n);
        Checks.values("gelu", gelu.length, geluOffset, n);
        Checks.values("dy", dy.length, dyOffset, n);
        Checks.values("dx", dx.length, dxOffset, n);
        Checks.apart("x", x, offset, n, 1, n, "dx", dx, dxOffset, n, 1, n);
        Checks.apart("gelu", gelu, geluOffset, n, 1, n, "dx", dx, dxOffset, n, 1, n);
        Checks.sameOrApart("dy", dy, dyOffset, n, "dx", dx, dxOffset, n, 1, n);
        KERNEL.apply(n, x, offset, gelu, geluOffset, dy, dyOffset, dx, dxOffset);
    }

    /**
     * Computes the derivative alone, {@code Phi(x) + x * phi(x)}, for whoever multiplies by dy on another way, such as
     * {@link Gemm.Epilogue#PRODUCT}: the bits are then those of {@link #apply}.
     *
     * @param out receives n values from {@code outOffset}; may be x, at the same place
     */
    public static void slopes(int n, float[] x, int offset, float[] gelu, int geluOffset, float[] out,
                              int outOffset) {
        Checks.notNegative("n", n);
        Checks.values("x", x.length, offset, n);
        Checks.values("gelu", gelu.length, geluOffset, n);
        Checks.values("out", out.length, outOffset, n);
        Checks.sameOrApart("x", x, offset, n, "out", out, outOffset, n, 1, n);
        Checks.apart("gelu", gelu, geluOffset, n, 1, n, "out", out, outOffset, n, 1, n);
        KERNEL.slopes(n, x, offset, gelu, geluOffset, out, outOffset);
    }
}
