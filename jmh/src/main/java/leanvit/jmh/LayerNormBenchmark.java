package leanvit.jmh;

import leanvit.kernels.LayerNorm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Layer normalisation of the tokens, [N, C]. */
public class LayerNormBenchmark extends KernelBenchmark {

    @Param({"197x192", "197x384", "197x768", "577x1024"})
    public String shape;

    private int rows;
    private int columns;
    private float[] x;
    private float[] out;
    private float[] weight;
    private float[] bias;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        x = normal(rows * columns);
        out = new float[x.length];
        weight = normal(columns);
        bias = normal(columns);
        simd();
        double mean = 0;
        for (int c = 0; c < columns; c++) {
            mean += x[c] / (double) columns;
        }
        double variance = 0;
        for (int c = 0; c < columns; c++) {
            variance += (x[c] - mean) * (x[c] - mean) / columns;
        }
        for (int c = 0; c < columns; c++) {
            check("layerNorm", out[c], (x[c] - mean) / Math.sqrt(variance + 1e-6) * weight[c] + bias[c], 1e-5);
        }
    }

    @Benchmark
    public float[] simd() {
        LayerNorm.rows(x, 0, columns, rows, columns, weight, bias, 1e-6f, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        LayerNorm.rows(x, 0, columns, rows, columns, weight, bias, 1e-6f, out, 0, columns);
        return out;
    }
}
