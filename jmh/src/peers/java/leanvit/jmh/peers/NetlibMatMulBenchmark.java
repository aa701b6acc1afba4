package leanvit.jmh.peers;

import dev.ludovic.netlib.blas.JavaBLAS;
import java.util.logging.Level;
import java.util.logging.Logger;
import leanvit.jmh.Flops;
import leanvit.jmh.MatMulBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** The same product by netlib's VectorBLAS, pure Java on the Vector API. */
public class NetlibMatMulBenchmark extends MatMulBenchmark {

    /**
     * It warns that its native libraries are absent, which nobody wants here. A field, or the level would be
     * forgotten.
     */
    private static final Logger LOG = Logger.getLogger("dev.ludovic.netlib.blas.InstanceBuilder");

    private JavaBLAS blas;
    private float[] weight;
    private float[] c;

    @Setup
    public void setUp() {
        LOG.setLevel(Level.OFF);
        blas = JavaBLAS.getInstance();
        if (!blas.getClass().getSimpleName().equals("VectorBLAS")) {
            throw new IllegalStateException("expected netlib's VectorBLAS, came " + blas.getClass().getName());
        }
        makeOperands();
        c = new float[m * n];
        weight = new float[n * k];
        for (int j = 0; j < n; j++) {
            for (int p = 0; p < k; p++) {
                weight[j * k + p] = b[p * n + j];
            }
        }
        multiply(new Flops());
        checkAgainstGemm(c);
    }

    /**
     * BLAS is column-major, where these arrays are the transposes: Cᵀ = Bᵀ·Aᵀ, and B's own transpose is a weight as
     * linear layers store it. (With B as it stands VectorBLAS is up to a third slower.)
     */
    @Benchmark
    public float[] multiply(Flops flops) {
        count(flops);
        blas.sgemm("T", "N", n, m, k, 1f, weight, k, a, k, 0f, c, n);
        return c;
    }
}
