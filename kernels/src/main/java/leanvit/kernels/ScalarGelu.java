package leanvit.kernels;

/** {@link Gelu} without the Vector API: block by block, each copied to where {@link #row} is fast. */
final class ScalarGelu implements Gelu.Implementation {

    static final ScalarGelu KERNEL = new ScalarGelu();

    @Override
    public void apply(float[] x, int offset, int n, float[] out, int outOffset) {
        ScalarTile tile = ScalarTile.acquire();
        for (int i = 0; i < n; i += ScalarTile.COLUMNS) {
            int columns = Math.min(ScalarTile.COLUMNS, n - i);
            System.arraycopy(x, offset + i, tile.row, 0, columns);
            row(columns, tile.row, tile.sums[0]);
            System.arraycopy(tile.sums[0], 0, out, outOffset + i, columns);
        }
        tile.release();
    }

    /**
     * {@link ScalarMath#gelu} of the first values of an array, into another. It gives the same bits by operations that
     * C2 vectorizes; choosing by sign would mispredict half of its branches and take eight times as long.
     */
    static void row(int columns, float[] x, float[] out) {
        for (int j = 0; j < columns; j++) {
            float value = x[j];
            float a = Math.max(-Math.abs(value), -ScalarMath.GELU_ZERO);
            out[j] = ScalarMath.fma(a, ScalarMath.phi(a), Math.max(value, 0f));
        }
        // The larger of -0 and 0 is 0.
        for (int j = 0; j < columns; j++) {
            if (x[j] == 0f) {
                out[j] = x[j];
            }
        }
    }
}
