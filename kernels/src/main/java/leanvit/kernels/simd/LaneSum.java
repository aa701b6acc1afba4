package leanvit.kernels.simd;

import static leanvit.kernels.simd.Lanes.F;
import static leanvit.kernels.simd.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * The sum over a vector's lanes, in one order. {@code reduceLanes(ADD)} has none: from JDK 24 on C2 adds pairs where the
 * interpreter adds from left to right, so that a row's bits would change when its method gets compiled.
 */
final class LaneSum {

    private static final VectorShuffle<Float> BY_8 = rotation(8);
    private static final VectorShuffle<Float> BY_4 = rotation(4);
    private static final VectorShuffle<Float> BY_2 = rotation(2);
    private static final VectorShuffle<Float> BY_1 = rotation(1);

    private LaneSum() {
    }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.fromOp(F, i -> (i + lanes) % L);
    }

    /** Returns the sum: lanes i and i + L/2 first, then those sums i and i + L/4, and so on. */
    static float of(FloatVector v) {
        FloatVector sum = v;
        if (L >= 16) {
            sum = sum.add(sum.rearrange(BY_8));
        }
        if (L >= 8) {
            sum = sum.add(sum.rearrange(BY_4));
        }
        sum = sum.add(sum.rearrange(BY_2));
        sum = sum.add(sum.rearrange(BY_1));
        return sum.lane(0);
    }
}
