package leanvit.kernels.simd;

import static leanvit.kernels.simd.LaneFolds.EIGHTH;
import static leanvit.kernels.simd.LaneFolds.HALF;
import static leanvit.kernels.simd.LaneFolds.QUARTER;
import static leanvit.kernels.simd.LaneFolds.SIXTEENTH;
import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import leanvit.kernels.scalar.ScalarSoftmax;

/** {@link leanvit.kernels.Softmax} on the Vector API: two passes over a row that stays in the L1 cache. */
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
        float max = rows > 0 ? max(x, offset, columns) : 0f;
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            int following = r + 1 < rows ? offset + stride : offset;
            if (max == Float.NEGATIVE_INFINITY) {
                max = max(x, following, columns);
                ScalarSoftmax.withoutMaximum(x, offset, columns, out, outOffset);
            } else {
                max = row(x, offset, columns, max, following, out, outOffset);
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
     * One row of L columns or more, given its largest value; returns that of the following row. (Looked for on the way it costs
     * nothing; as a pass of its own it would keep the exponentials waiting, a quarter of the time.)
     *
     * <p>Over 325 bytecodes, so that C2 compiles it by itself: see {@link SimdRows#softmax}.
     */
    private static float row(float[] x, int offset, int columns, float max, int following, float[] out, int outOffset) {
        // pass 1: exponentials and their sum; the last vector overlaps the one before, so it adds only its last lanes, and
        // since in place it would read what that one wrote, each vector is loaded before the one before is stored
        FloatVector shift = FloatVector.broadcast(F, max);
        FloatVector lane = FloatVector.zero(F).addIndex(1);
        FloatVector followingMax = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector sum = FloatVector.zero(F);
        FloatVector next = FloatVector.fromArray(F, x, offset);
        int last = columns - L;
        int c = 0;
        for (; c < columns; c += L) {
            int at = Math.min(c, last);
            FloatVector present = next;
            next = FloatVector.fromArray(F, x, offset + Math.min(c + L, last));
            FloatVector exponential = VectorMath.expNonPositive(present.sub(shift));
            exponential.intoArray(out, outOffset + at);
            sum = sum.add(exponential.blend(0f, lane.compare(VectorOperators.LT, (float) (c - at))));
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

        // pass 2: times 1 / sum
        float scale = 1f / sum.lane(0);
        FloatVector scales = FloatVector.broadcast(F, scale);
        for (c = 0; c <= last; c += L) {
            FloatVector.fromArray(F, out, outOffset + c).mul(scales).intoArray(out, outOffset + c);
        }
        for (; c < columns; c++) {
            out[outOffset + c] *= scale;
        }
        return Float.intBitsToFloat(maxBits ^ maxBits >> 31 & Integer.MAX_VALUE);
    }
}
