package leanvit.vit.weights;

import java.io.IOException;

/** Where a model's weights come from, under timm's names: a {@link Checkpoint}, or {@link RandomWeights}. */
public interface TensorSource {

    /** Returns whether there is a tensor of that name. */
    boolean has(String name);

    /** Returns a tensor's shape, outermost side first; an {@link IOException} says where there is no such tensor. */
    int[] shape(String name) throws IOException;

    /** Returns a tensor's elements, row-major; an {@link IOException} says where its shape is not the expected one. */
    float[] tensor(String name, int... expected) throws IOException;

    /**
     * Hands out a tensor's rows, the slices along its outermost side, some at a time: a model's large weights are never
     * twice in memory. This form reads the whole tensor at once; a source that can do with less overrides it.
     *
     * @param expected the shape, of one side or more; an {@link IOException} says where the tensor has another
     */
    default void rows(String name, RowConsumer consumer, int... expected) throws IOException {
        float[] values = tensor(name, expected);
        if (values.length > 0) {
            consumer.rows(0, expected[0], values);
        }
    }
}
