package leanvit.reducers;

import java.util.Arrays;
import java.util.Objects;
import leanvit.kernels.MergeRows;

/**
 * A reduction of N tokens to M as a sparse linear map: every input token goes to one output token with a weight, or is
 * dropped. {@code out[m] = sum over the inputs i that go to m of weight(i) * in[i]}, added in the order in which they
 * were given to this map, so that results are the same bits at every vector width. The arithmetic is that of the kernel
 * {@link MergeRows}.
 *
 * <p>Outputs are numbered in the order in which they come up. A map is used again from call to call ({@link #reset}),
 * and then allocates nothing. Writing to it is not thread-safe; any number of threads may read a finished one.
 *
 * <p>NaN and infinities pass through as arithmetic has it: they stay in the output that their token goes to. The only
 * input of an output, with weight 1, is copied bit for bit.
 */
public final class TokenMap {

    /** The target of an input that is dropped. */
    public static final int DROPPED = -1;
    private static final int UNDECIDED = -2;

    private int inputs;
    private int outputs;
    private int decided;
    private int[] target = {};
    private float[] weight = {};
    private int[] order = {};
    /** Per output: how many inputs go there, the first of them, and a place for {@link #weightBySize}'s sums. */
    private int[] contributors = {};
    private int[] first = {};
    private float[] merged = {};
    private boolean[] added = {};

    /** Forgets everything and expects {@code inputs} tokens. */
    public void reset(int inputs) {
        if (target.length < inputs) {
            int capacity = inputs + inputs / 4;
            target = new int[capacity];
            weight = new float[capacity];
            order = new int[capacity];
            contributors = new int[capacity];
            first = new int[capacity];
            merged = new float[capacity];
            added = new boolean[capacity];
        }
        Arrays.fill(target, 0, inputs, UNDECIDED);
        this.inputs = inputs;
        outputs = 0;
        decided = 0;
    }

    /** Makes this map the identity on {@code inputs} tokens. */
    public void identity(int inputs) {
        reset(inputs);
        keepRange(0, inputs);
    }

    /** Makes this map a copy of {@code other}, to keep it where the host goes on to use {@code other} again. */
    public void copyOf(TokenMap other) {
        reset(other.inputs);
        outputs = other.outputs;
        decided = other.decided;
        System.arraycopy(other.target, 0, target, 0, inputs);
        System.arraycopy(other.weight, 0, weight, 0, inputs);
        System.arraycopy(other.order, 0, order, 0, decided);
        System.arraycopy(other.contributors, 0, contributors, 0, outputs);
        System.arraycopy(other.first, 0, first, 0, outputs);
        System.arraycopy(other.added, 0, added, 0, outputs);
    }

    /** Gives {@code input} an output of its own, with weight 1, and returns that output's index. */
    public int keep(int input) {
        int output = add();
        added[output] = false;
        merge(input, output, 1f);
        return output;
    }

    /** Keeps the inputs {@code from} (included) to {@code to} (excluded), in this order. */
    public void keepRange(int from, int to) {
        for (int i = from; i < to; i++) {
            keep(i);
        }
    }

    /**
     * Adds an output without an input as yet, and returns its index. It is for a token that gathers what is left over;
     * where tokens merge into one that they resemble, {@link #keep} that one and merge the others into its output.
     */
    public int add() {
        if (outputs == inputs) {
            throw new IllegalStateException("a map of " + inputs + " tokens has no room for another output");
        }
        contributors[outputs] = 0;
        added[outputs] = true;
        return outputs++;
    }

    /** Sends {@code input} to the existing output {@code output}, times {@code weight}. */
    public void merge(int input, int output, float weight) {
        Objects.checkIndex(output, outputs);
        decide(input, output);
        this.weight[input] = weight;
        if (contributors[output]++ == 0) {
            first[output] = input;
        }
    }

    /** Drops {@code input}: it goes nowhere. */
    public void drop(int input) {
        decide(input, DROPPED);
        weight[input] = 0f;
    }

    private void decide(int input, int output) {
        Objects.checkIndex(input, inputs);
        if (target[input] != UNDECIDED) {
            throw new IllegalStateException("token " + input + " was decided before");
        }
        target[input] = output;
        order[decided++] = input;
    }

    /** Replaces the weight of {@code input}. */
    public void weight(int input, float weight) {
        Objects.checkIndex(input, inputs);
        this.weight[input] = weight;
    }

