package leanvit.kernels;

/**
 * {@code exp} and {@code gelu} of one float, and the constants of both these and the vector forms, {@code exp} in
 * {@link SimdSoftmax} and {@code gelu} in {@link SimdGelu}. Both forms do the same operations in the same order, so
 * that they return the same bits (of a NaN: some NaN).
 *
 * <p>The polynomials are minimax fits in the measure that counts (ulps of the result for exp, absolute error for gelu).
 * Their coefficients were rounded to float one by one, and after each the others were fitted anew. The errors stated
 * are maxima over every float of the range.
 */
final class ScalarMath {

    /** 1.5 * 2^23: adding it rounds a float to an integer, which then stands in the sum's low bits. */
    static final float ROUND = 0x1.8p23f;
    /** {@link #ROUND} with the exponent's bias, so that the sum's low bits shifted left by 23 are a power of two. */
    static final float ROUND_TO_SCALE = ROUND + 127f;
    /** The bits of a float's mantissa. */
    static final int MANTISSA_BITS = 23;
    /** The bit of a float's sign. */
    static final int SIGN_BIT = 0x8000_0000;

    /** 1 / ln 2. */
    static final float LOG2_E = 1.44269504f;
    /** ln 2. */
    static final float LN2_HIGH = 0.693147182f;
    /** The smallest float whose exponential is a normal float. */
    static final float EXP_UNDERFLOW = -87.3365402f;

    /** exp(r) on [-ln2/2, ln2/2], 1.1 ulp, one degree less. */
    static final float SHORT_EXP5 = 0.008262364f;
    static final float SHORT_EXP4 = 0.041898504f;
    static final float SHORT_EXP3 = 0.16668177f;
    static final float SHORT_EXP2 = 0.49999145f;
    static final float SHORT_EXP1 = 0.99999946f;

    /** From here on gelu(-x) is 0 (in truth above -5e-15). */
    static final float GELU_ZERO = 8f;
    /**
     * Phi(x)^(1/8) on [-8, 0], zero at -8. The eighth root is close to exp(-x^2/16) and takes degree 8, three squarings
     * and no division, where Phi(x) itself would take degree 15, and erf two polynomials.
     */
    static final float GELU8 = -2.9863023e-07f;
    static final float GELU7 = -7.5070225e-06f;
    static final float GELU6 = -6.0343107e-05f;
    static final float GELU5 = -3.430847e-05f;
    static final float GELU4 = 0.0015048153f;
    static final float GELU3 = 0.0006729366f;
    static final float GELU2 = -0.031927217f;
    static final float GELU1 = 0.09145774f;
    static final float GELU0 = 0.91700405f;

    /** What {@code x*x} counts for in a swish at most: it stays finite, and g is beyond all exponents long before. */
    static final float SWISH_MOST_SQUARE = 1e6f;
    /** The largest exponent of a swish: its exponential is finite, and any x from -128 on over it is nothing. */
    static final float SWISH_MOST_EXPONENT = 87f;
    /** Below it a swish is as good as 0. */
    static final float SWISH_ZERO = -128f;

    private ScalarMath() {
    }

    /**
     * Returns {@code a * b + c}, fused where the processor can; the sum of a rounded product elsewhere, where
     * {@code Math.fma} would take microseconds.
     */
    static float fma(float a, float b, float c) {
        return Provider.FMA ? Math.fma(a, b, c) : a * b + c;
    }

    /**
     * Returns e to the power {@code x} for {@code x <= 88}. The error is at most 2 + |x| / 30 ulp; 0 gives 1, NaN gives
     * NaN; below -87.33654, where the result would be subnormal, it is 0.
     */
    static float exp(float x) {
        float rounded = fma(x, LOG2_E, ROUND_TO_SCALE);
        float n = rounded - ROUND_TO_SCALE;
        float r = fma(n, -LN2_HIGH, x);
        float p = fma(SHORT_EXP5, r, SHORT_EXP4);
        p = fma(p, r, SHORT_EXP3);
        p = fma(p, r, SHORT_EXP2);
        p = fma(p, r, SHORT_EXP1);
        p = fma(p, r, 1f);
        if (x < EXP_UNDERFLOW) {
            return 0f;
        }
        return p * Float.intBitsToFloat(Float.floatToRawIntBits(rounded) << MANTISSA_BITS);
    }

    /**
     * Returns {@code x * Phi(x)}, Phi the normal distribution's cumulative function {@code (1 + erf(x / sqrt(2))) / 2},
     * as {@code max(x, 0) - |x| * Phi(-|x|)}. The error is at most {@code 1.4e-7 * max(1, |x|)}, where rounding alone
     * makes 0.6e-7, and 10 ulp where x is positive. Negative infinity gives 0, positive infinity itself, NaN NaN.
     */
    static float gelu(float x) {
        float magnitude = Math.abs(x);
        float a = magnitude < GELU_ZERO ? -magnitude : -GELU_ZERO;
        return fma(a, phi(a), x < 0f ? 0f : x);
    }

    /** Returns {@code x / (1 + exp(x * (minusA + minusB * x * x)))}; see {@link Swish}. */
    static float swish(float minusA, float minusB, float x) {
        float exponent = fma(Math.min(x * x, SWISH_MOST_SQUARE), minusB, minusA) * x;
        float e = exp(exponent > SWISH_MOST_EXPONENT ? SWISH_MOST_EXPONENT : exponent);
        return (x < SWISH_ZERO ? SWISH_ZERO : x) / (e + 1f);
    }

    /** Returns the normal distribution's cumulative function of {@code a}, -8 to 0. */
    static float phi(float a) {
        float p = fma(GELU8, a, GELU7);
        p = fma(p, a, GELU6);
        p = fma(p, a, GELU5);
        p = fma(p, a, GELU4);
        p = fma(p, a, GELU3);
        p = fma(p, a, GELU2);
        p = fma(p, a, GELU1);
        p = fma(p, a, GELU0);
        p = p * p;
        p = p * p;
        return p * p;
    }
}
