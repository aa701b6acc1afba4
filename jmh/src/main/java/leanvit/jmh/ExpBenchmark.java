package leanvit.jmh;

import leanvit.kernels.scalar.ScalarExp;
import leanvit.kernels.simd.SimdExp;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Exponentials of an attention map, [N, columns]. */
public class ExpBenchmark extends KernelBenchmark {

    @Param({"197x197", "197x768", "577x577"})
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
            check("exp", out[i], Math.exp(x[i]), 2e-7 * Math.exp(x[i]));
        }
    }

    @Benchmark
    public float[] simd() {
        SimdExp.apply(x, 0, x.length, out, 0);
        return out;
    }

    @Benchmark
    public float[] scalar() {
        ScalarExp.apply(x, 0, x.length, out, 0);
        return out;
    }
}
