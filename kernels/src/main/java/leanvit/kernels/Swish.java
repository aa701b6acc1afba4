package leanvit.kernels;

/**
 * Units gated by a sigmoid of themselves, elementwise: {@code x·σ(g(x))}, {@code g(x) = x·(a + b·x²)}.
 *
 * <p>Every x is within 3e-7·max(1, |x|) of the exact value: rounding g costs most of it. Below -128, and at negative
 * infinity, the result is between -1e-35 and 0; positive infinity gives itself, NaN NaN. The bits are the same at every
 * vector width. Thread-safe on disjoint outputs; allocates nothing.
 */
public final class Swish {

    /** Which g. */
    public enum Form {
        /** {@code x·σ(x)} (Elfwing et al. 2017; Ramachandran et al. 2017). */
        SILU(1, 0),
        /** {@code x·σ(1.702 x)}, GELU as CLIP has it (Hendrycks and Gimpel 2016, section 2). */
        QUICK_GELU(1.702, 0),
        /** {@code x·(1 + tanh(√(2/π)·(x + 0.044715 x³))) / 2}, since (1 + tanh u) / 2 = σ(2u) (the same paper). */
        GELU_TANH(Math.sqrt(8 / Math.PI), 0.044715 * Math.sqrt(8 / Math.PI));

        final float minusA;
        final float minusB;

        Form(double a, double b) {
            minusA = (float) -a;
            minusB = (float) -b;
        }
    }

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void apply(Form form, float[] x, int offset, int n, float[] out, int outOffset);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdSwish.KERNEL : ScalarSwish.KERNEL;

    private Swish() {
    }

    /**
     * Computes {@code out[outOffset + i] = swish(x[offset + i])} for i = 0 .. n-1. Output may be the input, at the same
     * offset.
     *
     * @throws IndexOutOfBoundsException where n values from an offset do not lie within an array
     */
    public static void apply(Form form, float[] x, int offset, int n, float[] out, int outOffset) {
        Checks.values("x", x.length, offset, n);
        Checks.values("out", out.length, outOffset, n);
        KERNEL.apply(form, x, offset, n, out, outOffset);
    }
}
