package leanvit.jmh;

import leanvit.kernels.HeadMax;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The maximum over heads: of an attention map, [H, N, N], and of the values inside a qkv matrix, [N, 3, H, d]. */
public class HeadMaxBenchmark extends KernelBenchmark {

    /** heads x rows x columns. */
    @Param({"3x197x197", "6x197x197", "12x197x197", "3x197x64", "12x197x64"})
    public String shape;

    private int heads;
    private int rows;
    private int columns;
    private int offset;
    private int headStride;
    private int rowStride;
    private float[] x;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        heads = sizes[0];
        rows = sizes[1];
        columns = sizes[2];
        if (rows == columns) {
            headStride = rows * columns;
            rowStride = columns;
            x = normal(heads * headStride);
        } else {
            offset = 2 * heads * columns;
            headStride = columns;
            rowStride = 3 * heads * columns;
            x = normal(rows * rowStride);
        }
        out = new float[rows * columns];
        simd();
        for (int i = 0; i < rows * columns; i++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int h = 0; h < heads; h++) {
                max = Math.max(max, x[offset + h * headStride + i / columns * rowStride + i % columns]);
            }
            check("maximum " + i, out[i], max, 0);
        }
    }

    @Benchmark
    public float[] simd() {
        HeadMax.reduce(x, offset, headStride, heads, rowStride, rows, columns, out, 0, columns);
        return out;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar() {
        HeadMax.reduce(x, offset, headStride, heads, rowStride, rows, columns, out, 0, columns);
        return out;
    }
}
