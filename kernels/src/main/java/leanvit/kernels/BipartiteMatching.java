package leanvit.kernels;


/**
 * Bipartite soft matching: for each source row its most similar destination row by cosine, {@code a·b / (‖a‖·‖b‖)}
 * (ToMe, Bolya et al. 2023, section 3; TPS, Wei et al. 2023, section 3.2). Many sources may have the same destination.
 * Scores are made a few sources at a time; the sources x destinations matrix is never stored.
 *
 * <p>Ties go to the lowest destination. A zero row (shorter than 1.2e-38) has cosine 0 with every other. NaN never
 * wins, and a row that holds an infinity counts as NaN: a source without a comparable destination has best -infinity
 * and the first destination that is allowed as partner (-1 if none is). Cosines may exceed 1 by rounding. Relative
 * error of a cosine against exact arithmetic, for rows up to 1e37 long: 1e-6 plus what cancellation adds.
 * Thread-safe where outputs and scratch are disjoint; allocates nothing.
 */
public final class BipartiteMatching {

    /** What the SIMD and the scalar twin both do; arguments are checked before. */
    interface Implementation {
        int scratchLength(int destinations, int width);

        void match(float[] x, int sourceOffset, int sourceStride, int[] sources, int sourcesOffset, int nSources,
                int destinationOffset, int destinationStride, int[] destinations, int destinationsOffset,
                int nDestinations, int blocked, int[] excluded, int width, float epsilon, float[] best, int[] partner,
                float[] scratch);
    }

    private static final Implementation KERNEL =
            Provider.SIMD ? SimdBipartiteMatching.KERNEL : ScalarBipartiteMatching.KERNEL;

    private BipartiteMatching() {
    }

    /** Returns the scratch floats that {@link #alternating} takes. */
    public static int alternatingScratch(int n, int width) {
        return nearestScratch(n - n / 2, n / 2, width);
    }

    /** Returns the scratch floats that {@link #nearest} takes. */
    public static int nearestScratch(int sources, int destinations, int width) {
        return KERNEL.scratchLength(destinations, width);
    }

    /**
     * Splits rows by position: sources are rows 0, 2, 4, ... and destinations rows 1, 3, 5, ...
     *
     * @param metric          n rows of {@code width} floats from {@code offset}, a row every {@code stride} floats
     * @param protectedPrefix rows below it are neither merged nor merged into: as sources their best is -infinity, as
     *                        destinations they are no partners
     * @param best            receives each source's largest cosine, ⌈n/2⌉ floats; source i is row 2i
     * @param partner         receives that destination j, which is row 2j + 1; ⌈n/2⌉ ints
     * @param scratch         at least {@link #alternatingScratch} floats, contents lost
     * @throws IllegalArgumentException  where a count is negative, a stride smaller than a row, an array too short, or
     *                                   two of {@code metric}, {@code best} and {@code scratch} overlap
     * @throws IndexOutOfBoundsException where rows do not lie within {@code metric}
     */
    public static void alternating(float[] metric, int offset, int stride, int n, int width, int protectedPrefix,
                                   float[] best, int[] partner, float[] scratch) {
        Checks.rows("metric", metric, offset, stride, n, width);
        Checks.notNegative("protectedPrefix", protectedPrefix);
        int sources = n - n / 2;
        int destinations = n / 2;
        Checks.length("best", best, sources);
        Checks.length("partner", partner.length, sources);
        Checks.length("scratch", scratch, alternatingScratch(n, width));
        requireApart("metric", metric, offset, (n - 1) * stride + width, best, sources, scratch,
                alternatingScratch(n, width));
        int blockedDestinations = Math.min(protectedPrefix / 2, destinations);
        KERNEL.match(metric, offset, 2 * stride, null, 0, sources, offset + stride, 2 * stride, null, 0,
                    destinations, blockedDestinations, null, width, 0f, best, partner, scratch);
        for (int i = 0; 2 * i < Math.min(protectedPrefix, n); i++) {
            best[i] = Float.NEGATIVE_INFINITY;
        }
    }

    /**
     * Matches listed rows.
     *
     * @param x            rows of {@code width} floats from {@code offset}, a row every {@code stride} floats
     * @param sources      row numbers, {@code nSources} ints from {@code sourcesOffset}
     * @param destinations row numbers, {@code nDestinations} ints from {@code destinationsOffset}
     * @param epsilon      added to each norm (TPS: 1e-6)
     * @param best         receives each source's largest cosine, {@code nSources} floats
     * @param partner      receives its index in the list of destinations, {@code nSources} ints
     * @param scratch      at least {@link #nearestScratch} floats, contents lost
     * @throws IllegalArgumentException  where a count is negative, an array too short, or {@code x}, {@code best} and
     *                                   {@code scratch} are not three arrays
     * @throws IndexOutOfBoundsException where a row does not lie within {@code x}, or a list within its array
     */
    public static void nearest(float[] x, int offset, int stride, int width, int[] sources, int sourcesOffset,
            int nSources,
                               int[] destinations, int destinationsOffset, int nDestinations, float epsilon,
                               float[] best, int[] partner, float[] scratch) {
        nearestOther(x, offset, stride, width, sources, sourcesOffset, nSources, destinations, destinationsOffset,
                nDestinations, null, epsilon, best, partner, scratch);
    }

    /**
     * {@link #nearest} where each source may have one destination that is no partner, as a rule itself.
     *
     * @param excluded for each source, in the order of their list, the index of a destination in the list of
     *                 destinations, or a negative number for none; null for none at all
     */
    public static void nearestOther(float[] x, int offset, int stride, int width, int[] sources, int sourcesOffset,
                                    int nSources, int[] destinations, int destinationsOffset, int nDestinations,
                                    int[] excluded, float epsilon, float[] best, int[] partner, float[] scratch) {
        if (excluded != null) {
            Checks.length("excluded", excluded.length, nSources);
            for (int i = 0; i < nSources; i++) {
                if (excluded[i] >= nDestinations) {
                    throw new IndexOutOfBoundsException("excluded[" + i + "] is " + excluded[i] + " of "
                            + nDestinations + " destinations");
                }
            }
        }
        Checks.listedRows("sources", sources, sourcesOffset, nSources, x, offset, stride, width);
        Checks.listedRows("destinations", destinations, destinationsOffset, nDestinations, x, offset, stride, width);
        Checks.length("best", best, nSources);
        Checks.length("partner", partner.length, nSources);
        Checks.length("scratch", scratch, nearestScratch(nSources, nDestinations, width));
        requireApart("x", x, 0, x.length, best, nSources, scratch, nearestScratch(nSources, nDestinations, width));
        KERNEL.match(x, offset, stride, sources, sourcesOffset, nSources, offset, stride, destinations,
                    destinationsOffset, nDestinations, 0, excluded, width, epsilon, best, partner, scratch);
    }

    private static void requireApart(String name, float[] x, int offset, int extent, float[] best, int sources,
                                     float[] scratch, int scratchLength) {
        Checks.apart(name, x, offset, extent, 1, extent, "best", best, 0, sources, 1, sources);
        Checks.apart(name, x, offset, extent, 1, extent, "scratch", scratch, 0, scratchLength, 1, scratchLength);
        Checks.apart("best", best, 0, sources, 1, sources, "scratch", scratch, 0, scratchLength, 1, scratchLength);
    }
}
