package leanvit.jmh;

import leanvit.kernels.BipartiteMatching;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Bipartite matching: ToMe's, of mean keys split by position, and TPS's, of 30 % of the token rows with the 70 % that
 * stay.
 */
public class BipartiteMatchingBenchmark extends KernelBenchmark {

    /** Who is matched with whom. */
    public enum Split {
        /** Rows 0, 2, 4, ... with rows 1, 3, 5, ... */
        ALTERNATING,
        /** The last 30 % of a list of rows with the first 70 %. */
        LISTED
    }

    /** N x width: of a head's key, or of the model. */
    @Param({"197x64", "577x64", "197x192", "197x384", "197x768"})
    public String shape;

    @Param
    public Split split;

    private int width;
    private float[] x;
    /** Row numbers, those of the destinations first; null where rows alternate. */
    private int[] list;
    private int sources;
    private int destinations;
    private float[] best;
    private int[] partner;
    private float[] scratch;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        int n = sizes[0];
        width = sizes[1];
        x = normal(n * width);
        boolean alternating = split == Split.ALTERNATING;
        list = alternating ? null : new int[n];
        for (int i = 0; !alternating && i < n; i++) {
            list[i] = 71 * i % n;
        }
        destinations = alternating ? n / 2 : n * 7 / 10;
        sources = n - destinations;
        best = new float[sources];
        partner = new int[sources];
        scratch = new float[alternating ? BipartiteMatching.alternatingScratch(n, width)
                : BipartiteMatching.nearestScratch(sources, destinations, width)];
        match();
        checkMatches();
    }

    private void checkMatches() {
        for (int i = 0; i < sources; i++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < destinations; j++) {
                largest = Math.max(largest, cosine(i, j));
            }
            check("best cosine of source " + i, best[i], largest, 1e-5);
            check("its partner's cosine", cosine(i, partner[i]), largest, 1e-5);
        }
    }

    private double cosine(int source, int destination) {
        int a = list == null ? 2 * source : list[destinations + source];
        int b = list == null ? 2 * destination + 1 : list[destination];
        double product = 0;
        double squaresOfA = 0;
        double squaresOfB = 0;
        for (int c = 0; c < width; c++) {
            double u = x[a * width + c];
            double v = x[b * width + c];
            product += u * v;
            squaresOfA += u * u;
            squaresOfB += v * v;
        }
        return product / Math.sqrt(squaresOfA * squaresOfB);
    }

    private int[] match() {
        if (list == null) {
            BipartiteMatching.alternating(x, 0, width, sources + destinations, width, 0, best, partner, scratch);
        } else {
            BipartiteMatching.nearest(x, 0, width, width, list, destinations, sources, list, 0, destinations, 0f, best,
                    partner, scratch);
        }
        return partner;
    }

    @Benchmark
    public int[] simd() {
        return match();
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public int[] scalar() {
        return match();
    }
}
