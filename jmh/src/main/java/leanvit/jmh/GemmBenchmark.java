package leanvit.jmh;

import leanvit.kernels.Gemm;
import leanvit.kernels.PackedMatrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Setup;

/** The matrix product with packed weights. Read {@code :gflops} against {@link FmaLimitBenchmark}'s. */
public class GemmBenchmark extends MatMulBenchmark {

    private PackedMatrix packed;
    private float[] c;

    @Setup
    public void setUp() {
        makeOperands();
        packed = PackedMatrix.of(b, 0, n, k, n, null);
        c = new float[m * n];
        multiply();
        checkProduct(c);
    }

    private float[] multiply() {
        Gemm.multiply(m, a, 0, k, packed, Gemm.Epilogue.NONE, c, 0, n);
        return c;
    }

    @Benchmark
    public float[] simd(Flops flops) {
        count(flops);
        return multiply();
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar(Flops flops) {
        count(flops);
        return multiply();
    }
}
