package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import leanvit.kernels.scalar.ScalarSoftmax;

/**
 * {@link leanvit.kernels.Softmax} on the Vector API: four passes over a row that stays in the L1 cache. The last vector of a
 * row overlaps the one before, so that no exponential is scalar: of 197 columns 5 would be, and take as long as 60 others.
 */
public final class SimdSoftmax {

    private SimdSoftmax() {
    }

    /** See {@link leanvit.kernels.Softmax#rows}. */
    public static void rows(float[] x, int offset, int stride, int rows, int columns,
                            float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarSoftmax.rows(x, offset, stride, rows, columns, out, outOffset, outStride);
            return;
        }
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            float max = max(x, offset, columns);
            if (max == Float.NEGATIVE_INFINITY) {
                ScalarSoftmax.withoutMaximum(x, offset, columns, out, outOffset);
            } else {
                exponentials(x, offset, columns, max, out, outOffset);
                scale(out, outOffset, columns, 1f / sum(out, outOffset, columns));
            }
        }
    }

    /** Pass 1: the largest value, NaN left out. */
    private static float max(float[] x, int offset, int columns) {
        FloatVector max0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector max1 = max0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            FloatVector x1 = FloatVector.fromArray(F, x, offset + c + L);
            max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
            max1 = max1.blend(x1, x1.compare(VectorOperators.GT, max1));
        }
        // vector tail: at most two vectors, the last of which overlaps
        if (c <= columns - L) {
            FloatVector x0 = FloatVector.fromArray(F, x, offset + c);
            max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
        }
        FloatVector last = FloatVector.fromArray(F, x, offset + columns - L);
        max1 = max1.blend(last, last.compare(VectorOperators.GT, max1));
        // reduce
        return max0.blend(max1, max1.compare(VectorOperators.GT, max0)).reduceLanes(VectorOperators.MAX);
    }

    /** Pass 2: exp(x - max). A vector is loaded before the one before is stored, since the last two may overlap in place. */
    private static void exponentials(float[] x, int offset, int columns, float max, float[] out, int outOffset) {
        int last = columns - L;
        FloatVector next = FloatVector.fromArray(F, x, offset);
        for (int c = 0, following; ; c = following) {
            following = Math.min(c + L, last);
            FloatVector present = next;
            next = FloatVector.fromArray(F, x, offset + following);
            VectorMath.expNonPositive(present.sub(max)).intoArray(out, outOffset + c);
            if (c == last) {
                return;
            }
        }
    }

    /** Pass 3: the sum. */
    private static float sum(float[] x, int offset, int columns) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        int c = 0;
        // unrolled body
        for (; c <= columns - 2 * L; c += 2 * L) {
            sum0 = sum0.add(FloatVector.fromArray(F, x, offset + c));
            sum1 = sum1.add(FloatVector.fromArray(F, x, offset + c + L));
        }
        // vector tail
        for (; c <= columns - L; c += L) {
            sum0 = sum0.add(FloatVector.fromArray(F, x, offset + c));
        }
        // reduce
        float sum = LaneSum.of(sum0.add(sum1));
        // scalar tail
        for (; c < columns; c++) {
            sum += x[offset + c];
        }
        return sum;
    }

    /** Pass 4: times 1 / sum. */
    private static void scale(float[] x, int offset, int columns, float scale) {
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector.fromArray(F, x, offset + c).mul(scale).intoArray(x, offset + c);
        }
        for (; c < columns; c++) {
            x[offset + c] *= scale;
        }
    }
}
