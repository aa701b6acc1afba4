package leanvit.kernels;

import leanvit.kernels.Gemm.Epilogue;

/** {@link Gemm} without the Vector API; the inner loop over a panel's columns is one that C2 vectorises. */
final class ScalarGemm implements Gemm.Implementation {

    static final ScalarGemm KERNEL = new ScalarGemm();

    @Override
    public void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel, int toPanel,
                                Epilogue epilogue, float[] c, int co, int ldc) {
        for (int panel = fromPanel; panel < toPanel; panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int valid = Math.min(width, n - first);
            int bias = bOffset + PanelLayout.offset(k, n, panel);
            for (int i = 0; i < m; i++) {
                int row = co + i * ldc + first;
                if (epilogue == Epilogue.RESIDUAL) {
                    // c + bias first: the sum's order differs from the SIMD code's by one rounding.
                    for (int j = 0; j < valid; j++) {
                        c[row + j] += b[bias + j];
                    }
                } else {
                    System.arraycopy(b, bias, c, row, valid);
                }
                int panelRow = bias + width;
                for (int p = 0; p < k; p++, panelRow += width) {
                    axpy(valid, a[ao + i * lda + p], b, panelRow, c, row);
                }
                if (epilogue == Epilogue.GELU) {
                    gelu(1, valid, c, row, ldc);
                }
            }
        }
    }

    /** Replaces a tile's values by their GELU. */
    static void gelu(int rows, int columns, float[] c, int co, int ldc) {
        for (int r = 0; r < rows; r++, co += ldc) {
            for (int j = co; j < co + columns; j++) {
                c[j] = ScalarMath.gelu(c[j]);
            }
        }
    }

    private static void axpy(int n, float factor, float[] x, int xo, float[] y, int yo) {
        for (int j = 0; j < n; j++) {
            y[yo + j] += factor * x[xo + j];
        }
    }
}
