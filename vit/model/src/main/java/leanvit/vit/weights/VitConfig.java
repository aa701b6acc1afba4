package leanvit.vit.weights;

/**
 * The shape of a Vision Transformer. Everything else (LayerScale, register tokens, a norm before the blocks, qk-norm, a
 * missing qkv bias) shows in the checkpoint's tensors and is read from there.
 *
 * @param architecture the hub's name of the model, such as {@code deit_tiny_patch16_224}
 * @param imageHeight  pixels
 * @param imageWidth   pixels
 * @param patch        side of a square patch, pixels; divides both image sides
 * @param width        channels of a token, C
 * @param depth        blocks, L
 * @param heads        attention heads, H; divides the width
 * @param mlpHidden    channels inside the MLP
 * @param classes      outputs of the classifier; 0 for a model without one
 * @param pooling      what the classifier reads
 * @param distilled    whether a distillation token and a second classifier follow the class token's (DeiT)
 * @param epsilon      LayerNorm's epsilon
 */
public record VitConfig(String architecture, int imageHeight, int imageWidth, int patch, int width, int depth,
        int heads,
                        int mlpHidden, int classes, Pooling pooling, boolean distilled, float epsilon) {

    /** What the classifier reads. */
    public enum Pooling {
        /** The class token's row. */
        TOKEN,
        /** The mean of the patch tokens. */
        AVERAGE
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
                distilled, epsilon);
    }
}
