package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.FLOATS;
import static leanvit.kernels.Lanes.L;
import static leanvit.kernels.Lanes.LEAST_VALUES;

import jdk.incubator.vector.FloatVector;

/** {@link ColumnSums} on the Vector API: columns outside, rows inside, so that each sum is stored once. */
final class SimdColumnSums implements ColumnSums.Implementation {

    static final SimdColumnSums KERNEL = new SimdColumnSums();

    @Override
    public void add(float[] x, int offset, int stride, int rows, int columns, float[] sums, int sumsOffset) {
        if ((long) rows * columns < LEAST_VALUES) {
            ScalarColumnSums.KERNEL.add(x, offset, stride, rows, columns, sums, sumsOffset);
            return;
        }
        int c = 0;
        for (; c <= columns - 4 * L; c += 4 * L) {
            fourVectors(x, offset + c, stride, rows, sums, sumsOffset + c);
        }
        for (; c <= columns - L; c += L) {
            vector(x, offset + c, stride, rows, sums, sumsOffset + c);
        }
        ScalarColumnSums.KERNEL.add(x, offset + c, stride, rows, columns - c, sums, sumsOffset + c);
    }

    private static void fourVectors(float[] x, int offset, int stride, int rows, float[] sums, int to) {
        FloatVector sum0 = FloatVector.fromArray(F, sums, to);
        FloatVector sum1 = FloatVector.fromArray(F, sums, to + L);
        FloatVector sum2 = FloatVector.fromArray(F, sums, to + 2 * L);
        FloatVector sum3 = FloatVector.fromArray(F, sums, to + 3 * L);
        for (int r = 0; r < rows; r++, offset += stride) {
            sum0 = FloatVector.fromArray(F, x, offset).add(sum0);
            sum1 = FloatVector.fromArray(F, x, offset + L).add(sum1);
            sum2 = FloatVector.fromArray(F, x, offset + 2 * L).add(sum2);
            sum3 = FloatVector.fromArray(F, x, offset + 3 * L).add(sum3);
        }
        FLOATS.cast(sum0).intoArray(sums, to);
        FLOATS.cast(sum1).intoArray(sums, to + L);
        FLOATS.cast(sum2).intoArray(sums, to + 2 * L);
        FLOATS.cast(sum3).intoArray(sums, to + 3 * L);
    }

    private static void vector(float[] x, int offset, int stride, int rows, float[] sums, int to) {
        FloatVector sum = FloatVector.fromArray(F, sums, to);
        for (int r = 0; r < rows; r++, offset += stride) {
            sum = FloatVector.fromArray(F, x, offset).add(sum);
        }
        FLOATS.cast(sum).intoArray(sums, to);
    }
}
