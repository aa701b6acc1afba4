package leanvit.kernels;

import leanvit.kernels.scalar.ScalarL2Norm;
import leanvit.kernels.simd.SimdL2Norm;

/**
 * Scales each row to length 1: {@code out[r, c] = x[r, c] / (|x[r]| + epsilon)} with {@code |x[r]| = sqrt(sum over c of x[r, c]^2)}.
 *
 * <p>A row of zeros stays zeros, with epsilon 0 too. Rows of any size, from subnormal numbers to 3e38, come out right: squares
 * that float arithmetic would lose are added in double. Relative error at most {@code (3 + C / 32) * 2^-23} for C columns. In a
 * row that holds NaN all are NaN; in one that holds infinities these are NaN and the others 0. Each width adds in an order of
 * its own, the same from call to call. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class L2Norm {

    private L2Norm() {
    }

    /**
     * Normalises each row.
     *
     * @param x         the rows, one every {@code stride} floats from {@code offset}
     * @param rows      how many rows, N, 0 or more
     * @param columns   values in a row, C, 0 or more
     * @param epsilon   added to the length; 0 or more, finite (ToMe has 0, TPS 1e-6)
     * @param out       receives the result, a row every {@code outStride} floats from {@code outOffset}; may be the input where
     *                  offset and stride are the same
     * @throws IllegalArgumentException  where a count or epsilon is negative or a stride smaller than a row
     * @throws IndexOutOfBoundsException where rows do not lie within their array
     */
    public static void rows(float[] x, int offset, int stride, int rows, int columns, float epsilon,
                            float[] out, int outOffset, int outStride) {
        Checks.rows("x", x, offset, stride, rows, columns);
        Checks.rows("out", out, outOffset, outStride, rows, columns);
        if (!(epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + ", expected 0 or a positive finite number");
        }
        if (Provider.SIMD) {
            SimdL2Norm.rows(x, offset, stride, rows, columns, epsilon, out, outOffset, outStride);
        } else {
            ScalarL2Norm.rows(x, offset, stride, rows, columns, epsilon, out, outOffset, outStride);
        }
    }
}
