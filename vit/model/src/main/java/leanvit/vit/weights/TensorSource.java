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
     * Returns the position embedding for images of {@code wanted}'s size, resampled once from what is stored:
     * [rows of prefix tokens + patches of {@code wanted}, C]. This form takes what {@link #tensor} gives for
     * {@code trained}.
     *
     * @param trained   the shape that the weights have
     * @param wanted    the same for another image size
     * @param prefix    prefix tokens of the model
     * @param registers how many of these are registers
     */
    default float[] positions(VitConfig trained, VitConfig wanted, int prefix, int registers) throws IOException {
        int stored = shape("pos_embed")[1];
        StoredPositions grid = StoredPositions.of(trained, prefix, registers, stored);
        if (grid == null) {
            throw new IOException("pos_embed has " + stored + " rows, expected " + trained.patches()
                    + " for the patches and " + prefix + " for the prefix tokens");
        }
        return grid.fit(tensor("pos_embed", 1, stored, trained.width()), wanted);
    }

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
