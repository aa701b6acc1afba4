package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.Lanes.LEAST_VALUES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * {@link MergeRows} on the Vector API, a row at a time. The vector methods take whole vectors; what is left of a row,
 * as a rule nothing, is the scalar twin's.
 */
final class SimdMergeRows implements MergeRows.Implementation {

    static final SimdMergeRows KERNEL = new SimdMergeRows();

    @Override
    public void apply(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, float[] weight,
                      int width, float[] out, int outOffset, int outStride) {
        if (width < L || (long) k * width < LEAST_VALUES) {
            ScalarMergeRows.KERNEL.apply(x, offset, stride, order, k, target, first, weight, width,
                    out, outOffset, outStride);
            return;
        }
        int whole = width - width % L;
        for (int i = 0; i < k; i++) {
            int row = order[i];
            int t = target[row];
            if (t >= 0) {
                float factor = weight == null ? 1f : weight[row];
                int from = offset + row * stride;
                int to = outOffset + t * outStride;
                if (first != null && first[t] == row) {
                    // EViT begins one such row per block: vector code for it would stay interpreted for hundreds of
                    // passes.
                    ScalarMergeRows.scale(width, factor, x, from, out, to);
                } else {
                    add(whole, factor, x, from, out, to);
                    ScalarMergeRows.add(width - whole, factor, x, from + whole, out, to + whole);
                }
            }
        }
    }

    @Override
    public void max(float[] x, int offset, int stride, int[] order, int k, int[] target, int[] first, int width,
                    float[] out, int outOffset, int outStride) {
        if (width < L || (long) k * width < LEAST_VALUES) {
            ScalarMergeRows.KERNEL.max(x, offset, stride, order, k, target, first, width, out, outOffset, outStride);
            return;
        }
        int whole = width - width % L;
        for (int i = 0; i < k; i++) {
            int row = order[i];
            int t = target[row];
            if (t >= 0) {
                int from = offset + row * stride;
                int to = outOffset + t * outStride;
                if (first != null && first[t] == row) {
                    System.arraycopy(x, from, out, to, width);
                } else {
                    raise(whole, x, from, out, to);
                    ScalarMergeRows.raise(width - whole, x, from + whole, out, to + whole);
                }
            }
        }
    }

    @Override
    public void transposed(float[] dOut, int offset, int stride, int[] target, float[] weight, int n, int width,
                           float[] dIn, int inOffset, int inStride) {
        if (width < L || (long) n * width < LEAST_VALUES) {
            ScalarMergeRows.KERNEL.transposed(dOut, offset, stride, target, weight, n, width, dIn, inOffset, inStride);
            return;
        }
        for (int i = 0; i < n; i++) {
            int to = inOffset + i * inStride;
            if (target[i] < 0) {
                Arrays.fill(dIn, to, to + width, 0f);
            } else {
                float factor = weight == null ? 1f : weight[i];
                scale(width, factor, dOut, offset + target[i] * stride, dIn, to);
            }
        }
    }

    @Override
    public void weightGradients(float[] dOut, int offset, int stride, int[] target, int n, int width,
                                float[] x, int xOffset, int xStride, float[] dWeight, int weightOffset) {
        if (width < L || (long) n * width < LEAST_VALUES) {
            ScalarMergeRows.KERNEL.weightGradients(dOut, offset, stride, target, n, width, x, xOffset, xStride,
                    dWeight, weightOffset);
            return;
        }
        for (int i = 0; i < n; i++) {
            dWeight[weightOffset + i] =
                    target[i] < 0 ? 0f : product(width, dOut, offset + target[i] * stride, x, xOffset + i * xStride);
        }
    }

    /** Returns the dot product of two rows. */
    private static float product(int width, float[] a, int aFrom, float[] b, int bFrom) {
        FloatVector products = FloatVector.zero(F);
        int c = 0;
        for (; c <= width - L; c += L) {
            products = FloatVector.fromArray(F, a, aFrom + c).fma(FloatVector.fromArray(F, b, bFrom + c), products);
        }
        products = FLOATS.cast(products);
        products = products.add(products.rearrange(HALF));
        products = L > 4 ? products.add(products.rearrange(QUARTER)) : products;
        products = L > 8 ? products.add(products.rearrange(EIGHTH)) : products;
        float sum = products.lane(0) + products.lane(1);
        for (; c < width; c++) {
            sum += a[aFrom + c] * b[bFrom + c];
        }
        return sum;
    }

    /** {@code out = factor * x}; most tokens are kept with weight 1, and a copy keeps even a NaN's bits. */
    private static void scale(int columns, float factor, float[] x, int from, float[] out, int to) {
        if (factor == 1f) {
            System.arraycopy(x, from, out, to, columns);
        } else {
            int whole = columns - columns % L;
            multiply(whole, factor, x, from, out, to);
            ScalarMergeRows.multiply(columns - whole, factor, x, from + whole, out, to + whole);
        }
    }

    /** {@code out = factor * x}, whole vectors. */
    private static void multiply(int columns, float factor, float[] x, int from, float[] out, int to) {
        FloatVector factors = FloatVector.broadcast(F, factor);
        for (int c = 0; c < columns; c += L) {
            FloatVector.fromArray(F, x, from + c).mul(factors).intoArray(out, to + c);
        }
    }

    /** {@code out += factor * x}, whole vectors. */
    private static void add(int columns, float factor, float[] x, int from, float[] out, int to) {
        FloatVector factors = FloatVector.broadcast(F, factor);
        for (int c = 0; c < columns; c += L) {
            FloatVector sum = FloatVector.fromArray(F, out, to + c);
            FloatVector.fromArray(F, x, from + c).fma(factors, sum).intoArray(out, to + c);
        }
    }

    /** {@code out = max(out, x)}, whole vectors; NaN and zeros as {@code Math.max} has them. */
    private static void raise(int columns, float[] x, int from, float[] out, int to) {
        for (int c = 0; c < columns; c += L) {
            FloatVector max = FloatVector.fromArray(F, out, to + c);
            FloatVector.fromArray(F, x, from + c).max(max).intoArray(out, to + c);
        }
    }
}
