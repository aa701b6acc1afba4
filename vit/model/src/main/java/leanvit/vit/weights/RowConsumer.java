package leanvit.vit.weights;

/** Takes a tensor's rows as they are read; see {@link TensorSource#rows}. */
@FunctionalInterface
public interface RowConsumer {

    /**
     * Takes some rows. Calls follow one another without a gap, the first begins with row 0.
     *
     * @param first  the number of the first of these rows
     * @param count  how many these are, 1 or more
     * @param values [count, the tensor's other sides] row-major, from index 0 on; whoever takes them may change them,
     *               but not keep the array, which is used again
     */
    void rows(int first, int count, float[] values);
}
