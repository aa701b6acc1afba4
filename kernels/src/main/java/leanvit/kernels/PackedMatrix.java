package leanvit.kernels;

import java.util.Objects;

/**
 * The right operand of {@link Gemm}, K rows by N columns, with a bias for each column, packed once into the panels of
 * {@link PanelLayout}. A linear layer's weight and bias make one. Immutable, hence safe to share between threads.
 */
public final class PackedMatrix {

    final int k;
    final int n;
    final float[] data;

    private PackedMatrix(int k, int n) {
        Checks.notNegative("k", k);
        Checks.notNegative("n", n);
        this.k = k;
        this.n = n;
        this.data = new float[PanelLayout.packedLength(k, n)];
    }

    /**
     * Packs B, so that {@link Gemm} computes A·B + bias.
     *
     * @param b      B row-major, [K, N], first element at {@code offset}
     * @param stride floats from a row of B to the next, at least n
     * @param bias   N floats, or null for none
     */
    public static PackedMatrix of(float[] b, int offset, int stride, int k, int n, float[] bias) {
        PackedMatrix packed = new PackedMatrix(k, n);
        Checks.rows("b", b, offset, stride, k, n);
        packed.pack(b, offset, stride, 1, bias);
        return packed;
    }

    /**
     * Packs the transpose of W, so that {@link Gemm} computes A·Wᵀ + bias, as a linear layer does.
     *
     * @param w      W row-major, [N, K], first element at {@code offset}
     * @param stride floats from a row of W to the next, at least k
     * @param bias   N floats, or null for none
     */
    public static PackedMatrix ofTransposed(float[] w, int offset, int stride, int n, int k, float[] bias) {
        PackedMatrix packed = new PackedMatrix(k, n);
        Checks.rows("w", w, offset, stride, n, k);
        packed.pack(w, offset, 1, stride, bias);
        return packed;
    }

    private void pack(float[] source, int offset, int rowStep, int columnStep, float[] bias) {
        if (Objects.nonNull(bias) && bias.length != n) {
            throw new IllegalArgumentException("bias has " + bias.length + " values, expected n = " + n);
        }
        for (int panel = 0; panel < PanelLayout.panels(n); panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int valid = Math.min(width, n - first);
            int base = PanelLayout.offset(k, n, panel);
            if (bias != null) {
                System.arraycopy(bias, first, data, base, valid);
            }
            for (int j = 0; j < valid; j++) {
                int from = offset + (first + j) * columnStep;
                int to = base + width + j;
                for (int p = 0; p < k; p++) {
                    data[to + p * width] = source[from + p * rowStep];
                }
            }
        }
    }

    /** Returns K, the columns of the left operand. */
    public int rows() {
        return k;
    }

    /** Returns N, the columns of the product. */
    public int columns() {
        return n;
    }

    /** Returns how many panels there are, for callers that split a product between threads by columns. */
    public int panels() {
        return PanelLayout.panels(n);
    }

    /** Returns the panel whose first column is {@code column}, or 0 if none begins there. */
    public int panelAt(int column) {
        for (int panel = 1; panel < panels(); panel++) {
            if (PanelLayout.column(n, panel) == column) {
                return panel;
            }
        }
        return 0;
    }
}
