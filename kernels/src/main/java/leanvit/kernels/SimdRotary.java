package leanvit.kernels;

import static leanvit.kernels.Lanes.F;
import static leanvit.kernels.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** {@link Rotary} on the Vector API; the channels that fill no vector go by {@link ScalarRotary}, of the same bits. */
final class SimdRotary implements Rotary.Implementation {

    static final SimdRotary KERNEL = new SimdRotary();

    @Override
    public void rows(int rows, int heads, int half, float[] x, int offset, int stride, float[] angles,
                     int anglesOffset, int anglesStride) {
        int whole = half - half % L;
        for (int r = 0; r < rows; r++) {
            int row = offset + r * stride;
            int cos = anglesOffset + r * anglesStride;
            if (whole > 0) {
                vectors(heads, half, whole, x, row, angles, cos);
            }
            if (whole < half) {
                ScalarRotary.channels(heads, half, whole, x, row, angles, cos);
            }
        }
    }

    /** A row's planes but those that fill no vector. One loop over the vectors of all heads. */
    private static void vectors(int heads, int half, int whole, float[] x, int row, float[] angles, int cos) {
        int head = row;
        int k = 0;
        for (int left = heads * (whole / L); left > 0; left--) {
            FloatVector c = FloatVector.fromArray(F, angles, cos + k);
            FloatVector s = FloatVector.fromArray(F, angles, cos + half + k);
            FloatVector x0 = FloatVector.fromArray(F, x, head + k);
            FloatVector x1 = FloatVector.fromArray(F, x, head + half + k);
            x0.mul(c).sub(x1.mul(s)).intoArray(x, head + k);
            x1.mul(c).add(x0.mul(s)).intoArray(x, head + half + k);
            k += L;
            if (k == whole) {
                k = 0;
                head += 2 * half;
            }
        }
    }
}
