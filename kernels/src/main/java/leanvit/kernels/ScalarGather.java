package leanvit.kernels;

/** The scattering half of {@link Gather} without the Vector API. */
final class ScalarGather implements Gather.Implementation {

    static final ScalarGather KERNEL = new ScalarGather();

    @Override
    public void scatterAdd(float[] source, int offset, int stride, int[] index, int indexOffset,
                                  float[] weight, int weightOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        for (int i = 0; i < k; i++) {
            int from = offset + i * stride;
            int to = destinationOffset + index[indexOffset + i] * destinationStride;
            // A product with 1 is exact, so this is the plain addition where there are no weights.
            float factor = weight == null ? 1f : weight[weightOffset + i];
            for (int c = 0; c < width; c++) {
                destination[to + c] = ScalarMath.fma(factor, source[from + c], destination[to + c]);
            }
        }
    }

    @Override
    public void scatterMax(float[] source, int offset, int stride, int[] index, int indexOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        for (int i = 0; i < k; i++) {
            int from = offset + i * stride;
            int to = destinationOffset + index[indexOffset + i] * destinationStride;
            for (int c = 0; c < width; c++) {
                destination[to + c] = max(destination[to + c], source[from + c]);
            }
        }
    }

    /** Returns the larger; NaN counts as -infinity, and of equal ones the first stays. */
    static float max(float first, float second) {
        float max = first > Float.NEGATIVE_INFINITY ? first : Float.NEGATIVE_INFINITY;
        return second > max ? second : max;
    }
}
