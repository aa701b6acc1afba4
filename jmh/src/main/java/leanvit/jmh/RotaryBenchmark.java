package leanvit.jmh;

import leanvit.kernels.Rotary;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Queries and keys of one image turned by their positions: N tokens, H heads of 64 channels each. */
public class RotaryBenchmark extends KernelBenchmark {

    private static final int HEAD_DIM = 64;

    /** N x H. */
    @Param({"201x6", "201x12"})
    public String shape;

    private int rows;
    private int heads;
    private float[] qkv;
    private float[] angles;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        heads = sizes[1];
        qkv = normal(rows * 3 * heads * HEAD_DIM);
        angles = new float[rows * HEAD_DIM];
        int half = HEAD_DIM / 2;
        for (int i = 0; i < rows * half; i++) {
            angles[i / half * HEAD_DIM + i % half] = (float) Math.cos(i);
            angles[i / half * HEAD_DIM + half + i % half] = (float) Math.sin(i);
        }
        float[] before = qkv.clone();
        simd();
        for (int k = 0; k < half; k++) {
            double want = before[k] * (double) angles[k] - before[half + k] * (double) angles[half + k];
            check("rotary", qkv[k], want, 1e-5);
        }
    }

    @Benchmark
    public float[] simd() {
        Rotary.rows(rows, 2 * heads, HEAD_DIM, qkv, 0, 3 * heads * HEAD_DIM, angles, 0, HEAD_DIM);
        return qkv;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        Rotary.rows(rows, 2 * heads, HEAD_DIM, qkv, 0, 3 * heads * HEAD_DIM, angles, 0, HEAD_DIM);
        return qkv;
    }
}
