package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.VectorShuffle;

/**
 * Rotations that add up a vector's lanes in a fixed order: first lanes i and i + L/2, then of those sums i and i + L/4,
 * and so on.
 *
 * <pre>
 *   sum = sum.add(sum.rearrange(HALF));
 *   sum = L &gt; 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
 *   sum = L &gt; 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
 *   sum.lane(0) + sum.lane(1)
 * </pre>
 *
 * The last step adds two floats: a rotation would give the same bits, for more of the bytecodes that C2 inlines.
 *
 * <p>{@code reduceLanes(ADD)} has no fixed order: from JDK 24 on C2 adds pairs where the interpreter adds from left to
 * right, so a row's bits would change once its method is compiled. These lines are written out wherever they are
 * needed: a method of them would box its vector wherever C2 does not inline it ({@link SimdGemm} tells when).
 */
final class LaneFolds {

    static final VectorShuffle<Float> HALF = rotation(L / 2);
    static final VectorShuffle<Float> QUARTER = rotation(L / 4);
    static final VectorShuffle<Float> EIGHTH = rotation(L / 8);

    private LaneFolds() {
    }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.fromOp(F, i -> (i + lanes) % L);
    }
}
