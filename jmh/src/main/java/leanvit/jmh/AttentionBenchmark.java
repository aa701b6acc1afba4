package leanvit.jmh;

import java.util.concurrent.TimeUnit;
import leanvit.kernels.Attention;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Attention of all heads of one image. Heads x tokens are those of ViT-Ti, S and B at 224 and at 384 pixels; {@code
 * gather} is what it does besides. Of the operations, the two products are counted.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class AttentionBenchmark extends KernelBenchmark {

    private static final int HEAD_DIM = 64;

    /** What attention is asked for besides its result. */
    public enum Gather {
        /** Nothing. */
        NONE,
        /** A bias a key, as proportional attention has it (ToMe). */
        KEY_BIAS,
        /** A bias a query and key, as relative positions have it (BEiT). */
        PAIR_BIAS,
        /** The class token's attention (EViT, eTPS). */
        CLASS_ROW,
        /** The attention to each token, summed over queries (LTMP). */
        COLUMN_SUM,
        /** The same of the maximum over heads (POMT). */
        HEAD_MAX
    }

    /** H x N. */
    @Param({"3x197", "6x197", "12x197", "3x577", "6x577", "12x577"})
    public String shape;

    @Param
    public Gather gather;

    private int heads;
    private int n;
    private float[] qkv;
    private float[] keyBias;
    private float[] pairBias;
    private float[] classRow;
    private float[] columns;
    private float[] out;
    private float[] scratch;
    private Attention attention;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        heads = sizes[0];
        n = sizes[1];
        qkv = normal(n * 3 * heads * HEAD_DIM);
        keyBias = gather == Gather.KEY_BIAS ? new float[n] : null;
        for (int j = 0; keyBias != null && j < n; j++) {
            keyBias[j] = (float) Math.log(1 + j % 4);
        }
        pairBias = gather == Gather.PAIR_BIAS ? normal(n * n) : null;
        classRow = gather == Gather.CLASS_ROW ? new float[n] : null;
        columns = gather == Gather.COLUMN_SUM || gather == Gather.HEAD_MAX ? new float[n] : null;
        out = new float[n * heads * HEAD_DIM];
        scratch = new float[gather == Gather.HEAD_MAX ? Attention.headMaxScratchLength(n, heads, HEAD_DIM)
                : Attention.scratchLength(n, HEAD_DIM)];
        attention = new Attention(heads, HEAD_DIM).tokens(n, qkv, 0, 3 * heads * HEAD_DIM).keyBias(keyBias, 0)
                .pairBias(pairBias, 0, 0, n).into(out, 0, heads * HEAD_DIM).classRow(classRow, 0)
                .columnSum(gather == Gather.COLUMN_SUM ? columns : null, 0).scratch(scratch, 0);
        attend(new Flops());
        for (int query = 0; query < n; query++) {
            checkRow(query % heads, query);
        }
        checkRow(heads - 1, n - 1);
    }

    /** Checks the result of one query in one head. */
    private void checkRow(int head, int query) {
        int width = heads * HEAD_DIM;
        int q = query * 3 * width + head * HEAD_DIM;
        double[] weights = new double[n];
        double sum = 0;
        for (int j = 0; j < n; j++) {
            double score = 0;
            for (int c = 0; c < HEAD_DIM; c++) {
                score += (double) qkv[q + c] * qkv[j * 3 * width + width + head * HEAD_DIM + c];
            }
            weights[j] = Math.exp(score / Math.sqrt(HEAD_DIM) + (keyBias == null ? 0 : keyBias[j])
                    + (pairBias == null ? 0 : pairBias[query * n + j]));
            sum += weights[j];
        }
        for (int c = 0; c < HEAD_DIM; c++) {
            double value = 0;
            for (int j = 0; j < n; j++) {
                value += weights[j] / sum * qkv[j * 3 * width + 2 * width + head * HEAD_DIM + c];
            }
            check("attention", out[query * width + head * HEAD_DIM + c], value, 1e-5);
        }
    }

    private void count(Flops flops) {
        flops.add(4.0 * heads * n * n * HEAD_DIM);
    }

    private float[] attend(Flops flops) {
        if (gather == Gather.HEAD_MAX) {
            attention.headMax(1, columns, 0);
        } else {
            for (int head = 0; head < heads; head++) {
                attention.head(head, n);
            }
        }
        count(flops);
        return out;
    }

    @Benchmark
    public float[] simd(Flops flops) {
        return attend(flops);
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalar(Flops flops) {
        return attend(flops);
    }
}
