package leanvit.jmh;

import leanvit.kernels.Gather;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Rows of tokens, [N, C], of which K = 0.7 N are kept. */
public class GatherBenchmark extends KernelBenchmark {

    @Param({"197x192", "197x384", "197x768"})
    public String shape;

    private int rows;
    private int columns;
    private int kept;
    private float[] x;
    private int[] index;
    private float[] out;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        rows = sizes[0];
        columns = sizes[1];
        kept = rows * 7 / 10;
        x = normal(rows * columns);
        index = new int[rows];
        for (int i = 0; i < rows; i++) {
            index[i] = 71 * i % kept;
        }
        out = new float[kept * columns];
        gather();
        for (int i = 0; i < kept * columns; i++) {
            check("gathered " + i, out[i], x[index[i / columns] * columns + i % columns], 0);
        }
    }

    @Benchmark
    public float[] gather() {
        Gather.rows(x, 0, columns, index, 0, kept, columns, out, 0, columns);
        return out;
    }
}
