package leanvit.jmh;

import leanvit.kernels.Gather;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Rows of tokens, [N, C], kept or merged: K = 0.7 N gathered, and the other rows added or maximised into them. */
public class GatherBenchmark extends KernelBenchmark {

    @Param({"197x192", "197x384", "197x768"})
    public String shape;

    private int rows;
    private int columns;
    private int kept;
    private float[] x;
    private int[] index;
    private float[] weight;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        kept = rows * 7 / 10;
        x = normal(rows * columns);
        index = new int[rows];
        weight = new float[rows];
        for (int i = 0; i < rows; i++) {
            index[i] = 71 * i % kept;
            weight[i] = 1e-6f;
        }
        out = new float[kept * columns];
        gather();
        check("gather", out[columns + 5], x[index[1] * columns + 5], 0);
        float[] max = out.clone();
        simdScatterMax();
        for (int i = 0; i < rows - kept; i++) {
            for (int c = 0; c < columns; c++) {
                int to = index[i] * columns + c;
                max[to] = Math.max(max[to], x[i * columns + c]);
            }
        }
        check("scatterMax", max);
        float[] sum = out.clone();
        simdScatterAdd();
        for (int i = 0; i < rows - kept; i++) {
            for (int c = 0; c < columns; c++) {
                int to = index[i] * columns + c;
                sum[to] = Math.fma(weight[i], x[i * columns + c], sum[to]);
            }
        }
        check("scatterAdd", sum);
    }

    /** Maxima, and sums in a fixed order, are exact: no tolerance. */
    private void check(String what, float[] expected) {
        for (int i = 0; i < expected.length; i++) {
            check(what, out[i], expected[i], 0);
        }
    }

    @Benchmark
    public float[] gather() {
        Gather.rows(x, 0, columns, index, 0, kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdScatterAdd() {
        Gather.scatterAdd(x, 0, columns, index, 0, weight, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarScatterAdd() {
        Gather.scatterAdd(x, 0, columns, index, 0, weight, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdScatterMax() {
        Gather.scatterMax(x, 0, columns, index, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarScatterMax() {
        Gather.scatterMax(x, 0, columns, index, 0, rows - kept, columns, out, 0, columns);
        return out;
    }
}
