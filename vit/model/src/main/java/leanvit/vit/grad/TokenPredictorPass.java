package leanvit.vit.grad;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import leanvit.kernels.ColumnSums;
import leanvit.kernels.Gelu;
import leanvit.kernels.GeluGradient;
import leanvit.kernels.Gemm;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.LayerNorm;
import leanvit.kernels.LayerNormGradient;
import leanvit.kernels.PackedMatrix;
import leanvit.kernels.TransposedGemm;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;

/**
 * DynamicViT's score predictor (Rao et al., NeurIPS 2021, section 3.2; {@link leanvit.reducers.TokenPredictor} is its
 * inference form) for training: for n patches x of C channels, each with a policy p from 0 to 1,
 *
 * <pre>
 *   a = LayerNorm(x)                          epsilon 1e-5
 *   u = GELU(W1 a + b1)                       [n, C]
 *   u[i, c] = sum_j u[j, c] p[j] / sum_j p[j]     for the last C - C/2 channels
 *   z = W4 GELU(W3 GELU(W2 u + b2) + b3) + b4     C/2, C/4 and 2 wide
 *   logp = log softmax(z)                     [n, 2], the first that of keeping
 * </pre>
 *
 * <p>Backwards it gives the gradients of x, p and all parameters. Activations of a batch are kept in plain buffers.
 * Images are split between the workers forwards and backwards, columns of a weight for its gradient: the same bits for
 * every number of threads. Where no patch is alive the mean is 0.
 */
public final class TokenPredictorPass {

    private static final float NORM_EPSILON = 1e-5f;

    /** A linear layer of it: its parameters, packed forwards and backwards. */
    private static final class Linear {
        final Parameter weight;
        final Parameter bias;
        final int in;
        final int out;
        final PackedMatrix forward;
        final PackedMatrix backward;

        Linear(Parameters parameters, String name) {
            weight = parameters.get(name + ".weight");
            bias = parameters.get(name + ".bias");
            out = weight.shape()[0];
            in = weight.shape()[1];
            float[] values = parameters.values();
            forward = PackedMatrix.ofTransposed(values, weight.offset(), in, out, in,
                    Arrays.copyOfRange(values, bias.offset(), bias.end()));
            backward = PackedMatrix.of(values, weight.offset(), in, out, in, null);
        }

        void repack(float[] values) {
            forward.repackTransposed(values, weight.offset(), in);
            forward.packBias(0, out, values, bias.offset());
            backward.repack(values, weight.offset(), in);
        }

        int panels() {
            return TransposedGemm.panels(in);
        }

        /** Adds one panel of the weight's gradient. */
        void gradient(int rows, float[] dOut, float[] x, int panel, float[] gradients) {
            TransposedGemm.multiply(out, rows, in, dOut, 0, out, x, 0, in, panel, panel + 1, true, gradients,
                    weight.offset(), in);
        }
    }

    private final Parameters parameters;
    private final Workers workers;
    private final int tokens;
    private final int width;
    private final int half;
    private final int quarter;
    private final Parameter normWeight;
    private final Parameter normBias;
    private final Parameter lastWeight;
    private final Parameter lastBias;
    private final Linear first;
    private final Linear second;
    private final Linear third;
    private final float[] gamma;
    private final float[] beta;

    private final float[] statistics;
    private final float[] normed;
    private final float[] z1;
    private final float[] gelu1;
    private final float[] mixed;
    private final float[] z2;
    private final float[] gelu2;
    private final float[] z3;
    private final float[] gelu3;
    private final float[] policySum;
    private final float[] dZ1;
    private final float[] dZ2;
    private final float[] dZ3;
    private final float[] dZ4;
    private final float[] dNormed;
    private final float[] normGradients;

    // The present call's.
    private float[] x;
    private int offset;
    private int imageStride;
    private float[] policy;
    private float[] logp;
    private float[] dLogp;
    private float[] dX;
    private float[] dPolicy;
    private float[] gradients;
    private int batch;

    private final Workers.Step forwardStep = this::forwardPiece;
    private final Workers.Step backwardStep = this::backwardPiece;
    private final Workers.Step weightStep = this::weightPiece;

    /**
     * Makes room for a batch.
     *
     * @param parameters hold the predictor's, those of {@link #shapes}
     * @param prefix     what stands before their names, such as {@code predictor.0.}
     * @param images     B, at most
     * @param tokens     n
     */
    public TokenPredictorPass(Parameters parameters, String prefix, int images, int tokens, Workers workers) {
        this.parameters = parameters;
        this.workers = workers;
        this.tokens = tokens;
        normWeight = parameters.get(prefix + "in_conv.0.weight");
        normBias = parameters.get(prefix + "in_conv.0.bias");
        width = normWeight.length();
        first = new Linear(parameters, prefix + "in_conv.1");
        second = new Linear(parameters, prefix + "out_conv.0");
        third = new Linear(parameters, prefix + "out_conv.2");
        lastWeight = parameters.get(prefix + "out_conv.4.weight");
        lastBias = parameters.get(prefix + "out_conv.4.bias");
        half = second.out;
        quarter = third.out;
        gamma = new float[width];
        beta = new float[width];
        int rows = Math.multiplyExact(images, tokens);
        int wide = Math.multiplyExact(rows, width);
        statistics = new float[2 * rows];
        normed = new float[wide];
        z1 = new float[wide];
        gelu1 = new float[wide];
        mixed = new float[wide];
        z2 = new float[rows * half];
        gelu2 = new float[rows * half];
        z3 = new float[rows * quarter];
        gelu3 = new float[rows * quarter];
        policySum = new float[images];
        dZ1 = new float[wide];
        dNormed = new float[wide];
        dZ2 = new float[rows * half];
        dZ3 = new float[rows * quarter];
        dZ4 = new float[rows * 2];
        normGradients = new float[images * 2 * width];
        repack();
    }

