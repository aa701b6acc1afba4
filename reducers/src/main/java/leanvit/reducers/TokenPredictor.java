package leanvit.reducers;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.kernels.Gemm;
import leanvit.kernels.LayerNorm;
import leanvit.kernels.PackedMatrix;

/**
 * The score predictor of DynamicViT (Rao et al., "DynamicViT: Efficient Vision Transformers with Dynamic Token
 * Sparsification", NeurIPS 2021, section 3.2), which {@link DTps} uses. For n patch tokens x of width C:
 *
 * <ol>
 * <li>{@code u = GELU(Linear_{C to C}(LayerNorm(x)))}, epsilon 1e-5;
 * <li>the last {@code C - C/2} channels of u become their mean over the n tokens (the global half), the same for each
 *     token;
 * <li>{@code z = Linear_{C/4 to 2}(GELU(Linear_{C/2 to C/4}(GELU(Linear_{C to C/2}(u)))))};
 * <li>{@code log P(keep) = log softmax(z)[0]}.
 * </ol>
 *
 * <p>Immutable and safe to share between threads. Halves and quarters round down.
 */
public final class TokenPredictor {

    private static final float NORM_EPSILON = 1e-5f;

    /** The parameters' names, in the order of the layers. */
    private static final List<String> NAMES = List.of("in_conv.0.weight", "in_conv.0.bias", "in_conv.1.weight",
            "in_conv.1.bias", "out_conv.0.weight", "out_conv.0.bias", "out_conv.2.weight", "out_conv.2.bias",
            "out_conv.4.weight", "out_conv.4.bias");

    private final int width;
    private final Map<String, float[]> parameters;
    private final float[] normWeight;
    private final float[] normBias;
    private final PackedMatrix in;
    private final PackedMatrix half;
    private final PackedMatrix quarter;
    private final float[] decisionWeight;
    private final float[] decisionBias;

    private TokenPredictor(Map<String, TensorFiles.Tensor> tensors, String prefix, String file) {
        String normName = prefix + NAMES.get(0);
        width = Tensors.tensor(tensors, normName, file).values().length;
        if (width < 4) {
            throw new InvalidSpecException(
                    file + ": tensor " + normName + " has " + width + " values, at least 4 are needed");
        }
        parameters = new LinkedHashMap<>();
        for (String name : NAMES) {
            parameters.put(name, Tensors.values(tensors, prefix + name, file, shape(name, width)).clone());
        }
        normWeight = parameters.get("in_conv.0.weight");
        normBias = parameters.get("in_conv.0.bias");
        in = packed("in_conv.1");
        half = packed("out_conv.0");
        quarter = packed("out_conv.2");
        decisionWeight = parameters.get("out_conv.4.weight");
        decisionBias = parameters.get("out_conv.4.bias");
    }

    private static int[] shape(String name, int width) {
        boolean bias = name.endsWith("bias");
        return switch (name.substring(0, name.lastIndexOf('.'))) {
            case "in_conv.0" -> new int[] {width};
            case "in_conv.1" -> bias ? new int[] {width} : new int[] {width, width};
            case "out_conv.0" -> bias ? new int[] {width / 2} : new int[] {width / 2, width};
            case "out_conv.2" -> bias ? new int[] {width / 4} : new int[] {width / 4, width / 2};
            case "out_conv.4" -> bias ? new int[] {2} : new int[] {2, width / 4};
            default -> throw new IllegalStateException(name);
        };
    }

    private PackedMatrix packed(String layer) {
        int[] shape = shape(layer + ".weight", width);
        return PackedMatrix.ofTransposed(parameters.get(layer + ".weight"), 0, shape[1], shape[0], shape[1],
                parameters.get(layer + ".bias"));
    }

    /** Returns whether a file holds a predictor for stage {@code stage}, counted from 0. */
    static boolean isIn(Map<String, TensorFiles.Tensor> tensors, int stage) {
        return tensors.containsKey(prefix(tensors, stage) + NAMES.get(0));
    }

    private static String prefix(Map<String, TensorFiles.Tensor> tensors, int stage) {
        String dynamicVit = "score_predictor." + stage + ".";
        return tensors.containsKey(dynamicVit + NAMES.get(0)) ? dynamicVit : "predictor." + stage + ".";
    }

