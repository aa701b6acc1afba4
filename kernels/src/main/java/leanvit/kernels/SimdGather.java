package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The scattering half of {@link Gather} on the Vector API, a row at a time. */
final class SimdGather implements Gather.Implementation {

    static final SimdGather KERNEL = new SimdGather();

    @Override
    public void scatterAdd(float[] source, int offset, int stride, int[] index, int indexOffset,
                                  float[] weight, int weightOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        for (int i = 0; i < k; i++) {
            // A product with 1 is exact, so this is the plain addition where there are no weights.
            float factor = weight == null ? 1f : weight[weightOffset + i];
            add(source, offset + i * stride, factor, width,
                    destination, destinationOffset + index[indexOffset + i] * destinationStride);
        }
    }

    private static void add(float[] source, int from, float factor, int width, float[] destination, int to) {
        FloatVector factors = FloatVector.broadcast(F, factor);
        int c = 0;
        // body
        for (; c <= width - L; c += L) {
            factors.fma(FloatVector.fromArray(F, source, from + c), FloatVector.fromArray(F, destination, to + c))
                    .intoArray(destination, to + c);
        }
        // scalar tail
        for (; c < width; c++) {
            destination[to + c] = Math.fma(factor, source[from + c], destination[to + c]);
        }
    }

    @Override
    public void scatterMax(float[] source, int offset, int stride, int[] index, int indexOffset, int k, int width,
                                  float[] destination, int destinationOffset, int destinationStride) {
        for (int i = 0; i < k; i++) {
            max(source, offset + i * stride, width,
                    destination, destinationOffset + index[indexOffset + i] * destinationStride);
        }
    }

    private static void max(float[] source, int from, int width, float[] destination, int to) {
        FloatVector least = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int c = 0;
        // body
        for (; c <= width - L; c += L) {
            FloatVector first = FloatVector.fromArray(F, destination, to + c);
            FloatVector second = FloatVector.fromArray(F, source, from + c);
            FloatVector max = least.blend(first, first.compare(VectorOperators.GT, least));
            max.blend(second, second.compare(VectorOperators.GT, max)).intoArray(destination, to + c);
        }
        // scalar tail
        for (; c < width; c++) {
            destination[to + c] = ScalarGather.max(destination[to + c], source[from + c]);
        }
    }
}
