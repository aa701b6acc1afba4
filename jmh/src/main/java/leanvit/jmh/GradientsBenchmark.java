package leanvit.jmh;

import java.util.Arrays;
import leanvit.kernels.Attention;
import leanvit.kernels.CrossEntropy;
import leanvit.kernels.Gelu;
import leanvit.kernels.GeluGradient;
import leanvit.kernels.Gemm;
import leanvit.kernels.LayerNorm;
import leanvit.kernels.LayerNormGradient;
import leanvit.kernels.MaskedAttention;
import leanvit.kernels.PackedMatrix;
import leanvit.kernels.TransposedGemm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The kernels of a training step, each beside its forward, at the shapes of a block: N tokens of width C, heads of 64,
 * fc1 from C to 4C. A matmul's gradient by its input is {@code matmul} with other sizes; that by its weight has its
 * multiply-adds. {@code attentionGradient} has two and a half times those of {@code attention}.
 */
public class GradientsBenchmark extends KernelBenchmark {

    private static final int HEAD = 64;

    @Param({"197x192", "197x384", "197x768"})
    public String shape;

    private int tokens;
    private int width;
    private int hidden;
    private float[] x;
    private float[] u;
    private float[] a;
    private float[] du;
    private float[] y;
    private float[] weight;
    private float[] statistics;
    private float[] gradients;
    private float[] weightGradient;
    private PackedMatrix packed;
    private Attention attention;
    private MaskedAttention masked;
    private float[] qkv;
    private float[] dQkv;
    private float[] mask;
    private float[] attentionScratch;
    private float[] scratch;
    private float[] logits;
    private float[] dLogits;

    @Setup
    public void setUp() {
        int[] sizes = shape(shape);
        tokens = sizes[0];
        width = sizes[1];
        hidden = 4 * width;
        x = normal(tokens * width);
        u = normal(tokens * hidden);
        du = normal(tokens * hidden);
        a = new float[u.length];
        y = new float[u.length];
        weight = normal(width);
        statistics = new float[2 * tokens];
        gradients = new float[2 * width];
        weightGradient = new float[hidden * width];
        packed = PackedMatrix.ofTransposed(normal(hidden * width), 0, width, hidden, width, null);
        int heads = width / HEAD;
        attention = new Attention(heads, HEAD);
        masked = new MaskedAttention(tokens, heads, HEAD, MaskedAttention.Form.KEYS, 1e-5f);
        qkv = normal(3 * tokens * width);
        dQkv = new float[qkv.length];
        mask = new float[tokens];
        Arrays.fill(mask, 1f);
        attentionScratch = new float[Attention.scratchLength(tokens, HEAD)];
        scratch = new float[masked.scratchLength()];
        logits = normal(1000);
        dLogits = new float[logits.length];
        checkAnswers();
    }

    private void checkAnswers() {
        double product = 0;
        for (int i = 0; i < tokens; i++) {
            product += (double) du[i * hidden + 1] * x[i * width + 2];
        }
        check("weightGradient", weightGradient()[width + 2], product, 1e-3);
        gelu();
        float[] beside = {u[7] - 0.01f, u[7] + 0.01f};
        Gelu.apply(beside.clone(), 0, 2, beside, 0);
        check("geluGradient", geluGradient()[7], (beside[1] - beside[0]) / 0.02 * du[7], 1e-3);
        layerNorm();
        Arrays.fill(y, 0f);
        layerNormGradient();
        double sum = 0;
        for (int c = 0; c < width; c++) {
            sum += y[c];
        }
        check("a row of layerNormGradient", sum, 0, 1e-3);
        attention();
        float attended = y[width - 1];
        check("maskedAttention", maskedAttention()[width - 1], attended, 1e-4);
        attentionGradient();
        double got = 0;
        double want = 0;
        for (int i = 0; i < tokens; i++) {
            got += dQkv[i * 3 * width + 2 * width];
            want += du[i * width];
        }
        // Shares of a row sum up to 1.
        check("attentionGradient's values", got, want, 1e-2);
        crossEntropy();
        sum = 0;
        for (float d : dLogits) {
            sum += d;
        }
        check("crossEntropy's gradient", sum, 0, 1e-5);
    }

    @Benchmark
    public float[] matmul() {
        Gemm.multiply(tokens, x, 0, width, packed, Gemm.Epilogue.NONE, y, 0, hidden);
        return y;
    }

    @Benchmark
    public float[] weightGradient() {
        TransposedGemm.multiply(hidden, tokens, width, du, 0, hidden, x, 0, width, false, weightGradient, 0, width);
        return weightGradient;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarWeightGradient() {
        return weightGradient();
    }

    @Benchmark
    public float[] gelu() {
        Gelu.apply(u, 0, u.length, a, 0);
        return a;
    }

    @Benchmark
    public float[] geluGradient() {
        GeluGradient.apply(u.length, u, 0, a, 0, du, 0, y, 0);
        return y;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarGeluGradient() {
        return geluGradient();
    }

    @Benchmark
    public float[] layerNorm() {
        LayerNorm.rows(x, 0, width, tokens, width, weight, weight, 1e-6f, y, 0, width, statistics, 0);
        return y;
    }

    @Benchmark
    public float[] layerNormGradient() {
        LayerNormGradient.rows(x, 0, width, tokens, width, statistics, 0, weight, du, 0, width, y, 0, width, gradients,
                0, gradients, width);
        return y;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarLayerNormGradient() {
        return layerNormGradient();
    }

    /** All heads, as at inference. */
    @Benchmark
    public float[] attention() {
        for (int head = 0; head < width / HEAD; head++) {
            attention.tokens(tokens, qkv, 0, 3 * width).into(y, 0, width).scratch(attentionScratch, 0)
                    .head(head, tokens);
        }
        return y;
    }

    /** All heads, with a mask. */
    @Benchmark
    public float[] maskedAttention() {
        for (int head = 0; head < width / HEAD; head++) {
            masked.forward(head, tokens, tokens, qkv, 0, 3 * width, null, 0, mask, 0, y, 0, width, null, 0, scratch, 0);
        }
        return y;
    }

    @Benchmark
    public float[] attentionGradient() {
        for (int head = 0; head < width / HEAD; head++) {
            masked.backward(head, tokens, tokens, qkv, 0, 3 * width, null, 0, mask, 0, du, 0, width, null, 0, dQkv, 0,
                    3 * width, null, 0, null, 0, scratch, 0);
        }
        return dQkv;
    }

    @Benchmark
    @Fork(value = 1, jvmArgsAppend = {ADD_MODULES, VECTOR_API, SCALAR})
    public float[] scalarAttentionGradient() {
        return attentionGradient();
    }

    /** Loss and gradient of 1,000 classes. */
    @Benchmark
    public double crossEntropy() {
        return CrossEntropy.label(logits.length, logits, 0, 3, 0.1f, 1, dLogits, 0);
    }
}
