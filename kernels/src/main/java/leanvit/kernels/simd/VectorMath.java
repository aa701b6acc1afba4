package leanvit.kernels.simd;

import static jdk.incubator.vector.FloatVector.broadcast;
import static leanvit.kernels.scalar.ScalarMath.*;
import static leanvit.kernels.simd.Lanes.F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code exp}, {@code erf} and {@code gelu} of a vector of floats, as polynomials that inline into the caller's loop.
 * Results and error bounds are those of {@link leanvit.kernels.scalar.ScalarMath}, to the bit.
 *
 * <p>Clamps of a magnitude are minima of the bits as ints, one operation, where {@code FloatVector.min} takes five for
 * the sake of NaN; NaN survives through another term each time, as the comments say.
 *
 * <p>No helper methods, not even for a broadcast: C2 inlines the Vector API's own methods whatever the size, but ours only
 * until a compilation has 18,000 nodes, which some 30 vector operations make; what it leaves out then boxes its vectors.
 * So a loop should call one of these methods once or twice, not sixteen times.
 */
public final class VectorMath {

    private static final int ERF_ONE_BITS = Float.floatToRawIntBits(ERF_ONE);
    private static final int MINUS_GELU_ZERO_BITS = Float.floatToRawIntBits(-GELU_ZERO);

    private VectorMath() {
    }

    /**
     * Returns e to the power x, to 0.9 ulp. Above 88.72283 it is infinity; below -87.33654, where the result would be
     * subnormal, it is 0; NaN gives NaN.
     */
    public static FloatVector exp(FloatVector x) {
        FloatVector rounded = x.fma(broadcast(F, LOG2_E), broadcast(F, ROUND));
        FloatVector n = rounded.sub(broadcast(F, ROUND));
        FloatVector r = n.fma(broadcast(F, -LN2_LOW), n.fma(broadcast(F, -LN2_HIGH), x));
        FloatVector p = broadcast(F, EXP6).fma(r, broadcast(F, EXP5));
        p = p.fma(r, broadcast(F, EXP4));
        p = p.fma(r, broadcast(F, EXP3));
        p = p.fma(r, broadcast(F, EXP2));
        p = p.fma(r, broadcast(F, 1f));
        p = p.fma(r, broadcast(F, 1f));
        // The exponent is added, not multiplied: 2^128 is no float, yet 0.7 * 2^128 is one.
        IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS);
        FloatVector scaled = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        VectorMask<Float> finite = x.compare(VectorOperators.LE, EXP_OVERFLOW);
        VectorMask<Float> tiny = x.compare(VectorOperators.LT, EXP_UNDERFLOW);
        // Not finite: x * infinity is infinity where x is above, and NaN where x is NaN.
        return x.mul(broadcast(F, Float.POSITIVE_INFINITY)).blend(scaled, finite).blend(0f, tiny);
    }

    /**
     * Returns e to the power x for {@code x <= 0}, in two thirds of the operations of {@link #exp}. The error is at most
     * 2 + |x| / 30 ulp; 0 gives 1, NaN gives NaN; below -87.33654, where the result would be subnormal, it is 0.
     */
    public static FloatVector expNonPositive(FloatVector x) {
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
     * Returns the error function of x, to 1.5 ulp. Exactly odd; plus or minus 1 beyond 4; NaN gives NaN.
     */
    public static FloatVector erf(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector near = broadcast(F, ERF_NEAR6).fma(square, broadcast(F, ERF_NEAR5));
        near = near.fma(square, broadcast(F, ERF_NEAR4));
        near = near.fma(square, broadcast(F, ERF_NEAR3));
        near = near.fma(square, broadcast(F, ERF_NEAR2));
        near = near.fma(square, broadcast(F, ERF_NEAR1));
        near = near.fma(square, broadcast(F, ERF_NEAR0));
        near = x.fma(near, x);

        FloatVector magnitude = x.abs();
        FloatVector a = magnitude.reinterpretAsInts().min(ERF_ONE_BITS).reinterpretAsFloats();
        FloatVector far = broadcast(F, ERF_FAR7).fma(a, broadcast(F, ERF_FAR6));
        far = far.fma(a, broadcast(F, ERF_FAR5));
        far = far.fma(a, broadcast(F, ERF_FAR4));
        far = far.fma(a, broadcast(F, ERF_FAR3));
        far = far.fma(a, broadcast(F, ERF_FAR2));
        far = far.fma(a, broadcast(F, ERF_FAR1));
        far = far.fma(a, broadcast(F, ERF_FAR0));
        far = far.mul(far);
        far = far.neg().fma(far, broadcast(F, 1f));
        IntVector sign = x.reinterpretAsInts().and(SIGN_BIT);
        far = far.reinterpretAsInts().or(sign).reinterpretAsFloats();

        // NaN compares false, and near of NaN is NaN.
        return near.blend(far, magnitude.compare(VectorOperators.GT, ERF_SPLIT));
    }

    /**
     * Returns {@code x * Phi(x)}, Phi the normal distribution's cumulative function, in 15 operations without a division.
     * The error is at most {@code 1.4e-7 * max(1, |x|)}, where rounding alone makes 0.6e-7, and 10 ulp where x is positive.
     * Negative infinity gives 0, positive infinity itself, NaN NaN.
     */
    public static FloatVector gelu(FloatVector x) {
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