    /**
     * Returns the shapes of a predictor's parameters by their names, in order.
     *
     * @param width  C, at least 4
     * @param prefix what stands before each name
     */
    public static Map<String, int[]> shapes(int width, String prefix) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put(prefix + "in_conv.0.weight", new int[] {width});
        shapes.put(prefix + "in_conv.0.bias", new int[] {width});
        int[] widths = {width, width, width / 2, width / 4, 2};
        String[] names = {"in_conv.1", "out_conv.0", "out_conv.2", "out_conv.4"};
        for (int i = 0; i < names.length; i++) {
            shapes.put(prefix + names[i] + ".weight", new int[] {widths[i + 1], widths[i]});
            shapes.put(prefix + names[i] + ".bias", new int[] {widths[i + 1]});
        }
        return shapes;
    }

    /** Returns how many floats this holds. */
    public long values() {
        return 6L * normed.length + 3L * z2.length + 3L * z3.length + 2L * statistics.length + normGradients.length;
    }

    /** Takes up parameters that have changed. */
    public void repack() {
        float[] values = parameters.values();
        System.arraycopy(values, normWeight.offset(), gamma, 0, width);
        System.arraycopy(values, normBias.offset(), beta, 0, width);
        first.repack(values);
        second.repack(values);
        third.repack(values);
    }

    /**
     * Scores patches.
     *
     * @param batch       images, at most B
     * @param x           image b's patches [n, C] begin at {@code offset + b * imageStride}
     * @param policy      p [B, n]; null for ones
     * @param logp        receives log-probabilities [B, n, 2]
     */
    public void forward(int batch, float[] x, int offset, int imageStride, float[] policy, float[] logp) {
        this.batch = batch;
        this.x = x;
        this.offset = offset;
        this.imageStride = imageStride;
        this.policy = policy;
        this.logp = logp;
        workers.run(batch, forwardStep);
    }

    private void forwardPiece(int worker, int image) {
        int row = image * tokens;
        int wide = row * width;
        LayerNorm.rows(x, offset + image * imageStride, width, tokens, width, gamma, beta, NORM_EPSILON, normed, wide,
                width, statistics, 2 * row);
        Gemm.multiply(tokens, normed, wide, width, first.forward, Epilogue.NONE, z1, wide, width);
        Gelu.apply(z1, wide, tokens * width, gelu1, wide);
        mix(image);
        Gemm.multiply(tokens, mixed, wide, width, second.forward, Epilogue.NONE, z2, row * half, half);
        Gelu.apply(z2, row * half, tokens * half, gelu2, row * half);
        Gemm.multiply(tokens, gelu2, row * half, half, third.forward, Epilogue.NONE, z3, row * quarter, quarter);
        Gelu.apply(z3, row * quarter, tokens * quarter, gelu3, row * quarter);
        for (int i = row; i < row + tokens; i++) {
            double d = last(i, 1) - last(i, 0);
            double small = StrictMath.log1p(StrictMath.exp(-Math.abs(d)));
            logp[2 * i] = (float) -(Math.max(d, 0) + small);
            logp[2 * i + 1] = (float) -(Math.max(-d, 0) + small);
        }
    }

    private double last(int row, int output) {
        float[] values = parameters.values();
        double sum = values[lastBias.offset() + output];
        for (int c = 0; c < quarter; c++) {
            sum += (double) gelu3[row * quarter + c] * values[lastWeight.offset() + output * quarter + c];
        }
        return sum;
    }

    private float policy(int row) {
        return policy == null ? 1f : policy[row];
    }

    /** Copies the local channels and spreads the mean of the others. */
    private void mix(int image) {
        int local = width / 2;
        float[] mean = new float[width - local];
        float sum = 0f;
        for (int i = image * tokens; i < (image + 1) * tokens; i++) {
            float p = policy(i);
            sum += p;
            for (int c = local; c < width; c++) {
                mean[c - local] += p * gelu1[i * width + c];
            }
        }
        policySum[image] = sum;
        for (int c = 0; c < mean.length; c++) {
            mean[c] = sum == 0f ? 0f : mean[c] / sum;
        }
        for (int i = image * tokens; i < (image + 1) * tokens; i++) {
            System.arraycopy(gelu1, i * width, mixed, i * width, local);
            System.arraycopy(mean, 0, mixed, i * width + local, width - local);
        }
    }

    /**
     * Carries gradients backwards through the last {@link #forward}, whose arrays must be as they were.
     *
     * @param dLogp     gradient of the log-probabilities [B, n, 2]
     * @param dX        the gradient of x is added to it, laid out as x; null for none
     * @param dPolicy   the gradient of p is added to it, [B, n]; null for none
     * @param gradients of all parameters; those of this predictor are added to it
     */
    public void backward(float[] dLogp, float[] dX, float[] dPolicy, float[] gradients) {
        this.dLogp = dLogp;
        this.dX = dX;
        this.dPolicy = dPolicy;
        this.gradients = gradients;
        workers.run(batch, backwardStep);
        workers.run(first.panels() + second.panels() + third.panels(), weightStep);
        int rows = batch * tokens;
        ColumnSums.add(dZ1, 0, width, rows, width, gradients, first.bias.offset());
        ColumnSums.add(dZ2, 0, half, rows, half, gradients, second.bias.offset());
        ColumnSums.add(dZ3, 0, quarter, rows, quarter, gradients, third.bias.offset());
        ColumnSums.add(dZ4, 0, 2, rows, 2, gradients, lastBias.offset());
        TransposedGemm.multiply(2, rows, quarter, dZ4, 0, 2, gelu3, 0, quarter, true, gradients, lastWeight.offset(),
                quarter);
        ColumnSums.add(normGradients, 0, 2 * width, batch, width, gradients, normWeight.offset());
        ColumnSums.add(normGradients, width, 2 * width, batch, width, gradients, normBias.offset());
    }

    private void backwardPiece(int worker, int image) {
        int row = image * tokens;
        int wide = row * width;
        float[] values = parameters.values();
        for (int i = row; i < row + tokens; i++) {
            float total = dLogp[2 * i] + dLogp[2 * i + 1];
            for (int k = 0; k < 2; k++) {
                dZ4[2 * i + k] = (float) (dLogp[2 * i + k] - Math.exp(logp[2 * i + k]) * total);
            }
            for (int c = 0; c < quarter; c++) {
                dZ3[i * quarter + c] = dZ4[2 * i] * values[lastWeight.offset() + c]
                        + dZ4[2 * i + 1] * values[lastWeight.offset() + quarter + c];
            }
        }
        geluBackward(z3, gelu3, dZ3, row * quarter, tokens * quarter);
        Gemm.multiply(tokens, dZ3, row * quarter, quarter, third.backward, Epilogue.NONE, dZ2, row * half, half);
        geluBackward(z2, gelu2, dZ2, row * half, tokens * half);
        Gemm.multiply(tokens, dZ2, row * half, half, second.backward, Epilogue.NONE, dZ1, wide, width);
        mixBackward(image);
        geluBackward(z1, gelu1, dZ1, wide, tokens * width);
        Gemm.multiply(tokens, dZ1, wide, width, first.backward, Epilogue.NONE, dNormed, wide, width);
        float[] into = dX == null ? new float[tokens * width] : dX;
        int at = dX == null ? 0 : offset + image * imageStride;
        int norm = image * 2 * width;
        Arrays.fill(normGradients, norm, norm + 2 * width, 0f);
        LayerNormGradient.rows(x, offset + image * imageStride, width, tokens, width, statistics, 2 * row, gamma,
                dNormed, wide, width, into, at, width, normGradients, norm, normGradients, norm + width);
    }

    private static void geluBackward(float[] z, float[] gelu, float[] d, int at, int count) {
        GeluGradient.apply(count, z, at, gelu, at, d, at, d, at);
    }

    private void mixBackward(int image) {
        int local = width / 2;
        float[] dMean = new float[width - local];
        for (int i = image * tokens; i < (image + 1) * tokens; i++) {
            for (int c = local; c < width; c++) {
                dMean[c - local] += dZ1[i * width + c];
            }
        }
        float factor = policySum[image] == 0f ? 0f : 1f / policySum[image];
        for (int i = image * tokens; i < (image + 1) * tokens; i++) {
            double gradient = 0;
            float share = factor * policy(i);
            for (int c = local; c < width; c++) {
                gradient += (double) dMean[c - local] * (gelu1[i * width + c] - mixed[i * width + c]);
                dZ1[i * width + c] = share * dMean[c - local];
            }
            if (dPolicy != null) {
                dPolicy[i] += (float) (factor * gradient);
            }
        }
    }

    private void weightPiece(int worker, int piece) {
        int rows = batch * tokens;
        if (piece < first.panels()) {
            first.gradient(rows, dZ1, normed, piece, gradients);
        } else if (piece < first.panels() + second.panels()) {
            second.gradient(rows, dZ2, mixed, piece - first.panels(), gradients);
        } else {
            third.gradient(rows, dZ3, gelu2, piece - first.panels() - second.panels(), gradients);
        }
    }
}
