package leanvit.jmh;

import leanvit.kernels.scalar.ScalarL2Norm;
import leanvit.kernels.simd.SimdL2Norm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Unit length for the rows of a metric, [N, d], and for whole tokens, [N, C]. */
public class L2NormBenchmark extends KernelBenchmark {

    @Param({"197x64", "197x192", "197x768"})
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
        double squares = 0;
        for (int c = 0; c < columns; c++) {
            squares += x[c] * (double) x[c];
        }
        for (int c = 0; c < columns; c++) {
            check("l2Norm", out[c], x[c] / Math.sqrt(squares), 1e-6);
        }
    }

    @Benchmark
    public float[] simd() {
        SimdL2Norm.rows(x, 0, columns, rows, columns, 0f, out, 0, columns);
        return out;
    }

    @Benchmark
    public float[] scalar() {
        ScalarL2Norm.rows(x, 0, columns, rows, columns, 0f, out, 0, columns);
        return out;
    }
}
