package leanvit.kernels;

/**
 * The right operand of {@link Gemm}, K rows by N columns, with a bias for each column, packed once into the panels of
 * {@link PanelLayout}. A linear layer's weight and bias make one.
 *
 * <p>{@link #of} and {@link #ofTransposed} make a whole one, which is safe to share between threads as long as
 * nobody {@link #repack}s it. A
 * model that keeps all its weights in one array, and reads them from a file piece by piece, reserves room with {@link
 * #in} and fills it with {@link #packRows} and {@link #packBias}; it must share the matrix only after that.
 */
public final class PackedMatrix {

    final int k;
    final int n;
    final float[] data;
    /** Where the first panel begins in {@link #data}. */
    final int offset;

    private PackedMatrix(FloatArena arena, int k, int n) {
        this.k = k;
        this.n = n;
        this.offset = arena.allocate(length(k, n));
        this.data = arena.array();
    }

    /**
     * Packs B, so that {@link Gemm} computes A·B + bias.
     *
     * @param b      B row-major, [K, N], first element at {@code offset}
     * @param stride floats from a row of B to the next, at least n
     * @param bias   N floats, or null for none
     */
    public static PackedMatrix of(float[] b, int offset, int stride, int k, int n, float[] bias) {
        int length = length(k, n);
        Checks.rows("b", b, offset, stride, k, n);
        checkBias(bias, n);
        PackedMatrix packed = in(new FloatArena(length), k, n);
        packed.pack(0, n, b, offset, stride, 1);
        packed.bias(bias);
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
        int length = length(k, n);
        Checks.rows("w", w, offset, stride, n, k);
        checkBias(bias, n);
        PackedMatrix packed = in(new FloatArena(length), k, n);
        packed.packRows(0, n, w, offset, stride);
        packed.bias(bias);
        return packed;
    }

    /**
     * Reserves room for a matrix of K rows and N columns; all its elements are 0 as yet.
     *
     * @throws IllegalArgumentException if the arena has no room for it
     */
    public static PackedMatrix in(FloatArena arena, int k, int n) {
        return new PackedMatrix(arena, k, n);
    }

    /**
     * Returns the floats that a matrix of K rows and N columns takes, bias and padding included.
     *
     * @throws IllegalArgumentException if one array cannot hold them
     */
    public static int length(int k, int n) {
        Checks.notNegative("k", k);
        Checks.notNegative("n", n);
        return PanelLayout.packedLength(k, n);
    }

    /**
     * Packs rows of the transpose W [N, K] as columns: row i of what is given becomes column {@code column + i}.
     *
     * @param column the first column to fill
     * @param count  rows of {@code w}, at most n - column
     * @param w      row-major, [count, K], first element at {@code offset}
     * @param stride floats from a row of W to the next, at least k
     */
    public void packRows(int column, int count, float[] w, int offset, int stride) {
        Checks.rows("w", w, offset, stride, count, k);
        Checks.range("columns", column, column + count, n);
        pack(column, count, w, offset, 1, stride);
    }

    /**
     * Packs another B in the place of this one, the bias left as it is: for weights that are being learnt. The matrix
     * must not be in use meanwhile.
     *
     * @param b      B row-major, [K, N], first element at {@code offset}
     * @param stride floats from a row of B to the next, at least n
     */
    public void repack(float[] b, int offset, int stride) {
        Checks.rows("b", b, offset, stride, k, n);
        for (int panel = 0; panel < panels(); panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            int columns = Math.min(width, n - first);
            int to = biasIndex(panel, first);
            for (int p = 0; p < k; p++) {
                to += width;
                System.arraycopy(b, offset + p * stride + first, data, to, columns);
            }
        }
    }

    /**
     * Packs the transpose of another W in the place of this matrix, the bias left as it is. The matrix must not be in
     * use meanwhile.
     *
     * @param w      W row-major, [N, K], first element at {@code offset}
     * @param stride floats from a row of W to the next, at least k
     */
    public void repackTransposed(float[] w, int offset, int stride) {
        Checks.rows("w", w, offset, stride, n, k);
        for (int panel = 0; panel < panels(); panel++) {
            int first = PanelLayout.column(n, panel);
            int width = PanelLayout.width(n, panel);
            SimdPanels.transpose(Math.min(width, n - first), width, k, 1f, w, offset + first * stride, stride, data,
                    biasIndex(panel, first) + width);
        }
    }

    /**
     * Sets the bias of columns.
     *
     * @param column the first column
     * @param count  how many, at most n - column
     * @param bias   {@code count} floats from {@code offset} on
     */
    public void packBias(int column, int count, float[] bias, int offset) {
        Checks.values("bias", bias.length, offset, count);
        Checks.range("columns", column, column + count, n);
        for (int i = 0; i < count; i++) {
            int panel = panelOf(column + i);
            data[biasIndex(panel, column + i)] = bias[offset + i];
        }
    }

    private void bias(float[] bias) {
        if (bias != null) {
            packBias(0, n, bias, 0);
        }
    }

    private static void checkBias(float[] bias, int n) {
        if (bias != null && bias.length != n) {
            throw new IllegalArgumentException("bias has " + bias.length + " values, expected n = " + n);
        }
    }

    /** Packs columns, whose first element is at {@code source[from]}; steps lead to the next row and column. */
    private void pack(int column, int count, float[] source, int from, int rowStep, int columnStep) {
        for (int i = 0; i < count; i++) {
            int panel = panelOf(column + i);
            int width = PanelLayout.width(n, panel);
            copy(source, from + i * columnStep, rowStep, biasIndex(panel, column + i) + width, width);
        }
    }

    private void copy(float[] source, int from, int fromStep, int to, int toStep) {
        for (int p = 0; p < k; p++) {
            data[to + p * toStep] = source[from + p * fromStep];
        }
    }

    private int panelOf(int column) {
        int panel = 0;
        while (PanelLayout.column(n, panel + 1) <= column) {
            panel++;
        }
        return panel;
    }

    /** Returns where a column's bias is; its elements follow, each as far from the one before as the panel is wide. */
    private int biasIndex(int panel, int column) {
        return offset + PanelLayout.offset(k, n, panel) + column - PanelLayout.column(n, panel);
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
}
