package leanvit.jmh;

import leanvit.kernels.MergeRows;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Rows of tokens, [N, C], of which K = 0.7 N stay and the others merge into them: by weight, by maximum, and backwards
 * to the rows and to the weights.
 */
public class MergeRowsBenchmark extends KernelBenchmark {

    @Param({"197x192", "197x384", "197x768"})
    public String shape;

    private int rows;
    private int columns;
    private float[] x;
    private int[] order;
    private int[] target;
    private int[] first;
    private float[] weight;
    private float[] out;
    private float[] gradient;
    private float[] weightGradient;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        int kept = rows * 7 / 10;
        x = normal(rows * columns);
        order = new int[rows];
        target = new int[rows];
        first = new int[kept];
        weight = new float[rows];
        for (int i = 0; i < rows; i++) {
            order[i] = i;
            target[i] = i < kept ? i : 71 * i % kept;
            weight[i] = 0.25f + i % 3;
        }
        for (int i = 0; i < kept; i++) {
            first[i] = i;
        }
        out = new float[kept * columns];
        gradient = new float[rows * columns];
        weightGradient = new float[rows];
        float[] expected = new float[out.length];
        for (int i = 0; i < rows; i++) {
            for (int c = 0; c < columns; c++) {
                int to = target[i] * columns + c;
                expected[to] = Math.fma(weight[i], x[i * columns + c], expected[to]);
            }
        }
        simd();
        // Sums in a fixed order are exact: no tolerance.
        for (int i = 0; i < out.length; i++) {
            check("merged", out[i], expected[i], 0);
        }
    }

    @Benchmark
    public float[] simd() {
        MergeRows.apply(x, 0, columns, order, rows, target, first, weight, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        MergeRows.apply(x, 0, columns, order, rows, target, first, weight, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdMax() {
        MergeRows.max(x, 0, columns, order, rows, target, first, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdTransposed() {
        MergeRows.transposed(out, 0, columns, target, weight, rows, columns, gradient, 0, columns);
        return gradient;
    }

    @Benchmark
    public float[] simdWeightGradients() {
        MergeRows.weightGradients(out, 0, columns, target, rows, columns, x, 0, columns, weightGradient, 0);
        return weightGradient;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarWeightGradients() {
        return simdWeightGradients();
    }
}
