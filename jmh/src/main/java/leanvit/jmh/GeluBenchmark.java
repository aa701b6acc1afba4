package leanvit.jmh;

import leanvit.kernels.Gelu;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** GELU of an MLP's hidden layer, [N, columns]. */
public class GeluBenchmark extends KernelBenchmark {

    @Param({"197x768", "197x1536", "577x3072"})
    public String shape;

    private float[] x;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        x = normal(sizes[0] * sizes[1]);
        out = new float[x.length];
        simd();
        for (int i = 0; i < 100; i++) {
            check("gelu", out[i], x[i] * (0.5 + integral(x[i] / Math.sqrt(2)) / Math.sqrt(Math.PI)), 1e-6);
        }
    }

    /** The integral of exp(-t^2) from 0 to x, by Simpson's rule. */
    private static double integral(double x) {
        int steps = 200;
        double h = x / steps;
        double sum = 1 + Math.exp(-x * x);
        for (int i = 1; i < steps; i++) {
            sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-h * i * h * i);
        }
        return sum * h / 3;
    }

    @Benchmark
    public float[] simd() {
        Gelu.apply(x, 0, x.length, out, 0);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        Gelu.apply(x, 0, x.length, out, 0);
        return out;
    }
}
