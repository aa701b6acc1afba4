package leanvit.vit.weights;

/**
 * The shape of a Vision Transformer, and its {@link Parts}. Everything else (LayerScale, register tokens, a norm before
 * the blocks, qk-norm, a missing qkv bias) shows in the checkpoint's tensors and is read from there.
 *
 * @param architecture the hub's name of the model, such as {@code deit_tiny_patch16_224}
 * @param imageHeight  pixels
 * @param imageWidth   pixels
 * @param patch        side of a square patch, pixels; pixels beyond the last whole patch count for nothing
 * @param width        channels of a token, C
 * @param depth        blocks, L
 * @param heads        attention heads, H; divides the width
 * @param mlpHidden    channels inside the MLP, those that its last layer reads
 * @param classes      outputs of the classifier; 0 for a model without one
 * @param pooling      what the classifier reads
 * @param distilled    whether a distillation token and a second classifier follow the class token's (DeiT)
 * @param epsilon      LayerNorm's epsilon
 * @param parts        the parts of its formula that no tensor shows
 */
public record VitConfig(String architecture, int imageHeight, int imageWidth, int patch, int width, int depth,
        int heads, int mlpHidden, int classes, Pooling pooling, boolean distilled, float epsilon, Parts parts) {

    /** What the classifier reads. */
    public enum Pooling {
        /** The class token's row. */
        TOKEN,
        /** The mean of the patch tokens. */
        AVERAGE,
        /** The class token's row and the mean of the patch tokens, side by side; the features are the first alone. */
        TOKEN_AND_AVERAGE,
        /** A learned query's attention to the patch tokens, and an MLP (SigLIP's "MAP" head; Zhai et al. 2022). */
        ATTENTION;

        /** Returns whether it reads the class token's row. */
        public boolean readsClassToken() {
            return this == TOKEN || this == TOKEN_AND_AVERAGE;
        }
    }

    /** A model of {@link Parts#PLAIN} parts. */
    public VitConfig(String architecture, int imageHeight, int imageWidth, int patch, int width, int depth, int heads,
                     int mlpHidden, int classes, Pooling pooling, boolean distilled, float epsilon) {
        this(architecture, imageHeight, imageWidth, patch, width, depth, heads, mlpHidden, classes, pooling, distilled,
                epsilon, Parts.PLAIN);
    }

    /** Returns the patches of one image. */
    public int patches() {
        return (imageHeight / patch) * (imageWidth / patch);
    }

    /** Returns the width of one head, C / H. */
    public int headDim() {
        return width / heads;
    }

    /** Returns this shape for another image size, in pixels. */
    public VitConfig withImageSize(int height, int width) {
        return new VitConfig(architecture, height, width, patch, this.width, depth, heads, mlpHidden, classes, pooling,
                distilled, epsilon, parts);
    }

    /** Returns this shape for another number of classes. */
    public VitConfig withClasses(int classes) {
        return new VitConfig(architecture, imageHeight, imageWidth, patch, width, depth, heads, mlpHidden, classes,
                pooling, distilled, epsilon, parts);
    }

    /** Returns the rows of the patch grid. */
    public int gridRows() {
        return imageHeight / patch;
    }

    /** Returns the columns of the patch grid. */
    public int gridColumns() {
        return imageWidth / patch;
    }

    /** Returns the attention heads of the learned query that pools. */
    public int poolHeads() {
        return parts.pool() == null ? heads : parts.pool().heads();
    }

    /** Returns the channels inside the MLP behind the learned query's attention. */
    public int poolHidden() {
        return parts.pool() == null ? mlpHidden : (int) (width * parts.pool().mlpRatio());
    }

    /** Returns the rows of the matrix that an MLP's first layer is: two of each where it is gated. */
    public int mlpRows() {
        return parts.gated() ? 2 * mlpHidden : mlpHidden;
    }
}
