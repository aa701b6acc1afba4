package leanvit.kernels.scalar;

/**
 * {@code exp}, {@code erf} and {@code gelu} of one float, and the constants of both these and the vector forms in
 * {@code VectorMath}. Both forms do the same operations in the same order, so that they return the same bits (of a NaN:
 * some NaN).
 *
 * <p>The polynomials are minimax fits in the measure that counts (ulps of the result for exp and erf, absolute error for
 * gelu), their coefficients rounded to float one after another with the rest fitted anew. The errors stated are maxima
 * over every float of the range.
 */
public final class ScalarMath {

    /** 1.5 * 2^23: adding it rounds a float to an integer, which then stands in the sum's low bits. */
    public static final float ROUND = 0x1.8p23f;
    /** {@link #ROUND} with the exponent's bias, so that the sum's low bits shifted left by 23 are a power of two. */
    public static final float ROUND_TO_SCALE = ROUND + 127f;
    /** The bits of a float's mantissa. */
    public static final int MANTISSA_BITS = 23;
    /** The bit of a float's sign. */
    public static final int SIGN_BIT = 0x8000_0000;

    /** 1 / ln 2. */
    public static final float LOG2_E = 1.44269504f;
    /** ln 2. */
    public static final float LN2_HIGH = 0.693147182f;
    /** What {@link #LN2_HIGH} lacks. */
    public static final float LN2_LOW = -1.90465429995776804525e-9f;
    /** The largest float whose exponential is no more than {@link Float#MAX_VALUE}. */
    public static final float EXP_OVERFLOW = 88.7228317f;
    /** The smallest float whose exponential is a normal float. */
    public static final float EXP_UNDERFLOW = -87.3365402f;

    /** exp(r) on [-ln2/2, ln2/2], 0.04 ulp. */
    public static final float EXP6 = 0.0013789198f;
    public static final float EXP5 = 0.008368675f;
    public static final float EXP4 = 0.041668892f;
    public static final float EXP3 = 0.16666521f;
    public static final float EXP2 = 0.4999999f;

    /** exp(r) on [-ln2/2, ln2/2], 1.1 ulp, one degree less. */
    public static final float SHORT_EXP5 = 0.008262364f;
    public static final float SHORT_EXP4 = 0.041898504f;
    public static final float SHORT_EXP3 = 0.16668177f;
    public static final float SHORT_EXP2 = 0.49999145f;
    public static final float SHORT_EXP1 = 0.99999946f;

    /** Where erf goes over from the one polynomial to the other. */
    public static final float ERF_SPLIT = 1.1f;
    /** From here on erf is 1 - 1.5e-8, which rounds to 1. */
    public static final float ERF_ONE = 4f;
    /** erf(x) / x - 1 on [0, 1.1] as a polynomial in x^2. */
    public static final float ERF_NEAR6 = 7.2090654e-05f;
    public static final float ERF_NEAR5 = -0.0007816867f;
    public static final float ERF_NEAR4 = 0.0051669553f;
    public static final float ERF_NEAR3 = -0.026843237f;
    public static final float ERF_NEAR2 = 0.11283362f;
    public static final float ERF_NEAR1 = -0.3761261f;
    public static final float ERF_NEAR0 = 0.12837917f;
    /** (1 - erf(x))^(1/4) on [1.1, 4]: the root is so much smoother than 1 - erf that degree 7 will do. */
    public static final float ERF_FAR7 = -0.00017560841f;
    public static final float ERF_FAR6 = 0.0031800081f;
    public static final float ERF_FAR5 = -0.02189666f;
    public static final float ERF_FAR4 = 0.06511501f;
    public static final float ERF_FAR3 = -0.04859869f;
    public static final float ERF_FAR2 = -0.06549126f;
    public static final float ERF_FAR1 = -0.3075503f;
    public static final float ERF_FAR0 = 1.0051877f;

    /** From here on gelu(-x) is 0 (in truth above -5e-15). */
    public static final float GELU_ZERO = 8f;
    /**
     * Phi(x)^(1/8) on [-8, 0], zero at -8. Phi(x) itself would take degree 15 and erf two polynomials: the eighth root,
     * close to exp(-x^2/16), takes degree 8 and three squarings, and no division.
     */
    public static final float GELU8 = -2.9863023e-07f;
    public static final float GELU7 = -7.5070225e-06f;
    public static final float GELU6 = -6.0343107e-05f;
    public static final float GELU5 = -3.430847e-05f;
    public static final float GELU4 = 0.0015048153f;
    public static final float GELU3 = 0.0006729366f;
    public static final float GELU2 = -0.031927217f;
    public static final float GELU1 = 0.09145774f;
    public static final float GELU0 = 0.91700405f;