    /**
     * Makes a predictor of its parameters: {@code in_conv.0.{weight,bias}} [C], {@code in_conv.1} [C, C],
     * {@code out_conv.0} [C/2, C], {@code out_conv.2} [C/4, C/2], {@code out_conv.4} [2, C/4], each layer's
     * {@code weight} with its {@code bias}. They are copied.
     *
     * @throws InvalidSpecException naming the parameter that misses, has another shape, or holds NaN or an infinity
     */
    public static TokenPredictor of(Map<String, TensorFiles.Tensor> parameters) {
        return new TokenPredictor(parameters, "", "predictor");
    }

    /**
     * Takes a predictor out of a file's tensors: those of {@link #of} after {@code predictor.<stage>.}; DynamicViT's
     * prefix {@code score_predictor.} is accepted too.
     *
     * @param tensors a file's tensors by name
     * @param stage   the stage, counted from 0
     * @param file    the file's name, for messages
     * @throws InvalidSpecException naming the tensor that misses, has another shape, or holds NaN or an infinity
     */
    public static TokenPredictor fromTensors(Map<String, TensorFiles.Tensor> tensors, int stage, String file) {
        return new TokenPredictor(tensors, prefix(tensors, stage), file);
    }

    /** Returns copies of the parameters, by the names of {@link #of} and in that order. */
    public Map<String, TensorFiles.Tensor> parameters() {
        Map<String, TensorFiles.Tensor> copies = new LinkedHashMap<>();
        parameters.forEach((name, values) ->
                copies.put(name, new TensorFiles.Tensor(shape(name, width), values.clone())));
        return copies;
    }

    /** Returns the width of the tokens that this predictor scores, C. */
    public int width() {
        return width;
    }

    /** Returns the multiply-accumulates for n patches: n (C C + C C/2 + C/2 C/4 + 2 C/4). */
    public long macs(int n) {
        long half = width / 2;
        long quarter = width / 4;
        return n * ((long) width * width + width * half + half * quarter + 2 * quarter);
    }

    /**
     * Scores patches: log P(keep), at most 0; NaN where a token holds NaN (and then for every token, through the global
     * half).
     *
     * @param rows    patch rows [n, C], contiguous from {@code offset}
     * @param out     n scores from {@code outOffset}
     * @param scratch what is taken from it is released before the return
     * @throws ArithmeticException where n C is beyond what one array holds
     */
    public void keepLogProbabilities(float[] rows, int offset, int n, float[] out, int outOffset, Scratch scratch) {
        int halfWidth = width / 2;
        int quarterWidth = width / 4;
        int mark = scratch.mark();
        float[] a = scratch.floats(Math.multiplyExact(n, width));
        float[] b = scratch.floats(n * width);
        LayerNorm.rows(rows, offset, width, n, width, normWeight, normBias, NORM_EPSILON, a, 0, width);
        Gemm.multiply(n, a, 0, width, in, Gemm.Epilogue.GELU, b, 0, width);
        spreadGlobalHalf(b, n, a);
        Gemm.multiply(n, b, 0, width, half, Gemm.Epilogue.GELU, a, 0, halfWidth);
        Gemm.multiply(n, a, 0, halfWidth, quarter, Gemm.Epilogue.GELU, b, 0, quarterWidth);
        for (int i = 0; i < n; i++) {
            double d = decision(b, i * quarterWidth, 1) - decision(b, i * quarterWidth, 0);
            // -ln(1 + e^d), written so that no exponential overflows.
            out[outOffset + i] = (float) -(Math.max(d, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(d))));
        }
        scratch.release(mark);
    }

    /** One of the two outputs of the last layer, which is too narrow for a packed product to be worth it. */
    private double decision(float[] hidden, int from, int output) {
        int quarterWidth = width / 4;
        double sum = decisionBias[output];
        for (int c = 0; c < quarterWidth; c++) {
            sum += (double) hidden[from + c] * decisionWeight[output * quarterWidth + c];
        }
        return sum;
    }

    private void spreadGlobalHalf(float[] u, int n, float[] mean) {
        int local = width / 2;
        int global = width - local;
        Arrays.fill(mean, 0, global, 0f);
        for (int i = 0; i < n; i++) {
            int row = i * width + local;
            for (int c = 0; c < global; c++) {
                mean[c] += u[row + c];
            }
        }
        for (int c = 0; c < global; c++) {
            mean[c] /= n;
        }
        for (int i = 0; i < n; i++) {
            System.arraycopy(mean, 0, u, i * width + local, global);
        }
    }
}