    /**
     * Weights every input by its share of its output's size, {@code size(i) / sum of the sizes that go there}, so that
     * {@link #apply} gives ToMe's size-weighted average.
     *
     * @param sizes  the inputs' sizes, greater than 0
     * @param offset index of the first size
     */
    public void weightBySize(float[] sizes, int offset) {
        Objects.checkFromIndexSize(offset, inputs, sizes.length);
        sumPerOutput(sizes, offset, merged, 0);
        for (int d = 0; d < decided; d++) {
            int input = order[d];
            int output = target[input];
            if (output >= 0) {
                weight[input] = contributors[output] == 1 ? 1f : sizes[offset + input] / merged[output];
            }
        }
    }

    /** Weights every input by 1 / (how many go to its output), so that {@link #apply} gives plain means. */
    public void weightEqually() {
        for (int d = 0; d < decided; d++) {
            int input = order[d];
            int output = target[input];
            if (output >= 0) {
                weight[input] = 1f / contributors[output];
            }
        }
    }

    /** Returns N. */
    public int inputs() {
        return inputs;
    }

    /** Returns M. */
    public int outputs() {
        return outputs;
    }

    /** Returns the output that {@code input} goes to, or {@link #DROPPED}. */
    public int target(int input) {
        Objects.checkIndex(input, inputs);
        return target[input];
    }

    /** Returns the weight with which {@code input} goes to its output; 0 where it is dropped. */
    public float weight(int input) {
        Objects.checkIndex(input, inputs);
        return weight[input];
    }

    /** Returns how many inputs go to {@code output}. */
    public int contributors(int output) {
        Objects.checkIndex(output, outputs);
        return contributors[output];
    }

    /** Returns whether {@code output} came from {@link #add}: whether it gathers tokens none of which was kept. */
    public boolean isAdded(int output) {
        Objects.checkIndex(output, outputs);
        return added[output];
    }