    private ScalarMath() {
    }

    /**
     * Returns e to the power {@code x}, to 0.9 ulp. Above 88.72283 it is infinity; below -87.33654, where the result would
     * be subnormal, it is 0; NaN gives NaN.
     */
    public static float exp(float x) {
        float rounded = Math.fma(x, LOG2_E, ROUND);
        float n = rounded - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float p = Math.fma(EXP6, r, EXP5);
        p = Math.fma(p, r, EXP4);
        p = Math.fma(p, r, EXP3);
        p = Math.fma(p, r, EXP2);
        p = Math.fma(p, r, 1f);
        p = Math.fma(p, r, 1f);
        if (x < EXP_UNDERFLOW) {
            return 0f;
        }
        if (x <= EXP_OVERFLOW) {
            // The exponent is added, not multiplied: 2^128 is no float, yet 0.7 * 2^128 is one.
            int scaled = Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << MANTISSA_BITS);
            return Float.intBitsToFloat(scaled);
        }
        return x * Float.POSITIVE_INFINITY;
    }

    /**
     * Returns e to the power {@code x} for {@code x <= 0}, in two thirds of the operations of {@link #exp}. The error is at
     * most 2 + |x| / 30 ulp; 0 gives 1, NaN gives NaN; below -87.33654, where the result would be subnormal, it is 0.
     */
    public static float expNonPositive(float x) {
        float rounded = Math.fma(x, LOG2_E, ROUND_TO_SCALE);
        float n = rounded - ROUND_TO_SCALE;
        float r = Math.fma(n, -LN2_HIGH, x);
        float p = Math.fma(SHORT_EXP5, r, SHORT_EXP4);
        p = Math.fma(p, r, SHORT_EXP3);
        p = Math.fma(p, r, SHORT_EXP2);
        p = Math.fma(p, r, SHORT_EXP1);
        p = Math.fma(p, r, 1f);
        if (x < EXP_UNDERFLOW) {
            return 0f;
        }
        return p * Float.intBitsToFloat(Float.floatToRawIntBits(rounded) << MANTISSA_BITS);
    }

    /**
     * Returns the error function {@code 2 / sqrt(pi) * integral from 0 to x of exp(-t^2) dt}, to 1.5 ulp. Exactly odd; plus
     * or minus 1 beyond 4; NaN gives NaN.
     */
    public static float erf(float x) {
        float magnitude = Math.abs(x);
        if (magnitude > ERF_SPLIT) {
            float a = magnitude < ERF_ONE ? magnitude : ERF_ONE;
            float p = Math.fma(ERF_FAR7, a, ERF_FAR6);
            p = Math.fma(p, a, ERF_FAR5);
            p = Math.fma(p, a, ERF_FAR4);
            p = Math.fma(p, a, ERF_FAR3);
            p = Math.fma(p, a, ERF_FAR2);
            p = Math.fma(p, a, ERF_FAR1);
            p = Math.fma(p, a, ERF_FAR0);
            p = p * p;
            return Math.copySign(Math.fma(-p, p, 1f), x);
        }
        float square = x * x;
        float p = Math.fma(ERF_NEAR6, square, ERF_NEAR5);
        p = Math.fma(p, square, ERF_NEAR4);
        p = Math.fma(p, square, ERF_NEAR3);
        p = Math.fma(p, square, ERF_NEAR2);
        p = Math.fma(p, square, ERF_NEAR1);
        p = Math.fma(p, square, ERF_NEAR0);
        return Math.fma(x, p, x);
    }

    /**
     * Returns {@code x * Phi(x)}, Phi the normal distribution's cumulative function {@code (1 + erf(x / sqrt(2))) / 2}, as
     * {@code max(x, 0) - |x| * Phi(-|x|)}. The error is at most {@code 1.4e-7 * max(1, |x|)}, where rounding alone
     * makes 0.6e-7, and 10 ulp where x is positive. Negative infinity gives 0, positive infinity itself, NaN NaN.
     */
    public static float gelu(float x) {
        float magnitude = Math.abs(x);
        float a = magnitude < GELU_ZERO ? -magnitude : -GELU_ZERO;
        float p = Math.fma(GELU8, a, GELU7);
        p = Math.fma(p, a, GELU6);
        p = Math.fma(p, a, GELU5);
        p = Math.fma(p, a, GELU4);
        p = Math.fma(p, a, GELU3);
        p = Math.fma(p, a, GELU2);
        p = Math.fma(p, a, GELU1);
        p = Math.fma(p, a, GELU0);
        p = p * p;
        p = p * p;
        p = p * p;
        return Math.fma(a, p, x < 0f ? 0f : x);
    }
}
