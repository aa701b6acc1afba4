package leanvit.jmh;

import java.util.concurrent.TimeUnit;
import leanvit.kernels.Gemm;
import leanvit.kernels.PackedMatrix;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;

/**
 * What the benchmarks of a matrix product have in common, ours and the peers': C [M, N] = A [M, K] · B [K, N], all
 * row-major. The shapes are those of the linear layers of ViT-Ti, S and B at 197 tokens.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public abstract class MatMulBenchmark extends KernelBenchmark {

    /** M x K x N. */
    @Param({"197x192x576", "197x192x768", "197x768x192", "197x384x1152", "197x384x1536", "197x1536x384", "197x768x2304",
            "197x768x3072", "197x3072x768"})
    public String shape;

    protected int m;
    protected int k;
    protected int n;
    protected float[] a;
    protected float[] b;

    /** Makes the operands. */
    protected void makeOperands() {
        int[] sizes = shape(shape);
        m = sizes[0];
        k = sizes[1];
        n = sizes[2];
        a = normal(m * k);
        b = normal(k * n);
    }

    /**
     * Refuses to time a wrong product: an element of every column, and so at least one of every row, in double
     * precision.
     */
    protected void checkProduct(float[] c) {
        for (int j = 0; j < n; j++) {
            int i = j % m;
            double sum = 0;
            for (int p = 0; p < k; p++) {
                sum += (double) a[i * k + p] * b[p * n + j];
            }
            check("element " + i + ", " + j + " of the product", c[i * n + j], sum, 1e-6 * k);
        }
    }

    /** Refuses to time a product that is not {@link Gemm}'s. */
    protected void checkAgainstGemm(float[] c) {
        float[] ours = new float[m * n];
        Gemm.multiply(m, a, 0, k, PackedMatrix.of(b, 0, n, k, n, null), Gemm.Epilogue.NONE, ours, 0, n);
        checkProduct(ours);
        for (int i = 0; i < ours.length; i++) {
            check("element " + i + " of the product", c[i], ours[i], 1e-6 * k);
        }
    }

    /** Counts one product. */
    protected void count(Flops flops) {
        flops.add(2.0 * m * k * n);
    }
}
