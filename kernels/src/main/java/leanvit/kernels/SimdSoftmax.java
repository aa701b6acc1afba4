package leanvit.kernels;

import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.LaneFolds.SIXTEENTH;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link Softmax} on the Vector API: two passes over a row that stays in the L1 cache. */
final class SimdSoftmax implements Softmax.Implementation {

    static final SimdSoftmax KERNEL = new SimdSoftmax();

    /** L zeros and L ones: from index L - n on, a vector whose first n lanes are 0. */
    private static final float[] ONCE = new float[2 * L];

    static {
        Arrays.fill(ONCE, L, 2 * L, 1f);
    }

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns,
                            float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarSoftmax.KERNEL.rows(x, offset, stride, rows, columns, out, outOffset, outStride);
            return;
        }
        float max = rows > 0 ? max(x, offset, columns) : 0f;
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            int following = r + 1 < rows ? offset + stride : offset;
            if (max == Float.NEGATIVE_INFINITY) {
                max = max(x, following, columns);
                ScalarSoftmax.withoutMaximum(x, offset, columns, out, outOffset);
            } else {
                long result = exponentials(x, offset, columns, max, following, out, outOffset);
                max = FloatPair.first(result);
                scale(out, outOffset, columns, 1f / FloatPair.second(result));
            }
        }
    }

    /** Returns a row's largest value, NaN left out. */
    private static float max(float[] x, int offset, int columns) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        // The last vector may overlap the one before.
        for (int c = 0; c < columns; c += L) {
            FloatVector values = FloatVector.fromArray(F, x, offset + Math.min(c, columns - L));
            max = max.blend(values, values.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /**
     * Pass 1 over a row of L columns or more, given its largest value: exponentials. Returns the following row's largest value
     * and the exponentials' sum. (Looked for on the way, that value costs nothing; in a pass of its own it would keep the
     * exponentials waiting, a quarter of the time.)
     *
     * <p>The last vector overlaps the one before it, so that no exponential is scalar: of 197 columns 5 would be, and take as
     * long as 60 others. What it has twice it adds times 0. Since in place it would read what the one before wrote, each
     * vector is loaded before the one before it is stored.
     */
    private static long exponentials(float[] x, int offset, int columns, float max, int following,
                                     float[] out, int outOffset) {
        FloatVector shift = FloatVector.broadcast(F, max);
        FloatVector followingMax = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector sum = FloatVector.zero(F);
        FloatVector next = FloatVector.fromArray(F, x, offset);
        int last = columns - L;
        for (int c = 0; c < columns; c += L) {
            int at = Math.min(c, last);
            FloatVector present = next;
            next = FloatVector.fromArray(F, x, offset + Math.min(c + L, last));
            FloatVector exponential = VectorMath.expNonPositive(present.sub(shift));
            exponential.intoArray(out, outOffset + at);
            sum = exponential.fma(FloatVector.fromArray(F, ONCE, L - (c - at)), sum);
            FloatVector below = FloatVector.fromArray(F, x, following + at);
            followingMax = followingMax.blend(below, below.compare(VectorOperators.GT, followingMax));
        }
        // reduce, the maximum as ints that order like the floats: a third of the steps that one of floats takes
        IntVector bits = followingMax.reinterpretAsInts();
        bits = bits.lanewise(VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(Integer.MAX_VALUE));
        int maxBits = bits.reduceLanes(VectorOperators.MAX);
        sum = sum.add(sum.rearrange(HALF));
        sum = sum.add(sum.rearrange(QUARTER));
        sum = L > 4 ? sum.add(sum.rearrange(EIGHTH)) : sum;
        sum = L > 8 ? sum.add(sum.rearrange(SIXTEENTH)) : sum;
        return FloatPair.of(Float.intBitsToFloat(maxBits ^ maxBits >> 31 & Integer.MAX_VALUE), sum.lane(0));
    }

    /** Pass 2. */
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
