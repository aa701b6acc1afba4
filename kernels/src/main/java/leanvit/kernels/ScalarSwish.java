package leanvit.kernels;

/** {@link Swish} without the Vector API: a block at a time, copied to where {@link #row} can be quick. */
final class ScalarSwish implements Swish.Implementation {

    static final ScalarSwish KERNEL = new ScalarSwish();

    @Override
    public void apply(Swish.Form form, float[] x, int offset, int n, float[] out, int outOffset) {
        ScalarTile tile = ScalarTile.acquire();
        for (int i = 0; i < n; i += ScalarTile.COLUMNS) {
            int columns = Math.min(ScalarTile.COLUMNS, n - i);
            System.arraycopy(x, offset + i, tile.row, 0, columns);
            row(form, columns, tile.row, tile.sums[0]);
            System.arraycopy(tile.sums[0], 0, out, outOffset + i, columns);
        }
        tile.release();
    }

    /** {@link ScalarMath#swish} of the first values of an array, in another. */
    static void row(Swish.Form form, int columns, float[] x, float[] out) {
        float minusA = form.minusA;
        float minusB = form.minusB;
        for (int j = 0; j < columns; j++) {
            out[j] = ScalarMath.swish(minusA, minusB, x[j]);
        }
    }
}
