package leanvit.kernels;

/** {@link ColumnSums} without the Vector API. */
final class ScalarColumnSums implements ColumnSums.Implementation {

    static final ScalarColumnSums KERNEL = new ScalarColumnSums();

    @Override
    public void add(float[] x, int offset, int stride, int rows, int columns, float[] sums, int sumsOffset) {
        for (int r = 0; r < rows; r++, offset += stride) {
            for (int c = 0; c < columns; c++) {
                sums[sumsOffset + c] += x[offset + c];
            }
        }
    }
}
