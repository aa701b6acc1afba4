package leanvit.kernels;


/**
 * The order of scores: higher first, and of equal ones the lower index first (a stable sort). NaN counts as -infinity,
 * and -0.0 equals 0.0. The result is exact, and the same at every width. Thread-safe on disjoint outputs and scratch;
 * allocates nothing.
 */
public final class ArgSort {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch);
    }

    private static final Implementation KERNEL = Provider.SIMD ? SimdArgSort.KERNEL : ScalarArgSort.KERNEL;

    private ArgSort() {
    }

    /**
     * Writes the indices 0 .. n-1 in the order of their scores: {@code scores[offset + order[orderOffset]]} is the
     * highest.
     *
     * @param scores  n scores from {@code offset}
     * @param n       how many scores, 0 or more
     * @param order   receives n indices from {@code orderOffset}, each counted from {@code offset}
     * @param scratch at least n longs, contents lost
     * @throws IndexOutOfBoundsException where n values do not lie within an array
     */
    public static void descending(float[] scores, int offset, int n, int[] order, int orderOffset, long[] scratch) {
        topK(scores, offset, n, n, order, orderOffset, scratch);
    }

    /**
     * Writes the first k indices of {@link #descending}, without sorting the rest.
     *
     * @param scores  n scores from {@code offset}
     * @param n       how many scores, 0 or more
     * @param k       how many indices, K, 0 to n
     * @param order   receives k indices from {@code orderOffset}, each counted from {@code offset}
     * @param scratch at least n longs, contents lost
     * @throws IllegalArgumentException  where k is negative or above n
     * @throws IndexOutOfBoundsException where values do not lie within an array
     */
    public static void topK(float[] scores, int offset, int n, int k, int[] order, int orderOffset, long[] scratch) {
        Checks.values("scores", scores.length, offset, n);
        Checks.values("scratch", scratch.length, 0, n);
        Checks.values("order", order.length, orderOffset, k);
        if (k > n) {
            throw new IllegalArgumentException("k is " + k + ", expected at most n = " + n);
        }
        KERNEL.topK(scores, offset, n, k, order, orderOffset, scratch);
    }
}
