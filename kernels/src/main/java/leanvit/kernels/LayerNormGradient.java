package leanvit.kernels;

/**
 * The gradient of {@link LayerNorm}. With {@code n = (x - mean) * rstd} and {@code g = dy * weight},
 *
 * <pre>
 *   dx[r, c]   += rstd[r] * (g[r, c] - 1/C * sum over c of g[r, c] - n[r, c] * 1/C * sum over c of g[r, c] * n[r, c])
 *   dweight[c] += sum over r of dy[r, c] * n[r, c]
 *   dbias[c]   += sum over r of dy[r, c]
 * </pre>
 *
 * <p>dx is added to what is there, since a norm of a transformer stands beside a residual connection. Rows are added to
 * dweight and dbias in their order. Error of what is added, relative to the largest of {@code rstd * |g|} of the row,
 * or to the sum of magnitudes: 1e-5, and as much again as the mean is larger than a deviation, for a mean that was kept
 * as a float. NaN and infinities follow IEEE 754. Each width adds in an order of its own, the same from call to call.
 * Thread-safe on disjoint outputs; allocates nothing.
 */
public final class LayerNormGradient {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void rows(float[] x, int offset, int stride, int rows, int columns, float[] statistics, int statisticsOffset,
                float[] weight, float[] dy, int dyOffset, int dyStride, float[] dx, int dxOffset, int dxStride,
                float[] dWeight, int dWeightOffset, float[] dBias, int dBiasOffset);
    }

    private static final Implementation KERNEL =
            Provider.SIMD ? SimdLayerNormGradient.KERNEL : ScalarLayerNormGradient.KERNEL;

    private LayerNormGradient() {
    }

    /**
     * Adds the gradients of some rows.
     *
     * @param x          the rows that were normalised, one every {@code stride} floats from {@code offset}
     * @param rows       how many rows, N, 0 or more
     * @param columns    values in a row, C, 0 or more
     * @param statistics mean and rstd of each row, from {@code statisticsOffset}, as {@link LayerNorm} gave them
     * @param weight     C floats or more, from index 0
     * @param dy         the gradient of the result, a row every {@code dyStride} floats from {@code dyOffset}
     * @param dx         the gradient of x is added to it, a row every {@code dxStride} floats from {@code dxOffset};
     *                   must not overlap x or dy
     * @param dWeight    C floats from {@code dWeightOffset} that the weight's gradient is added to; null for none
     * @param dBias      C floats from {@code dBiasOffset} that the bias's gradient is added to; null where dWeight is
     * @throws IndexOutOfBoundsException where something ends outside its array
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, dWeight or dBias alone
     *                                   is null, or an output overlaps x, dy or another output
     */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float[] statistics,
                            int statisticsOffset, float[] weight, float[] dy, int dyOffset, int dyStride, float[] dx,
                            int dxOffset, int dxStride, float[] dWeight, int dWeightOffset, float[] dBias,
                            int dBiasOffset) {
        Checks.rows("x", x, offset, stride, rows, columns);
        Checks.values("statistics", statistics.length, statisticsOffset, 2 * rows);
        Checks.values("weight", weight.length, 0, columns);
        Checks.rows("dy", dy, dyOffset, dyStride, rows, columns);
        Checks.rows("dx", dx, dxOffset, dxStride, rows, columns);
        Checks.optional("dWeight", dWeight, dWeightOffset, columns);
        Checks.optional("dBias", dBias, dBiasOffset, columns);
        if ((dWeight == null) != (dBias == null)) {
            throw new IllegalArgumentException("dWeight and dBias: expected both or neither");
        }
        Checks.apart("x", x, offset, stride, rows, columns, "dx", dx, dxOffset, dxStride, rows, columns);
        Checks.apart("dy", dy, dyOffset, dyStride, rows, columns, "dx", dx, dxOffset, dxStride, rows, columns);
        if (dWeight != null) {
            sumsApart(x, offset, stride, dy, dyOffset, dyStride, dx, dxOffset, dxStride, rows, columns, "dWeight",
                    dWeight, dWeightOffset);
            sumsApart(x, offset, stride, dy, dyOffset, dyStride, dx, dxOffset, dxStride, rows, columns, "dBias", dBias,
                    dBiasOffset);
            Checks.apart("dWeight", dWeight, dWeightOffset, columns, 1, columns, "dBias", dBias, dBiasOffset, columns,
                    1, columns);
        }
        KERNEL.rows(x, offset, stride, rows, columns, statistics, statisticsOffset, weight, dy, dyOffset, dyStride, dx,
                dxOffset, dxStride, dWeight, dWeightOffset, dBias, dBiasOffset);
    }

    private static void sumsApart(float[] x, int offset, int stride, float[] dy, int dyOffset, int dyStride, float[] dx,
                                  int dxOffset, int dxStride, int rows, int columns, String name, float[] sums,
                                  int sumsOffset) {
        Checks.apart("x", x, offset, stride, rows, columns, name, sums, sumsOffset, columns, 1, columns);
        Checks.apart("dy", dy, dyOffset, dyStride, rows, columns, name, sums, sumsOffset, columns, 1, columns);
        Checks.apart("dx", dx, dxOffset, dxStride, rows, columns, name, sums, sumsOffset, columns, 1, columns);
    }
}
