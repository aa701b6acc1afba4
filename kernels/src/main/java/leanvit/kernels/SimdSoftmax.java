package leanvit.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;
import static leanvit.kernels.LaneFolds.EIGHTH;
import static leanvit.kernels.LaneFolds.HALF;
import static leanvit.kernels.LaneFolds.QUARTER;
import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.ScalarMath.EXP_UNDERFLOW;
import static leanvit.kernels.ScalarMath.LN2_HIGH;
import static leanvit.kernels.ScalarMath.LOG2_E;
import static leanvit.kernels.ScalarMath.MANTISSA_BITS;
import static leanvit.kernels.ScalarMath.ROUND_TO_SCALE;
import static leanvit.kernels.ScalarMath.SHORT_EXP1;
import static leanvit.kernels.ScalarMath.SHORT_EXP2;
import static leanvit.kernels.ScalarMath.SHORT_EXP3;
import static leanvit.kernels.ScalarMath.SHORT_EXP4;
import static leanvit.kernels.ScalarMath.SHORT_EXP5;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Softmax} on vectors, and the passes over a row, largest value, exponentials and their sum, that {@link
 * SimdAttention} makes too. Rows have L columns or more.
 */
final class SimdSoftmax implements Softmax.Implementation {

    static final SimdSoftmax KERNEL = new SimdSoftmax();

    /** L zeros, then L ones: from index t on, a vector whose last t lanes are 1. */
    private static final float[] LAST_LANES = new float[2 * L];

    /** A vector for the rest of a row (5 exponentials as scalars would take as long as 60 as vectors), and a float. */
    private static final Spares<float[]> SPARES = new Spares<>();

    static {
        Arrays.fill(LAST_LANES, L, 2 * L, 1f);
    }

    @Override
    public void rows(float[] x, int offset, int stride, int rows, int columns,
                     float[] out, int outOffset, int outStride) {
        if (columns < L) {
            ScalarSoftmax.KERNEL.rows(x, offset, stride, rows, columns, out, outOffset, outStride);
            return;
        }
        int whole = columns - columns % L;
        float[] spare = SPARES.take();
        if (spare == null) {
            spare = new float[L + 1];
        }
        for (int r = 0; r < rows; r++, offset += stride, outOffset += outStride) {
            float max = max(columns, x, offset);
            if (max == Float.NEGATIVE_INFINITY) {
                ScalarSoftmax.withoutMaximum(x, offset, columns, out, outOffset);
                continue;
            }
            System.arraycopy(x, offset + whole, spare, 0, columns - whole);
            spare[L] = -max;
            exponentiate(1, whole, spare, L, x, offset, 0, out, outOffset, 0);
            exponentiate(1, L, spare, L, spare, 0, 0, spare, 0, 0);
            System.arraycopy(spare, 0, out, outOffset + whole, columns - whole);
            sum(1, columns, out, outOffset, 0, spare, L);
            scale(columns, 1f / spare[L], out, outOffset);
        }
        SPARES.giveBack(spare);
    }

