package leanvit.testdata;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Vision Transformer in double precision, one image at a time, straight from the formulas: patches, position
 * embedding,
 * pre-norm blocks with exact GELU, pooling, classifier. Tensors have timm's names; what a model has beyond the plain
 * one
 * (register tokens, LayerScale, norms of queries and keys, a norm before the blocks or after pooling, a distillation
 * token) shows in them.
 */
public final class DoubleVit {

    /** The tensors of a model. */
    public interface Weights {

        /**
         * Returns a tensor's values, row-major, or null where the model has none of that name. {@code pos_embed} is
         * that
         * of the image size that is run.
         */
        float[] values(String name);
    }

    /**
     * What the tensors do not say.
     *
     * @param imageHeight pixels
     * @param imageWidth  pixels
     * @param patch       side of a patch, pixels
     * @param width       channels of a token
     * @param heads       attention heads
     * @param average     whether the classifier reads the mean of the patches instead of token 0
     * @param epsilon     LayerNorm's epsilon
     */
    public record Shape(int imageHeight, int imageWidth, int patch, int width, int heads, boolean average,
                        double epsilon) {

        int patches() {
            return imageHeight / patch * (imageWidth / patch);
        }
    }

    private final Weights weights;
    private final Shape shape;
    private final List<double[][]> blocks = new ArrayList<>();
    private double[] features;
    private double[] logits;

    private DoubleVit(Weights weights, Shape shape) {
        this.weights = weights;
        this.shape = shape;
    }

    /** Runs one image, [3, height, width] from index {@code offset} on. */
    public static DoubleVit run(Weights weights, Shape shape, float[] pixels, int offset) {
        DoubleVit vit = new DoubleVit(weights, shape);
        vit.run(pixels, offset);
        return vit;
    }

    /** Returns the token rows after a block. */
    public double[][] block(int layer) {
        return blocks.get(layer);
    }

    /** Returns what the classifier reads. */
    public double[] features() {
        return features;
    }

    /** Returns the classifier's answer; where there are two, their mean. */
    public double[] logits() {
        return logits;
    }

    private boolean has(String name) {
        return weights.values(name) != null;
    }

    private void run(float[] pixels, int offset) {
        double[][] x = embed(pixels, offset);
        int prefix = x.length - shape.patches();
        if (has("norm_pre.weight")) {
            x = norm("norm_pre", x);
        }
        for (int layer = 0; has("blocks." + layer + ".norm1.weight"); layer++) {
            String name = "blocks." + layer + ".";
            x = add(x, scaled(name + "ls1.gamma", linear(name + "attn.proj",
                    attention(name, norm(name + "norm1", x)))));
            x = add(x, scaled(name + "ls2.gamma", linear(name + "mlp.fc2", gelu(linear(name + "mlp.fc1",
                    norm(name + "norm2", x))))));
            blocks.add(x);
        }
        if (has("norm.weight")) {
            x = norm("norm", x);
        }
        double[][] pooled = {readsBoth() ? concat(x[0], mean(x, prefix)) : shape.average() ? mean(x, prefix) : x[0]};
        if (has("fc_norm.weight")) {
            pooled = norm("fc_norm", pooled);
        }
        features = pooled[0];
        logits = linear("head", pooled)[0];
        if (has("head_dist.weight")) {
            double[] second = linear("head_dist", new double[][] {x[1]})[0];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (logits[i] + second[i]) / 2;
            }
        }
    }

    /** Whether the classifier reads the class token and beside it the patches' mean, as its width shows. */
    private boolean readsBoth() {
        return weights.values("head.weight").length == 2 * shape.width() * weights.values("head.bias").length;
    }

    private static double[] concat(double[] a, double[] b) {
        double[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private double[][] embed(float[] pixels, int offset) {
        int width = shape.width();
        int patch = shape.patch();
        int columns = shape.imageWidth() / patch;
        double[][] patches = new double[shape.patches()][3 * patch * patch];
        for (int p = 0; p < patches.length; p++) {
            int at = 0;
            for (int channel = 0; channel < 3; channel++) {
                for (int y = p / columns * patch; y < (p / columns + 1) * patch; y++) {
                    for (int x = p % columns * patch; x < (p % columns + 1) * patch; x++) {
                        patches[p][at++] =
                                pixels[offset + (channel * shape.imageHeight() + y) * shape.imageWidth() + x];
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
        float[] positions = weights.values("pos_embed");
        int positioned = positions.length / width - shape.patches();
        for (int row = 0; row < positions.length / width; row++) {
            for (int c = 0; c < width; c++) {
                tokens.get(row + prefix - positioned)[c] += positions[row * width + c];
            }
        }
        return tokens.toArray(new double[0][]);
    }

    private double[][] attention(String name, double[][] x) {
        int heads = shape.heads();
        int d = shape.width() / shape.heads();
        double[][] qkv = linear(name + "attn.qkv", x);
        double[][] out = new double[x.length][shape.width()];
        for (int h = 0; h < heads; h++) {
            double[][] q = columns(qkv, h * d, d);
            double[][] k = columns(qkv, (heads + h) * d, d);
            double[][] v = columns(qkv, (2 * heads + h) * d, d);
            if (has(name + "attn.q_norm.weight")) {
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
        double[] weight = Exact.widened(weights.values(name + ".weight"));
        double[] bias = Exact.widened(weights.values(name + ".bias"));
        double[][] out = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            out[i] = Exact.layerNorm(x[i], weight, bias, shape.epsilon());
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
                row[c] = Exact.gelu(row[c]);
            }
        }
        return x;
    }
}
