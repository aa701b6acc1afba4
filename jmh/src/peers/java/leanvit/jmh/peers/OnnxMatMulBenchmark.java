package leanvit.jmh.peers;

import ai.onnxruntime.OrtException;
import java.nio.FloatBuffer;
import leanvit.jmh.Flops;
import leanvit.jmh.MatMulBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/**
 * The same product by ONNX Runtime: a model of one MatMul with a constant weight, which it packs when the session
 * opens.
 */
public class OnnxMatMulBenchmark extends MatMulBenchmark {

    private OnnxRuntime runtime;

    @Setup
    public void setUp() throws OrtException {
        makeOperands();
        runtime = new OnnxRuntime(OnnxMatMul.model(m, k, n, b), a, new long[] {m, k}, new long[] {m, n});
        runtime.run();
        checkAgainstGemm(runtime.output());
    }

    @Benchmark
    public FloatBuffer multiply(Flops flops) throws OrtException {
        count(flops);
        return runtime.run();
    }
}