    /** Returns whether each input is kept under its own index. */
    public boolean isIdentity() {
        if (outputs != inputs) {
            return false;
        }
        for (int i = 0; i < inputs; i++) {
            if (target[i] != i || weight[i] != 1f) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks that every input was decided and every output has an input.
     *
     * @param reducer who made the map; its SPEC is only asked for where the check fails, so that a call allocates
     *                nothing
     * @throws IllegalStateException naming the first token that is not as it should be
     */
    public void checkComplete(TokenReducer reducer) {
        String problem = problem();
        if (problem != null) {
            throw new IllegalStateException(reducer.spec() + " " + problem);
        }
    }

    /** {@link #checkComplete(TokenReducer)} for a map that {@code maker} made. */
    public void checkComplete(String maker) {
        String problem = problem();
        if (problem != null) {
            throw new IllegalStateException(maker + " " + problem);
        }
    }

    private String problem() {
        if (decided != inputs) {
            int missing = 0;
            while (target[missing] != UNDECIDED) {
                missing++;
            }
            return "left token " + missing + " of " + inputs + " undecided: keep, merge or drop it";
        }
        for (int output = 0; output < outputs; output++) {
            if (contributors[output] == 0) {
                return "added output " + output + " but sent no token there";
            }
        }
        return null;
    }

    /**
     * Applies this map to token rows: {@code out[m] = sum of weight(i) * x[i]}, in the order of this map: the first as
     * a product, each further one by a fused multiply-add. All that the map dropped is left out.
     *
     * @param x         rows [N, width], contiguous from {@code offset}
     * @param out       rows [M, width], contiguous from {@code outOffset}; must not overlap the input rows
     * @throws IndexOutOfBoundsException where the rows do not fit their array
     * @throws IllegalArgumentException  where the rows overlap
     */
    public void apply(float[] x, int offset, int width, float[] out, int outOffset) {
        checkRows(x, offset, inputs, out, outOffset, outputs, width);
        MergeRows.apply(x, offset, width, order, decided, target, first, weight, width, out, outOffset, width);
    }

    /**
     * The largest value a channel has among the inputs of each output, {@code out[m][c] = max of x[i][c]}; weights are
     * not looked at. NaN where an input is NaN; 0.0 is above -0.0. Rows as in {@link #apply}.
     */
    public void applyMax(float[] x, int offset, int width, float[] out, int outOffset) {
        checkRows(x, offset, inputs, out, outOffset, outputs, width);
        MergeRows.max(x, offset, width, order, decided, target, first, width, out, outOffset, width);
    }

    /**
     * Adds up sizes: the size of an output is the sum of its inputs' sizes, in the order of this map.
     *
     * @param sizes N sizes from {@code offset}
     * @param out   M sizes from {@code outOffset}; must not overlap the input sizes
     */
    public void applySizes(float[] sizes, int offset, float[] out, int outOffset) {
        checkRows(sizes, offset, inputs, out, outOffset, outputs, 1);
        sumPerOutput(sizes, offset, out, outOffset);
    }

    /**
     * The transpose of {@link #apply}, which carries a gradient backwards:
     * {@code dIn[i] = weight(i) * dOut[target(i)]}, and 0 for a dropped input.
     *
     * @param dOut rows [M, width], contiguous from {@code offset}
     * @param dIn  rows [N, width], contiguous from {@code inOffset}; must not overlap the output rows
     */
    public void applyTransposed(float[] dOut, int offset, int width, float[] dIn, int inOffset) {
        checkRows(dOut, offset, outputs, dIn, inOffset, inputs, width);
        MergeRows.transposed(dOut, offset, width, target, weight, inputs, width, dIn, inOffset, width);
    }

    /**
     * The gradient of this map's weights: {@code dWeight[i] = dOut[target(i)] . x[i]}, and 0 for a dropped input.
     *
     * @param dOut         rows [M, width], contiguous from {@code offset}
     * @param x            the rows that were applied, [N, width], contiguous from {@code inOffset}
     * @param dWeight      receives N gradients from {@code weightOffset}; must not overlap the rows
     */
    public void weightGradients(float[] dOut, int offset, int width, float[] x, int inOffset, float[] dWeight,
            int weightOffset) {
        MergeRows.weightGradients(dOut, offset, width, target, inputs, width, x, inOffset, width, dWeight,
                weightOffset);
    }

    /**
     * Undoes the shortening for dense tasks: every input gets a copy of its output's row, a dropped input zeros.
     * (ToMe's unmerge, at the original positions also where prefix tokens moved.)
     *
     * @param y   rows [M, width], contiguous from {@code offset}
     * @param out rows [N, width], contiguous from {@code outOffset}; must not overlap the input rows
     */
    public void unmerge(float[] y, int offset, int width, float[] out, int outOffset) {
        checkRows(y, offset, outputs, out, outOffset, inputs, width);
        MergeRows.transposed(y, offset, width, target, null, inputs, width, out, outOffset, width);
    }

    /**
     * Follows tokens through this map, in place: {@code assignment[p]}, the index of the token that original token p is
     * in, becomes the index of the token that it is in afterwards, or {@link #DROPPED}. Begin with
     * {@code assignment[p] = p} and call this after every block.
     */
    public void trace(int[] assignment, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, assignment.length);
        for (int p = offset; p < offset + length; p++) {
            if (assignment[p] != DROPPED) {
                assignment[p] = target(assignment[p]);
            }
        }
    }

    /** {@link #trace(int[], int, int)} for assignments that are written to a file of 64-bit integers. */
    public void trace(long[] assignment, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, assignment.length);
        for (int p = offset; p < offset + length; p++) {
            if (assignment[p] != DROPPED) {
                assignment[p] = target(Math.toIntExact(assignment[p]));
            }
        }
    }

    private void sumPerOutput(float[] values, int offset, float[] out, int outOffset) {
        Arrays.fill(out, outOffset, outOffset + outputs, 0f);
        for (int d = 0; d < decided; d++) {
            int input = order[d];
            if (target[input] >= 0) {
                out[outOffset + target[input]] += values[offset + input];
            }
        }
    }

    private static void checkRows(
            float[] from, int fromOffset, int fromRows, float[] to, int toOffset, int toRows, int width) {
        if (width < 0) {
            throw new IllegalArgumentException("width " + width + " must be at least 0");
        }
        int fromLength = Math.multiplyExact(fromRows, width);
        int toLength = Math.multiplyExact(toRows, width);
        Objects.checkFromIndexSize(fromOffset, fromLength, from.length);
        Objects.checkFromIndexSize(toOffset, toLength, to.length);
        boolean apart = fromOffset + fromLength <= toOffset || toOffset + toLength <= fromOffset;
        if (from == to && !apart) {
            throw new IllegalArgumentException("rows " + fromOffset + " to " + (fromOffset + fromLength)
                    + " overlap the result's, " + toOffset + " to " + (toOffset + toLength));
        }
    }
}
