package leanvit.vit.weights;

import java.util.Objects;

/**
 * Where a tensor that is learnt lies among the {@link Parameters} that it belongs to: elements {@code offset} to
 * {@code offset + length() - 1} of their values, row-major; and of every array of the same layout, such as gradients.
 *
 * @param name   timm's name, such as {@code blocks.0.attn.qkv.weight}
 * @param offset the first element's index
 * @param length how many elements
 * @param shape  the sides, outermost first
 */
public record Parameter(String name, int offset, int length, int[] shape) {

    /** Copies the shape. */
    public Parameter {
        Objects.requireNonNull(name, "name");
        shape = shape.clone();
    }

    /** Returns a copy of the shape. */
    @Override
    public int[] shape() {
        return shape.clone();
    }

    /** Returns the index after the last element. */
    public int end() {
        return offset + length;
    }

    /**
     * Returns whether weight decay is meant for it, as timm says: not for biases, norms and other vectors, nor for
     * tokens and the position embedding, which are no operands of a product.
     */
    public boolean decays() {
        return shape.length > 1 && !name.endsWith("_token") && !name.equals("pos_embed");
    }
}