    /**
     * Returns a row's largest value, ignoring NaN; -infinity where there is no other. Three chains hide the latency.
     */
    static float max(int columns, float[] x, int row) {
        FloatVector m0 = FloatVector.fromArray(F, x, row + columns - L);
        m0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY).blend(m0, m0.compare(VectorOperators.EQ, m0));
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        int c = 0;
        for (; c <= columns - 3 * L; c += 3 * L) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + c);
            FloatVector x1 = FloatVector.fromArray(F, x, row + c + L);
            FloatVector x2 = FloatVector.fromArray(F, x, row + c + 2 * L);
            m0 = FLOATS.cast(m0).blend(x0, x0.compare(VectorOperators.GT, m0));
            m1 = FLOATS.cast(m1).blend(x1, x1.compare(VectorOperators.GT, m1));
            m2 = FLOATS.cast(m2).blend(x2, x2.compare(VectorOperators.GT, m2));
        }
        for (; c <= columns - L; c += L) {
            FloatVector x0 = FloatVector.fromArray(F, x, row + c);
            m0 = FLOATS.cast(m0).blend(x0, x0.compare(VectorOperators.GT, m0));
        }
        FloatVector max = FLOATS.cast(m0);
        max = max.blend(m1, max.compare(VectorOperators.LT, m1));
        max = max.blend(m2, max.compare(VectorOperators.LT, m2));
        // As ints that have the order of the floats: a maximum of floats takes three times the steps, for the sake of
        // NaN.
        IntVector bits = max.reinterpretAsInts();
        bits = bits.lanewise(VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(Integer.MAX_VALUE));
        int largest = bits.reduceLanes(VectorOperators.MAX);
        return Float.intBitsToFloat(largest ^ largest >> 31 & Integer.MAX_VALUE);
    }

    /**
     * Writes exp(x + shift) of rows of whole vectors, a shift per row, {@link ScalarMath#exp} to the bit; in
     * place too.
     *
     * <p>The formula stands in the loop for {@link SimdGelu}'s reason. It takes three quarters of the bytecodes that C2
     * inlines before it puts calls off ({@link SimdGemm} tells what follows from that). Hence the sum is a pass of its
     * own, the loop tests at its head (where a loop tests at its end, C2 parses the body twice), and no vector is
     * loaded one step ahead. Like {@link #max} and {@link #sum}, the method has more than 325 bytecodes, the most that
     * C2 inlines of ours: a smaller one it would inline or not, as compilations happen to end, and a caller that got
     * two of them would be too large. For that, one start of JDK 17 in twenty boxed a vector per row.
     */
    static void exponentiate(int rows, int columns, float[] shifts, int shiftsOffset, float[] x, int offset, int stride,
                             float[] out, int outOffset, int outStride) {
        if (columns % L != 0 || shifts.length - shiftsOffset < rows || x.length - offset < columns) {
            throw new IllegalArgumentException(rows + " rows of " + columns + ", expected whole vectors of " + L
                    + " and a shift each, came " + shifts.length + " from " + shiftsOffset + ", " + x.length + " from "
                    + offset);
        }
        int row = offset;
        int to = outOffset;
        for (int i = 0; i < rows; i++) {
            FloatVector shift = broadcast(F, shifts[shiftsOffset + i]);
            for (int c = 0; c < columns; c += L) {
                FloatVector v = shift.add(FloatVector.fromArray(F, x, row + c));
                FloatVector rounded = v.fma(broadcast(F, LOG2_E), broadcast(F, ROUND_TO_SCALE));
                FloatVector n = rounded.sub(broadcast(F, ROUND_TO_SCALE));
                FloatVector r = n.fma(broadcast(F, -LN2_HIGH), v);
                FloatVector p = broadcast(F, SHORT_EXP5).fma(r, broadcast(F, SHORT_EXP4));
                p = p.fma(r, broadcast(F, SHORT_EXP3));
                p = p.fma(r, broadcast(F, SHORT_EXP2));
                p = p.fma(r, broadcast(F, SHORT_EXP1));
                p = p.fma(r, broadcast(F, 1f));
                FloatVector scale = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                        .reinterpretAsFloats();
                p.mul(scale).blend(0f, v.compare(VectorOperators.LT, EXP_UNDERFLOW)).intoArray(out, to + c);
            }
            row += stride;
            to += outStride;
        }
    }

    /** Writes the sum of each row. Values that the last vector shares with the one before count once. */
    static void sum(int rows, int columns, float[] x, int offset, int stride, float[] sums, int sumsOffset) {
        if (columns < L || sums.length - sumsOffset < rows) {
            throw new IllegalArgumentException(rows + " rows of " + columns + ", expected a vector of " + L
                    + " at least and room for a sum each, came " + sums.length + " from " + sumsOffset);
        }
        int row = offset;
        for (int i = 0; i < rows; i++) {
            FloatVector sum = FloatVector.zero(F);
            FloatVector odd = sum;
            int c = 0;
            // Two chains hide half of the latency.
            for (; c <= columns - 2 * L; c += 2 * L) {
                sum = FloatVector.fromArray(F, x, row + c).add(sum);
                odd = FloatVector.fromArray(F, x, row + c + L).add(odd);
            }
            for (; c <= columns - L; c += L) {
                sum = FloatVector.fromArray(F, x, row + c).add(sum);
            }
            if (c < columns) {
                FloatVector last = FloatVector.fromArray(F, x, row + columns - L);
                sum = last.fma(FloatVector.fromArray(F, LAST_LANES, columns - c), sum);
            }
            sum = FLOATS.cast(sum).add(odd);
            sum = sum.add(sum.rearrange(HALF));
            sum = L > 4 ? sum.add(sum.rearrange(QUARTER)) : sum;
            sum = L > 8 ? sum.add(sum.rearrange(EIGHTH)) : sum;
            sums[sumsOffset + i] = sum.lane(0) + sum.lane(1);
            row += stride;
        }
    }

    private static void scale(int columns, float scale, float[] x, int row) {
        int c = 0;
        for (; c <= columns - L; c += L) {
            FloatVector.fromArray(F, x, row + c).mul(scale).intoArray(x, row + c);
        }
        for (; c < columns; c++) {
            x[row + c] *= scale;
        }
    }
}
