package leanvit.kernels;

/** {@link Rotary} without the Vector API. */
final class ScalarRotary implements Rotary.Implementation {

    static final ScalarRotary KERNEL = new ScalarRotary();

    @Override
    public void rows(int rows, int heads, int half, float[] x, int offset, int stride, float[] angles,
                     int anglesOffset, int anglesStride) {
        for (int r = 0; r < rows; r++) {
            channels(heads, half, 0, x, offset + r * stride, angles, anglesOffset + r * anglesStride);
        }
    }

    /** A row's planes from {@code from} on. */
    static void channels(int heads, int half, int from, float[] x, int row, float[] angles, int cos) {
        for (int h = 0; h < heads; h++) {
            int head = row + 2 * h * half;
            for (int k = from; k < half; k++) {
                float c = angles[cos + k];
                float s = angles[cos + half + k];
                float x0 = x[head + k];
                float x1 = x[head + half + k];
                x[head + k] = x0 * c - x1 * s;
                x[head + half + k] = x1 * c + x0 * s;
            }
        }
    }
}
