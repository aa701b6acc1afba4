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
}
