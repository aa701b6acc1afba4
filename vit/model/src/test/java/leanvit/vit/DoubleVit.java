package leanvit.vit;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.weights.PositionEmbedding;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * A Vision Transformer in double precision, one image at a time, straight from the formulas: patches, position embedding,
 * pre-norm blocks with exact GELU, pooling, classifier. Knows every feature of {@link TestWeights}.
 */
final class DoubleVit {

    private final TestWeights weights;
    private final VitConfig trained;
    private final VitConfig config;
    private final List<double[][]> blocks = new ArrayList<>();
    private double[] features;
    private double[] logits;

    private DoubleVit(TestWeights weights, int height, int width) {
        this.weights = weights;
        trained = weights.config();
        config = trained.withImageSize(height, width);
    }

    /** Runs one image; {@code offset} is that of its first pixel. */
    static DoubleVit run(TestWeights weights, int height, int width, float[] pixels, int offset) {
        DoubleVit vit = new DoubleVit(weights, height, width);
        vit.run(pixels, offset);
        return vit;
    }

    /** Returns the token rows after a block. */
    double[][] block(int layer) {
        return blocks.get(layer);
    }

    double[] features() {
        return features;
    }

    double[] logits() {
        return logits;
    }

    private void run(float[] pixels, int offset) {
        double[][] x = embed(pixels, offset);
        int prefix = x.length - config.patches();
        if (weights.has("norm_pre.weight")) {
            x = norm("norm_pre", x);
        }
        for (int layer = 0; layer < config.depth(); layer++) {
            String name = "blocks." + layer + ".";
            x = add(x, scaled(name + "ls1.gamma", linear(name + "attn.proj", attention(name, norm(name + "norm1", x)))));
            x = add(x, scaled(name + "ls2.gamma", linear(name + "mlp.fc2", gelu(linear(name + "mlp.fc1",
                    norm(name + "norm2", x))))));
            blocks.add(x);
        }
        if (weights.has("norm.weight")) {
            x = norm("norm", x);
        }
        double[][] pooled = config.pooling() == Pooling.TOKEN ? new double[][] {x[0]} : new double[][] {mean(x, prefix)};
        if (weights.has("fc_norm.weight")) {
            pooled = norm("fc_norm", pooled);
        }
        features = pooled[0];
        logits = linear("head", pooled)[0];
        if (config.distilled()) {
            double[] second = linear("head_dist", new double[][] {x[1]})[0];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (logits[i] + second[i]) / 2;
            }
        }
    }

    private double[][] embed(float[] pixels, int offset) {
        int width = config.width();
        int patch = config.patch();
        int columns = config.imageWidth() / patch;
        double[][] patches = new double[config.patches()][3 * patch * patch];
        for (int p = 0; p < patches.length; p++) {
            int at = 0;
            for (int channel = 0; channel < 3; channel++) {
                for (int y = p / columns * patch; y < (p / columns + 1) * patch; y++) {
                    for (int x = p % columns * patch; x < (p % columns + 1) * patch; x++) {
                        patches[p][at++] = pixels[offset + (channel * config.imageHeight() + y) * config.imageWidth() + x];
                    }
                }
            }
        }
        double[][] embedded = linear("patch_embed.proj", patches);
        List<double[]> tokens = new ArrayList<>();
        for (String name : new String[] {"cls_token", "dist_token", "reg_token"}) {
            float[] values = weights.values(name);
            for (int row = 0; values != null && row < values.length / width; row++) {
                double[] token = new double[width];
                for (int c = 0; c < width; c++) {
                    token[c] = values[row * width + c];
                }
                tokens.add(token);
            }
        }
        int prefix = tokens.size();
        tokens.addAll(List.of(embedded));
        float[] stored = weights.values("pos_embed");
        int positioned = stored.length / width - trained.patches();
        float[] positions = PositionEmbedding.resize(stored, positioned, width, trained.imageHeight() / patch,
                trained.imageWidth() / patch, config.imageHeight() / patch, columns);
        for (int row = 0; row < positions.length / width; row++) {
            for (int c = 0; c < width; c++) {
                tokens.get(row + prefix - positioned)[c] += positions[row * width + c];
            }
        }
        return tokens.toArray(new double[0][]);
    }

    private double[][] attention(String name, double[][] x) {
        int heads = config.heads();
        int d = config.headDim();
        double[][] qkv = linear(name + "attn.qkv", x);
        double[][] out = new double[x.length][config.width()];
        for (int h = 0; h < heads; h++) {
            double[][] q = columns(qkv, h * d, d);
            double[][] k = columns(qkv, (heads + h) * d, d);
            double[][] v = columns(qkv, (2 * heads + h) * d, d);
            if (weights.has(name + "attn.q_norm.weight")) {
                q = norm(name + "attn.q_norm", q);
                k = norm(name + "attn.k_norm", k);
            }
            for (int i = 0; i < x.length; i++) {
                double[] row = new double[x.length];
                double sum = 0;
                for (int j = 0; j < x.length; j++) {
                    for (int c = 0; c < d; c++) {
                        row[j] += q[i][c] * k[j][c];
                    }
                    row[j] = Math.exp(row[j] / Math.sqrt(d));
                    sum += row[j];
                }
                for (int j = 0; j < x.length; j++) {
                    for (int c = 0; c < d; c++) {
                        out[i][h * d + c] += row[j] / sum * v[j][c];
                    }
                }
            }
        }
        return out;
    }

    private static double[][] columns(double[][] x, int from, int count) {
        double[][] out = new double[x.length][count];
        for (int i = 0; i < x.length; i++) {
            System.arraycopy(x[i], from, out[i], 0, count);
        }
        return out;
    }

    private static double[][] add(double[][] a, double[][] b) {
        double[][] out = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int c = 0; c < a[i].length; c++) {
                out[i][c] = a[i][c] + b[i][c];
            }
        }
        return out;
    }

    private double[][] scaled(String name, double[][] x) {
        float[] gamma = weights.values(name);
        for (int i = 0; gamma != null && i < x.length; i++) {
            for (int c = 0; c < x[i].length; c++) {
                x[i][c] *= gamma[c];
            }
        }
        return x;
    }

    private double[][] linear(String name, double[][] x) {
        float[] weight = weights.values(name + ".weight");
        float[] bias = weights.values(name + ".bias");
        int in = x[0].length;
        double[][] out = new double[x.length][weight.length / in];
        for (int i = 0; i < x.length; i++) {
            for (int o = 0; o < out[i].length; o++) {
                out[i][o] = bias == null ? 0 : bias[o];
                for (int c = 0; c < in; c++) {
                    out[i][o] += x[i][c] * weight[o * in + c];
                }
            }
        }
        return out;
    }

    private double[][] norm(String name, double[][] x) {
        float[] weight = weights.values(name + ".weight");
        float[] bias = weights.values(name + ".bias");
        double[][] out = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            int n = x[i].length;
            double mean = 0;
            for (double value : x[i]) {
                mean += value / n;
            }
            double variance = 0;
            for (double value : x[i]) {
                variance += (value - mean) * (value - mean) / n;
            }
            for (int c = 0; c < n; c++) {
                out[i][c] = (x[i][c] - mean) / Math.sqrt(variance + config.epsilon()) * weight[c] + bias[c];
            }
        }
        return out;
    }

    private static double[] mean(double[][] x, int from) {
        double[] mean = new double[x[0].length];
        for (int i = from; i < x.length; i++) {
            for (int c = 0; c < mean.length; c++) {
                mean[c] += x[i][c] / (x.length - from);
            }
        }
        return mean;
    }

    private static double[][] gelu(double[][] x) {
        for (double[] row : x) {
            for (int c = 0; c < row.length; c++) {
                row[c] *= (1 + erf(row[c] / Math.sqrt(2))) / 2;
            }
        }
        return x;
    }

    /** The error function by its Maclaurin series, which loses no more than 1e-9 up to 4; beyond that it is 1 to 1.6e-8. */
    private static double erf(double x) {
        if (Math.abs(x) > 4) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }
}
