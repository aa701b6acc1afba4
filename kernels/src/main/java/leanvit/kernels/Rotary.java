package leanvit.kernels;

/**
 * Rotary position embedding (Su et al. 2021) in the form of two halves: channels k and k + d/2 of each head of width d
 * are a plane, which turns by the token's angle k.
 *
 * <pre>
 *   x[k]       = x[k]·cos[k] - x[k + d/2]·sin[k]
 *   x[k + d/2] = x[k + d/2]·cos[k] + x[k]·sin[k]          k = 0 .. d/2 - 1
 * </pre>
 *
 * A token's angles come as a row of d floats, d/2 cosines and then d/2 sines, which all its heads share. (Models that
 * pair neighbouring channels, 2k and 2k + 1, have this form once their channels are sorted.)
 *
 * <p>Two products and their sum, each rounded: an element is within 2e-7 times its plane's norm of the exact value. The
 * bits are the same at every vector width. NaN and infinities follow IEEE 754.
 * In place. Thread-safe on disjoint rows; allocates nothing.
 */
public final class Rotary {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void rows(int rows, int heads, int half, float[] x, int offset, int stride, float[] angles, int anglesOffset,
                  int anglesStride);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdRotary.KERNEL : ScalarRotary.KERNEL;

    private Rotary() {
    }

    /**
     * Turns rows of heads side by side.
     *
     * @param rows         tokens
     * @param heads        heads in a row; where queries and keys lie side by side, both count
     * @param headDim      width of a head, d; even
     * @param x            [rows, heads·d] from {@code offset}, a row every {@code stride} floats
     * @param angles       [rows, d] from {@code anglesOffset}, a row every {@code anglesStride} floats; must not
     *                     overlap {@code x}
     * @throws IllegalArgumentException  where d is odd, a count negative or a stride too small
     * @throws IndexOutOfBoundsException where rows do not lie within an array
     */
    public static void rows(int rows, int heads, int headDim, float[] x, int offset, int stride, float[] angles,
                            int anglesOffset, int anglesStride) {
        Checks.notNegative("heads", heads);
        if (headDim < 0 || headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim is " + headDim + ", expected an even number");
        }
        Checks.rows("x", x, offset, stride, rows, heads * headDim);
        Checks.rows("angles", angles, anglesOffset, anglesStride, rows, headDim);
        KERNEL.rows(rows, heads, headDim / 2, x, offset, stride, angles, anglesOffset, anglesStride);
    }
}
