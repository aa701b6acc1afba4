package leanvit.vit.grad;

import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import leanvit.kernels.CrossEntropy;
import leanvit.testdata.DoubleVit;
import leanvit.vit.VisionTransformer;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.Parts.PrefixPositions;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/** A model of 600 random weights a block with any of the optional tensors, three images and their labels. */
final class SmallVit {

    static final int IMAGES = 3;

    /** Tensors that a model may have or lack. */
    enum Optional {
        CLASS_TOKEN, REGISTERS, NORM_PRE, FC_NORM, LAYER_SCALE, QKV_BIAS, PROJ_BIAS, MLP_BIAS, PATCH_BIAS,
        QK_NORM
    }

    static final Optional[] PLAIN = {Optional.CLASS_TOKEN, Optional.QKV_BIAS, Optional.PROJ_BIAS, Optional.MLP_BIAS,
        Optional.PATCH_BIAS};

    final VitConfig config;
    final Map<String, int[]> shapes = new LinkedHashMap<>();
    final float[] pixels;
    private final Set<Optional> has = EnumSet.noneOf(Optional.class);
    private int prefix;

    SmallVit(VitConfig config, Optional... optional) {
        this.config = config;
        has.addAll(Arrays.asList(optional));
        fill();
        pixels = new float[IMAGES * 3 * config.imageHeight() * config.imageWidth()];
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextDouble(-2, 2);
        }
    }

    /** Six patches, the last pixels of each line beside them; two blocks; five classes. */
    static VitConfig config(Pooling pooling, boolean distilled, float epsilon, Parts parts) {
        return new VitConfig("small", 8, 14, 4, 12, 2, 3, 20, 5, pooling, distilled, epsilon, parts);
    }

    /** A model without optional tensors but biases. */
    static SmallVit plain(Parts parts) {
        return new SmallVit(config(Pooling.TOKEN, false, 1e-6f, parts), PLAIN);
    }

    private void fill() {
        int width = config.width();
        linear("patch_embed.proj", has.contains(Optional.PATCH_BIAS), width, 3, config.patch(), config.patch());
        if (has.contains(Optional.CLASS_TOKEN)) {
            token("cls_token", 1);
        }
        if (config.distilled()) {
            token("dist_token", 1);
        }
        int positioned = prefix;
        if (has.contains(Optional.REGISTERS)) {
            token("reg_token", 3);
        }
        PrefixPositions positions = config.parts().prefixPositions();
        shapes.put("pos_embed", new int[] {1, config.patches() + (positions == PrefixPositions.NONE ? 0
                : positions == PrefixPositions.NO_REGISTERS ? positioned : prefix), width});
        if (has.contains(Optional.NORM_PRE)) {
            norm("norm_pre");
        }
        for (int layer = 0; layer < config.depth(); layer++) {
            String block = "blocks." + layer + ".";
            norm(block + "norm1");
            linear(block + "attn.qkv", has.contains(Optional.QKV_BIAS), 3 * width, width);
            if (has.contains(Optional.QK_NORM)) {
                norm(block + "attn.q_norm", config.headDim());
                norm(block + "attn.k_norm", config.headDim());
            }
            linear(block + "attn.proj", has.contains(Optional.PROJ_BIAS), width, width);
            norm(block + "norm2");
            linear(block + "mlp.fc1", has.contains(Optional.MLP_BIAS), config.mlpHidden(), width);
            linear(block + "mlp.fc2", has.contains(Optional.MLP_BIAS), width, config.mlpHidden());
            if (has.contains(Optional.LAYER_SCALE)) {
                shapes.put(block + "ls1.gamma", new int[] {width});
                shapes.put(block + "ls2.gamma", new int[] {width});
            }
        }
        norm(has.contains(Optional.FC_NORM) ? "fc_norm" : "norm");
        linear("head", true, config.classes(), config.pooling() == Pooling.TOKEN_AND_AVERAGE ? 2 * width : width);
        if (config.distilled()) {
            linear("head_dist", true, config.classes(), width);
        }
    }

    private void token(String name, int rows) {
        shapes.put(name, new int[] {1, rows, config.width()});
        prefix += rows;
    }

    private void norm(String name) {
        norm(name, config.width());
    }

    private void norm(String name, int width) {
        shapes.put(name + ".weight", new int[] {width});
        shapes.put(name + ".bias", new int[] {width});
    }

    private void linear(String name, boolean bias, int... shape) {
        shapes.put(name + ".weight", shape);
        if (bias) {
            shapes.put(name + ".bias", new int[] {shape[0]});
        }
    }

    Parameters parameters() {
        Parameters parameters = new Parameters(shapes);
        SplittableRandom random = new SplittableRandom(3);
        for (Parameter parameter : parameters.all()) {
            double centre = parameter.name().contains("norm") && parameter.name().endsWith("weight") ? 1 : 0;
            double range = parameter.shape().length > 1 && !parameter.name().contains("_token")
                    ? 1.7 / Math.sqrt(parameter.length() / (double) parameter.shape()[0]) : 0.5;
            for (int i = parameter.offset(); i < parameter.end(); i++) {
                parameters.values()[i] = (float) (centre + random.nextDouble(-range, range));
            }
        }
        return parameters;
    }

    float[] inference() throws IOException {
        return VisionTransformer.of(config, parameters()).inference().logits(pixels, IMAGES);
    }

    /** What a pass forward and backward makes. */
    record Pass(float[] logits, double loss, float[] gradients) {
    }

    Pass pass(Executor executor, int threads, Predicate<Parameter> learns) {
        Parameters parameters = parameters();
        Workers workers = executor == null ? new Workers() : new Workers(executor, threads);
        Network network = new Network(config, parameters, IMAGES, workers, learns);
        float[] logits = network.forward(pixels, IMAGES);
        float[] dLogits = new float[logits.length];
        double loss = 0;
        for (int image = 0; image < IMAGES; image++) {
            int at = image * config.classes();
            loss += CrossEntropy.label(config.classes(), logits, at, image, 0.1, 1.0 / IMAGES, dLogits, at) / IMAGES;
        }
        float[] gradients = parameters.zeros();
        network.backward(dLogits, gradients);
        return new Pass(logits.clone(), loss, gradients);
    }

    /** Returns the loss in double precision. */
    double loss(Map<String, float[]> tensors) {
        DoubleVit.Shape shape = new DoubleVit.Shape(config.imageHeight(), config.imageWidth(), config.patch(),
                config.width(), config.heads(), config.pooling() == Pooling.AVERAGE, config.epsilon());
        double loss = 0;
        for (int image = 0; image < IMAGES; image++) {
            double[] z = DoubleVit.run(name -> name.equals("pos_embed") ? positions(tensors.get(name))
                    : tensors.get(name), shape, pixels, image * pixels.length / IMAGES).logits();
            double logSum = Math.log(Arrays.stream(z).map(Math::exp).sum());
            for (int c = 0; c < z.length; c++) {
                loss += (0.1 / z.length + (c == image ? 0.9 : 0)) * (logSum - z[c]) / IMAGES;
            }
        }
        return loss;
    }

    /** Positions with zeros where registers have none of their own. */
    private float[] positions(float[] stored) {
        int width = config.width();
        int first = stored.length - config.patches() * width;
        if (first == 0 || first == prefix * width) {
            return stored;
        }
        float[] all = new float[(prefix + config.patches()) * width];
        System.arraycopy(stored, 0, all, 0, first);
        System.arraycopy(stored, first, all, prefix * width, config.patches() * width);
        return all;
    }

    /** Returns copies of all tensors by name. */
    Map<String, float[]> tensors() {
        Parameters parameters = parameters();
        Map<String, float[]> tensors = new LinkedHashMap<>();
        for (Parameter parameter : parameters.all()) {
            tensors.put(parameter.name(),
                    Arrays.copyOfRange(parameters.values(), parameter.offset(), parameter.end()));
        }
        return tensors;
    }
}
