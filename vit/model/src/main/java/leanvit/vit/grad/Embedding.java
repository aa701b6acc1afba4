package leanvit.vit.grad;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;

/**
 * Pixels to tokens: patches through a linear layer, after the prefix tokens (class, distillation, registers), position
 * embedding added; then a norm, where the model has one there.
 *
 * <pre>
 *   pixels [B, 3, height, width] -> patches [n, 3p²] an image -> e [B, N, C] -> x = e, or norm(e) [B, N, C]
 *   dx [B, N, C] -> de -> dW = de(patches)ᵀ·patches; dposition, dprefix = sums of de over images
 * </pre>
 *
 * Kept: the pixels, which are the caller's, and e where there is a norm.
 */
public final class Embedding {

    private static final List<String> PREFIX_NAMES = List.of("cls_token", "dist_token", "reg_token");

    private final Steps steps;
    private final VitConfig config;
    private final Parameters parameters;
    private final Linear patchEmbed;
    private final LearntNorm norm;
    private final Parameter positions;
    private final boolean learns;
    private final int width;
    private final int prefix;
    /** The first prefix tokens, which have a row of the position embedding: all, all but the registers, or none. */
    private final int positioned;
    private final int tokens;
    private final float[] embedded;
    private final float[] statistics;
    private float[] pixels;
    private int images;

    Embedding(Steps steps, VitConfig config, Parameters parameters, int images, Predicate<Parameter> learns) {
        this.steps = steps;
        this.config = config;
        this.parameters = parameters;
        patchEmbed = new Linear(steps, parameters, "patch_embed.proj", null, learns);
        norm = parameters.has("norm_pre.weight")
                ? new LearntNorm(steps, parameters, "norm_pre", config.epsilon(), learns) : null;
        positions = parameters.get("pos_embed");
        width = config.width();
        prefix = prefix(parameters);
        positioned = positions.shape()[1] - config.patches();
        tokens = prefix + config.patches();
        this.learns = patchEmbed.learns() || norm != null && norm.learns() || learns.test(positions)
                || PREFIX_NAMES.stream().anyMatch(name -> parameters.has(name) && learns.test(parameters.get(name)));
        embedded = new float[norm == null ? 0 : images * tokens * width];
        statistics = new float[norm == null ? 0 : 2 * images * tokens];
    }

    /** Returns the number of prefix tokens. */
    static int prefix(Parameters parameters) {
        return PREFIX_NAMES.stream().filter(parameters::has).mapToInt(name -> parameters.get(name).shape()[1]).sum();
    }

    /** Returns the bytes that are kept of so many images. */
    static long bytes(VitConfig config, Parameters parameters, long images) {
        long rows = images * (prefix(parameters) + config.patches());
        return parameters.has("norm_pre.weight") ? Float.BYTES * rows * (config.width() + 2) : 0;
    }

    boolean learns() {
        return learns;
    }

    void pack() {
        patchEmbed.pack();
        if (norm != null) {
            norm.pack();
        }
    }

    /**
     * Runs forward.
     *
     * @param images B
     * @param pixels [B, 3, height, width], normalised; must stay as they are until {@link #backward}
     * @param x      receives [B, N, C] from {@code xo}
     */
    public void forward(int images, float[] pixels, float[] x, int xo) {
        this.pixels = pixels;
        this.images = images;
        float[] e = norm == null ? x : embedded;
        int eo = norm == null ? xo : 0;
        int count = config.patches();
        float[] patches = steps.scratch(0, count * patchEmbed.in());
        float[] values = parameters.values();
        int position = positions.offset() + positioned * width;
        for (int image = 0; image < images; image++) {
            int row = eo + image * tokens * width;
            prefixRows(values, e, row);
            int first = row + prefix * width;
            System.arraycopy(values, position, e, first, count * width);
            cut(image, patches);
            patchEmbed.forward(count, patches, 0, Epilogue.RESIDUAL, e, first);
        }
        if (norm != null) {
            norm.forward(images * tokens, e, 0, x, xo, statistics, 0);
        }
    }

    /** Writes the prefix tokens, with their positions where they have some. */
    private void prefixRows(float[] values, float[] e, int row) {
        int to = row;
        for (String name : PREFIX_NAMES) {
            if (parameters.has(name)) {
                Parameter token = parameters.get(name);
                System.arraycopy(values, token.offset(), e, to, token.length());
                to += token.length();
            }
        }
        for (int i = 0; i < positioned * width; i++) {
            e[row + i] += values[positions.offset() + i];
        }
    }

    /** Copies an image's patches into rows [n, 3p²]. */
    private void cut(int image, float[] patches) {
        int patch = config.patch();
        int columns = config.imageWidth() / patch;
        int length = patchEmbed.in();
        steps.workers().run(config.imageHeight() / patch, (worker, gridRow) -> {
            for (int line = 0; line < 3 * patch; line++) {
                int channel = line / patch;
                int from = ((image * 3 + channel) * config.imageHeight() + gridRow * patch + line % patch)
                        * config.imageWidth();
                int to = gridRow * columns * length + line * patch;
                for (int column = 0; column < columns; column++) {
                    System.arraycopy(pixels, from + column * patch, patches, to + column * length, patch);
                }
            }
        });
    }

    /**
     * Adds the gradients of all parameters here.
     *
     * @param d         the gradient of x, [B, N, C] from {@code offset}
     * @param gradients an array of the parameters' layout
     */
    public void backward(float[] d, int offset, float[] gradients) {
        float[] de = d;
        int at = offset;
        if (norm != null) {
            de = steps.scratch(1, images * tokens * width);
            at = 0;
            Arrays.fill(de, 0, images * tokens * width, 0f);
            norm.backward(images * tokens, embedded, 0, statistics, 0, d, offset, de, 0, gradients);
        }
        int count = config.patches();
        float[] patches = steps.scratch(0, count * patchEmbed.in());
        for (int image = 0; image < images; image++) {
            int row = at + image * tokens * width;
            add(de, row, positioned * width, gradients, positions.offset());
            add(de, row + prefix * width, count * width, gradients, positions.offset() + positioned * width);
            int from = row;
            for (String name : PREFIX_NAMES) {
                if (parameters.has(name)) {
                    Parameter token = parameters.get(name);
                    add(de, from, token.length(), gradients, token.offset());
                    from += token.length();
                }
            }
            if (patchEmbed.learns()) {
                cut(image, patches);
                patchEmbed.parameters(count, patches, 0, de, row + prefix * width, gradients);
            }
        }
    }

    private static void add(float[] x, int offset, int count, float[] sums, int to) {
        for (int i = 0; i < count; i++) {
            sums[to + i] += x[offset + i];
        }
    }
}
