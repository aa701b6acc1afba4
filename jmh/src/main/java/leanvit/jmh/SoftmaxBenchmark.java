package leanvit.jmh;

import leanvit.kernels.Softmax;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Softmax of one head's attention map, [N, N]. */
public class SoftmaxBenchmark extends KernelBenchmark {

    @Param({"197x197", "577x577", "1x197"})
    public String shape;

    private int rows;
    private int columns;
    private float[] x;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        x = normal(rows * columns);
        out = new float[x.length];
        simd();
        double sum = 0;
        for (int c = 0; c < columns; c++) {
            sum += Math.exp(x[c]);
        }
        for (int c = 0; c < columns; c++) {
            check("softmax", out[c], Math.exp(x[c]) / sum, 1e-6);
        }
    }

    @Benchmark
    public float[] simd() {
        Softmax.rows(x, 0, columns, rows, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        Softmax.rows(x, 0, columns, rows, columns, out, 0, columns);
        return out;
    }
}
