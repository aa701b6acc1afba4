package leanvit.reducers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Vision Transformer written from its formulas in double precision, to run reducers in: one image, no care
 * for speed. It gathers what a reducer needs from attention and applies its maps.
 */
final class ReferenceVit {

    private final GoldenFile weights;
    private final ModelShape model;
    private final int depth;
    private final int width;
    private final int heads;

    /** What a run leaves behind: after every block the token rows and, where they are tracked, their sizes. */
    record Run(List<float[]> rows, List<float[]> sizes, double[] logits) {
    }

    ReferenceVit(GoldenFile weights, ModelShape model) {
        this.weights = weights;
        this.model = model;
        this.depth = model.depth();
        this.width = model.width();
        this.heads = model.heads();
    }

    Run run(TokenReducer reducer, double[] embedding) {
        reducer.check(model);
        double[] x = embedding.clone();
        float[] sizes = new float[x.length / width];
        Arrays.fill(sizes, 1);
        LayerTokens tokens = new LayerTokens();
        List<float[]> rowsAfter = new ArrayList<>();
        List<float[]> sizesAfter = new ArrayList<>();
        for (int l = 0; l < depth; l++) {
            boolean reduces = reducer.reducesAt(model, l);
            if (reduces && reducer.position() == TokenReducer.Position.BEFORE_BLOCK) {
                tokens.reset(model, l, sizes.length, floats(x), 0);
                TokenMap map = Images.reduce(reducer, tokens);
                x = apply(map, x);
                sizes = new float[map.outputs()];
                Arrays.fill(sizes, 1);
            }
            Attention attention = attend(l, x, reducer.proportionalAttention() ? sizes : null);
            x = attention.rows;
            if (reduces && reducer.position() == TokenReducer.Position.AFTER_ATTENTION) {
                tokens.reset(model, l, sizes.length, floats(x), 0);
                for (Need need : reducer.needs()) {
                    double[] score = attention.score(need);
                    float[] prepared = tokens.prepare(need);
                    for (int i = 0; i < score.length; i++) {
                        prepared[i] = (float) score[i];
                    }
                }
                System.arraycopy(sizes, 0, tokens.prepareSizes(), 0, sizes.length);
                TokenMap map = Images.reduce(reducer, tokens);
                x = apply(map, x);
                sizes = Images.applySizes(map, tokens);
            }
            x = mlp(l, x);
            rowsAfter.add(floats(x));
            sizesAfter.add(sizes);
        }
        return new Run(rowsAfter, sizesAfter, logits(x));
    }

    private double[] apply(TokenMap map, double[] x) {
        double[] out = new double[map.outputs() * width];
        for (int i = 0; i < map.inputs(); i++) {
            for (int c = 0; c < width && map.target(i) >= 0; c++) {
                out[map.target(i) * width + c] += map.weight(i) * x[i * width + c];
            }
        }
        return out;
    }

    /**
     * The rows after the attention residual, and the softmaxed map [H, N, N], keys and values [N, C] for the scores.
     */
    private final class Attention {
        double[] rows;
        double[] map;
        double[] key;
        double[] value;

        double[] score(Need need) {
            int n = rows.length / width;
            int headDim = width / heads;
            double[] score = new double[need == Need.MEAN_KEY ? n * headDim : n];
            for (int j = 0; j < n; j++) {
                switch (need) {
                    case MEAN_KEY -> {
                        for (int c = 0; c < width; c++) {
                            score[j * headDim + c % headDim] += key[j * width + c] / heads;
                        }
                    }
                    case CLASS_ATTENTION -> {
                        for (int h = 0; h < heads; h++) {
                            score[j] += map[h * n * n + j] / heads;
                        }
                    }
                    case COLUMN_ATTENTION -> {
                        for (int hi = 0; hi < heads * n; hi++) {
                            score[j] += map[hi * n + j] / (heads * n);
                        }
                    }
                    case HEAD_MAX_ATTENTION -> {
                        for (int i = model.prefix(); i < n && j >= model.prefix(); i++) {
                            double max = 0;
                            for (int h = 0; h < heads; h++) {
                                max = Math.max(max, map[(h * n + i) * n + j]);
                            }
                            score[j] += max;
                        }
                    }
                    case HEAD_MAX_VALUE -> {
                        for (int c = 0; c < headDim; c++) {
                            double max = Double.NEGATIVE_INFINITY;
                            for (int h = 0; h < heads; h++) {
                                max = Math.max(max, value[j * width + h * headDim + c]);
                            }
                            score[j] += max;
                        }
                    }
                }
            }
            return score;
        }
    }

