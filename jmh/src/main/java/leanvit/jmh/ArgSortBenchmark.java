package leanvit.jmh;

import java.util.Arrays;
import leanvit.kernels.ArgSort;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The order of N scores, and the first K of it: K = 0.7 N is what TPS and EViT keep. */
public class ArgSortBenchmark extends KernelBenchmark {

    /** n x k. */
    @Param({"197x138", "197x16", "577x404", "1370x959"})
    public String shape;

    private static final int INPUTS = 1024;

    private int n;
    private int k;
    private float[] scores;
    private int[] order;
    private long[] scratch;
    private int next;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        n = sizes[0];
        k = sizes[1];
        // Many inputs in turn: a sort's branches of a single one would be learnt by heart.
        scores = normal(INPUTS * n);
        for (int i = 0; i < scores.length; i++) {
            scores[i] = (float) Math.exp(scores[i]) / n;
        }
        order = new int[n];
        scratch = new long[n];
        arraysSort();
        int[] expected = order.clone();
        next = 0;
        simdDescending();
        check(expected);
        Arrays.fill(order, -1);
        next = 0;
        simdTopK();
        check(Arrays.copyOf(expected, k));
    }

    private void check(int[] expected) {
        if (!Arrays.equals(expected, Arrays.copyOf(order, expected.length))) {
            throw new IllegalStateException(
                    Arrays.toString(order) + " does not begin with " + Arrays.toString(expected));
        }
    }

    private int offset() {
        next = (next + 1) % INPUTS;
        return next * n;
    }

    @Benchmark
    public int[] simdDescending() {
        ArgSort.topK(scores, offset(), n, n, order, 0, scratch);
        return order;
    }

    @Benchmark
    public int[] simdTopK() {
        ArgSort.topK(scores, offset(), n, k, order, 0, scratch);
        return order;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public int[] scalarDescending() {
        ArgSort.topK(scores, offset(), n, n, order, 0, scratch);
        return order;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public int[] scalarTopK() {
        ArgSort.topK(scores, offset(), n, k, order, 0, scratch);
        return order;
    }

    /** What the JDK offers: packed longs through {@code Arrays.sort}. */
    @Benchmark
    public int[] arraysSort() {
        int offset = offset();
        for (int i = 0; i < n; i++) {
            // Positive floats have the order of their bits; the higher score goes first.
            scratch[i] = (long) ~Float.floatToRawIntBits(scores[offset + i]) << 32 | i;
        }
        Arrays.sort(scratch, 0, n);
        for (int i = 0; i < n; i++) {
            order[i] = (int) scratch[i];
        }
        return order;
    }
}
