package leanvit.jmh;

import leanvit.kernels.Swish;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** SiLU, quick GELU and GELU's tanh form of an MLP's hidden layer, [N, columns]. */
public class SwishBenchmark extends KernelBenchmark {

    @Param({"197x768", "577x3072"})
    public String shape;

    @Param
    public Swish.Form form;

    private float[] x;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        x = normal(sizes[0] * sizes[1]);
        out = new float[x.length];
        simd();
        for (int i = 0; i < 100; i++) {
            double v = x[i];
            double g = switch (form) {
                case SILU -> v;
                case QUICK_GELU -> 1.702 * v;
                case GELU_TANH -> 2 * Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v);
            };
            check("swish", out[i], v / (1 + Math.exp(-g)), 1e-6);
        }
    }

    @Benchmark
    public float[] simd() {
        Swish.apply(form, x, 0, x.length, out, 0);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        Swish.apply(form, x, 0, x.length, out, 0);
        return out;
    }
}
