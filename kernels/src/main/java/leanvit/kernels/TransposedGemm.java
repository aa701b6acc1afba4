package leanvit.kernels;

import java.util.Arrays;

/**
 * Matrix product with a transposed left operand: {@code C = Aᵀ·B}, or {@code C = C + Aᵀ·B}. With A the gradient of a
 * linear layer's output and B its input, row for row, it is the gradient of the layer's weight.
 *
 * <pre>
 *   A [K, M]  row-major, read in place, a row every aStride floats
 *   B [K, N]  row-major, a row every bStride floats
 *   C [M, N]  row-major, a row every cStride floats; must not overlap A or B
 * </pre>
 *
 * Any M, N, K ≥ 0. The rows are taken in blocks of {@value #BLOCK_ROWS}: an element is one chain of fused multiply-adds
 * from 0 on over the rows of a block, and the blocks' sums are added to it one after another. Its bits depend on
 * neither M nor N, nor on the vector width, nor on how a caller splits C between threads. (Without FMA hardware a
 * product is rounded before it is added, and bits differ.) Error: |C - exact| ≤ K·2⁻²⁴·Σ|a·b| to first order. NaN and
 * infinities follow IEEE 754. No scratch. Thread-safe where calls write disjoint parts of C.
 */
public final class TransposedGemm {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void multiply(int m, int k, int n, float[] a, int ao, int lda, float[] b, int bo, int ldb, int fromPanel,
                int toPanel, boolean add, float[] c, int co, int ldc);
    }

    /** Rows whose products make one chain; a panel of B's rows then stays in the second-level cache. */
    public static final int BLOCK_ROWS = 512;

    private static final Implementation KERNEL =
            Provider.SIMD ? SimdTransposedGemm.KERNEL : ScalarTransposedGemm.KERNEL;

    private TransposedGemm() {
    }

    /** Returns into how many panels C's columns are cut, for callers that split a product between threads by them. */
    public static int panels(int n) {
        Checks.notNegative("n", n);
        return PanelLayout.panels(n);
    }

    /** Computes all of C. */
    public static void multiply(int m, int k, int n, float[] a, int aOffset, int aStride, float[] b, int bOffset,
                                int bStride, boolean add, float[] c, int cOffset, int cStride) {
        multiply(m, k, n, a, aOffset, aStride, b, bOffset, bStride, 0, panels(n), add, c, cOffset, cStride);
    }

    /**
     * Computes the columns of C that belong to the panels {@code fromPanel} (inclusive) to {@code toPanel} (exclusive).
     * To split by C's rows too, shift A's and C's offsets.
     *
     * @param m       rows of C, columns of A
     * @param k       rows of A and B
     * @param n       columns of B and C
     * @param aOffset index of A's first element
     * @param aStride floats from a row of A to the next, at least M
     * @param bOffset index of B's first element, whatever the panels
     * @param bStride floats from a row of B to the next, at least N
     * @param add     whether the product is added to C, or overwrites it
     * @param cOffset index of C's first element, whatever the panels
     * @param cStride floats from a row of C to the next, at least N
     * @throws IndexOutOfBoundsException where a matrix or the panels end outside
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or C overlaps A or B
     */
    public static void multiply(int m, int k, int n, float[] a, int aOffset, int aStride, float[] b, int bOffset,
                                int bStride, int fromPanel, int toPanel, boolean add, float[] c, int cOffset,
                                int cStride) {
        Checks.rows("a", a, aOffset, aStride, k, m);
        Checks.rows("b", b, bOffset, bStride, k, n);
        Checks.rows("c", c, cOffset, cStride, m, n);
        Checks.range("panels", fromPanel, toPanel, panels(n));
        Checks.apart("a", a, aOffset, aStride, k, m, "c", c, cOffset, cStride, m, n);
        Checks.apart("b", b, bOffset, bStride, k, n, "c", c, cOffset, cStride, m, n);
        KERNEL.multiply(m, k, n, a, aOffset, aStride, b, bOffset, bStride, fromPanel, toPanel, add, c, cOffset,
                cStride);
    }

    /** Writes zeros where a product of no rows overwrites. */
    static void clear(int m, int columns, float[] c, int co, int ldc) {
        for (int i = 0; i < m; i++) {
            Arrays.fill(c, co + i * ldc, co + i * ldc + columns, 0f);
        }
    }
}
