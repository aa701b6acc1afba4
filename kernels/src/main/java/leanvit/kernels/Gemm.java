package leanvit.kernels;


/**
 * Matrix product with a packed right operand and an epilogue: {@code C = f(A·B + bias)}.
 *
 * <pre>
 *   A [M, K]  row-major, read in place, a row every aStride floats
 *   B [K, N]  packed once, with its bias ({@link PackedMatrix})
 *   C [M, N]  row-major, a row every cStride floats; must not overlap A
 * </pre>
 *
 * Any M, N, K ≥ 0; K = 0 gives the bias. Element (i, j) is one chain of fused multiply-adds over p = 0..K-1 that starts
 * from the bias: its bits depend on neither M, nor the vector width, nor on how a caller splits rows and panels between
 * threads. (Without FMA hardware a product is rounded before it is added, and bits differ.) Error:
 * |C - exact| ≤ K·2⁻²⁴·Σ|a·b| to first order. NaN and infinities follow IEEE 754. No scratch. Thread-safe where calls
 * write disjoint parts of C.
 */
public final class Gemm {

    /** What happens to A·B + bias on its way to memory. */
    public enum Epilogue {
        /** {@code C = A·B + bias}. */
        NONE,
        /** {@code C = gelu(A·B + bias)}, the exact (erf) form of {@link Gelu}. */
        GELU,
        /** {@code C = C + (A·B + bias)}: a residual connection. */
        RESIDUAL,
        /** {@code C = C·(A·B + bias)}, elementwise: a gated layer, such as SwiGLU's, whose C is the gate. */
        PRODUCT,
        /** {@link Swish.Form#SILU} of A·B + bias. */
        SILU(Swish.Form.SILU),
        /** {@link Swish.Form#QUICK_GELU} of A·B + bias. */
        QUICK_GELU(Swish.Form.QUICK_GELU),
        /** {@link Swish.Form#GELU_TANH} of A·B + bias. */
        GELU_TANH(Swish.Form.GELU_TANH);

        /** The swish that it is, or null. */
        final Swish.Form swish;

        Epilogue() {
            this(null);
        }

        Epilogue(Swish.Form swish) {
            this.swish = swish;
        }
    }

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void multiply(int m, float[] a, int ao, int lda, int k, int n, float[] b, int bOffset, int fromPanel,
                int toPanel,
                Epilogue epilogue, float[] c, int co, int ldc);
    }

    /** Rows that are computed together; those who split a product by rows had better do it at multiples of it. */
    public static final int TILE_ROWS = 5;

    private static final Implementation KERNEL = Provider.SIMD ? SimdGemm.KERNEL : ScalarGemm.KERNEL;

    private Gemm() {
    }

    /** Computes all of C. */
    public static void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, Epilogue epilogue,
                                float[] c, int cOffset, int cStride) {
        multiply(m, a, aOffset, aStride, b, 0, b.panels(), epilogue, c, cOffset, cStride);
    }

    /**
     * Computes the columns of C that belong to the panels {@code fromPanel} (inclusive) to {@code toPanel} (exclusive).
     *
     * @param m       rows of A and C
     * @param aOffset index of A's first element
     * @param aStride floats from a row of A to the next, at least K
     * @param cOffset index of C's first element, whatever the panels
     * @param cStride floats from a row of C to the next, at least N
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, or A and C overlap
     * @throws IndexOutOfBoundsException where rows do not lie within their array, or panels within B
     */
    public static void multiply(int m, float[] a, int aOffset, int aStride, PackedMatrix b, int fromPanel, int toPanel,
                                Epilogue epilogue, float[] c, int cOffset, int cStride) {
        Checks.rows("a", a, aOffset, aStride, m, b.k);
        Checks.rows("c", c, cOffset, cStride, m, b.n);
        Checks.range("panels", fromPanel, toPanel, b.panels());
        Checks.apart("a", a, aOffset, aStride, m, b.k, "c", c, cOffset, cStride, m, b.n);
        KERNEL.multiply(m, a, aOffset, aStride, b.k, b.n, b.data, b.offset, fromPanel, toPanel, epilogue, c, cOffset,
                cStride);
    }
}
