package leanvit.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;
import static leanvit.kernels.ScalarMath.*;
import static leanvit.kernels.Lanes.F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code exp} and {@code gelu} of a vector of floats, as polynomials that inline into the caller's loop.
 * Results and error bounds are those of {@link ScalarMath}, to the bit.
 *
 * <p>Clamps of a magnitude are minima of the bits as ints, one operation, where {@code FloatVector.min} takes five for
 * the sake of NaN; NaN survives through another term each time, as the comments say.
 *
 * <p>No helper methods, not even for a broadcast: C2 inlines the Vector API's own methods whatever the size, but ours only
 * until a compilation has 18,000 nodes, which some 30 vector operations make; what it leaves out then boxes its vectors.
 * So a loop should call one of these methods once or twice, not sixteen times.
 */
final class VectorMath {

    private static final int MINUS_GELU_ZERO_BITS = Float.floatToRawIntBits(-GELU_ZERO);

    private VectorMath() {
    }

    /**
     * Returns e to the power x for {@code x <= 0}. The error is at most 2 + |x| / 30 ulp; 0 gives 1, NaN gives NaN; below -87.33654, where the result would be subnormal, it is 0.
     */
    static FloatVector expNonPositive(FloatVector x) {
        FloatVector rounded = x.fma(broadcast(F, LOG2_E), broadcast(F, ROUND_TO_SCALE));
        FloatVector n = rounded.sub(broadcast(F, ROUND_TO_SCALE));
        FloatVector r = n.fma(broadcast(F, -LN2_HIGH), x);
        FloatVector p = broadcast(F, SHORT_EXP5).fma(r, broadcast(F, SHORT_EXP4));
        p = p.fma(r, broadcast(F, SHORT_EXP3));
        p = p.fma(r, broadcast(F, SHORT_EXP2));
        p = p.fma(r, broadcast(F, SHORT_EXP1));
        p = p.fma(r, broadcast(F, 1f));
        FloatVector scale =
                rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
        return p.mul(scale).blend(0f, x.compare(VectorOperators.LT, EXP_UNDERFLOW));
    }

    /**
     * Returns {@code x * Phi(x)}, Phi the normal distribution's cumulative function, in 15 operations without a division.
     * The error is at most {@code 1.4e-7 * max(1, |x|)}, where rounding alone makes 0.6e-7, and 10 ulp where x is positive.
     * Negative infinity gives 0, positive infinity itself, NaN NaN.
     */
    static FloatVector gelu(FloatVector x) {
        // -min(|x|, 8): with the sign bit set, ints order floats by magnitude.
        FloatVector a = x.reinterpretAsInts().or(SIGN_BIT).min(MINUS_GELU_ZERO_BITS).reinterpretAsFloats();
        FloatVector p = broadcast(F, GELU8).fma(a, broadcast(F, GELU7));
        p = p.fma(a, broadcast(F, GELU6));
        p = p.fma(a, broadcast(F, GELU5));
        p = p.fma(a, broadcast(F, GELU4));
        p = p.fma(a, broadcast(F, GELU3));
        p = p.fma(a, broadcast(F, GELU2));
        p = p.fma(a, broadcast(F, GELU1));
        p = p.fma(a, broadcast(F, GELU0));
        p = p.mul(p);
        p = p.mul(p);
        p = p.mul(p);
        // NaN compares false and so stays in this term.
        FloatVector positivePart = x.blend(0f, x.compare(VectorOperators.LT, 0f));
        return a.fma(p, positivePart);
    }
}