    private Attention attend(int l, double[] x, float[] sizes) {
        int n = x.length / width;
        int headDim = width / heads;
        String block = "blocks." + l + ".";
        double[] qkv = linear(block + "attn.qkv", norm(block + "norm1", x, width), width);
        Attention attention = new Attention();
        attention.map = new double[heads * n * n];
        attention.key = new double[n * width];
        attention.value = new double[n * width];
        double[] mixed = new double[n * width];
        for (int i = 0; i < n; i++) {
            System.arraycopy(qkv, i * 3 * width + width, attention.key, i * width, width);
            System.arraycopy(qkv, i * 3 * width + 2 * width, attention.value, i * width, width);
        }
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < n; i++) {
                int row = (h * n + i) * n;
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    double logit = 0;
                    for (int c = h * headDim; c < (h + 1) * headDim; c++) {
                        logit += qkv[i * 3 * width + c] * attention.key[j * width + c];
                    }
                    logit = logit / Math.sqrt(headDim) + (sizes == null ? 0 : Math.log(sizes[j]));
                    sum += attention.map[row + j] = Math.exp(logit);
                }
                for (int j = 0; j < n; j++) {
                    attention.map[row + j] /= sum;
                    for (int c = h * headDim; c < (h + 1) * headDim; c++) {
                        mixed[i * width + c] += attention.map[row + j] * attention.value[j * width + c];
                    }
                }
            }
        }
        attention.rows = sum(x, linear(block + "attn.proj", mixed, width));
        return attention;
    }

    private double[] mlp(int l, double[] x) {
        String block = "blocks." + l + ".";
        double[] hidden = linear(block + "mlp.fc1", norm(block + "norm2", x, width), width);
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = gelu(hidden[i]);
        }
        return sum(x, linear(block + "mlp.fc2", hidden, hidden.length / (x.length / width)));
    }

    private double[] logits(double[] x) {
        double[] normed = norm("norm", x, width);
        double[] logits = linear("head", Arrays.copyOf(normed, width), width);
        if (weights.has("head_dist.weight")) {
            double[] second = linear("head_dist", Arrays.copyOfRange(normed, width, 2 * width), width);
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (logits[i] + second[i]) / 2;
            }
        }
        return logits;
    }

    private double[] linear(String name, double[] x, int in) {
        double[] weight = weights.doubles(name + ".weight");
        double[] bias = weights.doubles(name + ".bias");
        int n = x.length / in;
        double[] y = new double[n * bias.length];
        for (int i = 0; i < n; i++) {
            for (int o = 0; o < bias.length; o++) {
                double sum = bias[o];
                for (int c = 0; c < in; c++) {
                    sum += x[i * in + c] * weight[o * in + c];
                }
                y[i * bias.length + o] = sum;
            }
        }
        return y;
    }

    private double[] norm(String name, double[] x, int width) {
        return layerNorm(x, weights.doubles(name + ".weight"), weights.doubles(name + ".bias"), 1e-6);
    }

    static double[] layerNorm(double[] x, double[] weight, double[] bias, double epsilon) {
        int width = weight.length;
        double[] y = new double[x.length];
        for (int row = 0; row < x.length; row += width) {
            double mean = 0;
            double variance = 0;
            for (int c = 0; c < width; c++) {
                mean += x[row + c] / width;
            }
            for (int c = 0; c < width; c++) {
                variance += (x[row + c] - mean) * (x[row + c] - mean) / width;
            }
            for (int c = 0; c < width; c++) {
                y[row + c] = (x[row + c] - mean) / Math.sqrt(variance + epsilon) * weight[c] + bias[c];
            }
        }
        return y;
    }

    static double gelu(double x) {
        return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    }

    /**
     * {@code 2/sqrt(pi) e^(-x^2) sum 2^k x^(2k+1) / (1 3 5 ... (2k+1))}: all terms have one sign, so that nothing
     * cancels.
     */
    private static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    private static double[] sum(double[] x, double[] y) {
        double[] sum = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            sum[i] = x[i] + y[i];
        }
        return sum;
    }

    private static float[] floats(double[] x) {
        float[] floats = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            floats[i] = (float) x[i];
        }
        return floats;
    }
}
