package leanvit.kernels;

/**
 * {@link HeadMax} without the Vector API.
 *
 * <p>Comparing with {@code >} would be a branch that half of the values mispredict, 10 times slower. {@code Math.max}
 * has no branch, and C2 vectorizes it, but it ranks NaN highest and 0.0 above -0.0. Both show in its result, so the few
 * columns whose maximum is NaN or a zero are computed again.
 */
final class ScalarHeadMax implements HeadMax.Implementation {

    static final ScalarHeadMax KERNEL = new ScalarHeadMax();

    @Override
    public void reduce(float[] x, int offset, int headStride, int heads, int rowStride, int rows, int columns,
                       float[] out, int outOffset, int outStride) {
        for (int r = 0; r < rows; r++, offset += rowStride, outOffset += outStride) {
            System.arraycopy(x, offset, out, outOffset, columns);
            for (int h = 1; h < heads; h++) {
                raise(columns, x, offset + h * headStride, out, outOffset);
            }
            for (int c = 0; c < columns; c++) {
                float max = out[outOffset + c];
                if (max == 0f || Float.isNaN(max)) {
                    out[outOffset + c] = max(x, offset + c, headStride, heads);
                }
            }
        }
    }

    private static void raise(int columns, float[] x, int from, float[] max, int to) {
        for (int c = 0; c < columns; c++) {
            max[to + c] = Math.max(max[to + c], x[from + c]);
        }
    }

    /** The maximum of one column as the contract has it. */
    private static float max(float[] x, int from, int headStride, int heads) {
        float max = Float.NEGATIVE_INFINITY;
        for (int h = 0; h < heads; h++) {
            float value = x[from + h * headStride];
            max = value > max ? value : max;
        }
        return max;
    }
}
