package leanvit.jmh;

import leanvit.kernels.Gather;
import leanvit.kernels.scalar.ScalarGather;
import leanvit.kernels.simd.SimdGather;
import org.openjdk.jmh.annotations.Benchmark;
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
        out[index[0] * columns + 5] = 2f;
        simdScatterMax();
        check("scatterMax", out[index[0] * columns + 5], Math.max(2f, x[5]), 3);
        out = new float[kept * columns];
        simdScatterAdd();
        double sum = 0;
        for (int i = 0; i < rows - kept; i++) {
            sum += index[i] == 3 ? 1e-6 * x[i * columns + 5] : 0;
        }
        check("scatterAdd", out[3 * columns + 5], sum, 1e-9);
    }

    @Benchmark
    public float[] gather() {
        Gather.rows(x, 0, columns, index, 0, kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdScatterAdd() {
        SimdGather.scatterAdd(x, 0, columns, index, 0, weight, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] scalarScatterAdd() {
        ScalarGather.scatterAdd(x, 0, columns, index, 0, weight, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] simdScatterMax() {
        SimdGather.scatterMax(x, 0, columns, index, 0, rows - kept, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] scalarScatterMax() {
        ScalarGather.scatterMax(x, 0, columns, index, 0, rows - kept, columns, out, 0, columns);
        return out;
    }
}
