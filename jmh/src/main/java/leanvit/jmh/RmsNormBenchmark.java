package leanvit.jmh;

import leanvit.kernels.RmsNorm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Root mean square normalisation of the tokens, [N, C]. */
public class RmsNormBenchmark extends KernelBenchmark {

    @Param({"256x1024", "1024x1536"})
    public String shape;

    private int rows;
    private int columns;
    private float[] x;
    private float[] out;
    private float[] weight;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        x = normal(rows * columns);
        out = new float[x.length];
        weight = normal(columns);
        simd();
        double mean = 0;
        for (int c = 0; c < columns; c++) {
            mean += x[c] * (double) x[c] / columns;
        }
        for (int c = 0; c < columns; c++) {
            check("rmsNorm", out[c], x[c] / Math.sqrt(mean + 1e-5) * weight[c], 1e-5);
        }
    }

    @Benchmark
    public float[] simd() {
        RmsNorm.rows(x, 0, columns, rows, columns, weight, 1e-5f, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        RmsNorm.rows(x, 0, columns, rows, columns, weight, 1e-5f, out, 0, columns);
        return out;
    }
}
