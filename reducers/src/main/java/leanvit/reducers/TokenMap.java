package leanvit.reducers;

import java.util.Arrays;

/**
 * A reduction of N tokens to M as a sparse linear map: every input token goes to one output token with a weight, or is
 * dropped. {@code out[m] = sum over the inputs i that go to m of weight(i) * in[i]}, added in the order in which they were
 * given to this map, so that results are the same bits at every vector width.
 *
 * <p>Outputs are numbered in the order in which they come up. A map is used again from call to call ({@link #reset});
 * it is not thread-safe.
 */
public final class TokenMap {

    private static final int UNDECIDED = -2;
    /** The target of an input that is dropped. */
    public static final int DROPPED = -1;

    private int inputs;
    private int outputs;
    private int decided;
    private int[] target = {};
    private float[] weight = {};
    private int[] order = {};

    /** Forgets everything and expects {@code inputs} tokens. */
    public void reset(int inputs) {
        if (target.length < inputs) {
            target = new int[inputs];
            weight = new float[inputs];
            order = new int[inputs];
        }
        Arrays.fill(target, 0, inputs, UNDECIDED);
        this.inputs = inputs;
        outputs = 0;
        decided = 0;
    }

    /** Makes this map the identity on {@code inputs} tokens. */
    public void identity(int inputs) {
        reset(inputs);
        for (int i = 0; i < inputs; i++) {
            keep(i);
        }
    }

    /** Gives {@code input} an output of its own, with weight 1, and returns that output's index. */
    public int keep(int input) {
        int output = outputs++;
        merge(input, output, 1f);
        return output;
    }

    /** Adds an output that as yet has no input, and returns its index. */
    public int add() {
        return outputs++;
    }

    /** Sends {@code input} to the existing output {@code output}, times {@code weight}. */
    public void merge(int input, int output, float weight) {
        if (output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException("output " + output + " of " + outputs);
        }
        decide(input, output);
        this.weight[input] = weight;
    }

    /** Drops {@code input}: it goes nowhere. */
    public void drop(int input) {
        decide(input, DROPPED);
        weight[input] = 0f;
    }

    private void decide(int input, int output) {
        if (input < 0 || input >= inputs) {
            throw new IndexOutOfBoundsException("input " + input + " of " + inputs);
        }
        if (target[input] != UNDECIDED) {
            throw new IllegalStateException("input " + input + " was decided before");
        }
        target[input] = output;
        order[decided++] = input;
    }

    /** Replaces the weight of {@code input}. */
    public void weight(int input, float weight) {
        this.weight[input] = weight;
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
        return target[input];
    }

    /** Returns the weight with which {@code input} goes to its output. */
    public float weight(int input) {
        return weight[input];
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

    /** Checks that every input was decided. */
    public void checkComplete(String reducer) {
        if (decided != inputs) {
            int missing = 0;
            while (target[missing] != UNDECIDED) {
                missing++;
            }
            throw new IllegalStateException(
                    reducer + " left token " + missing + " of " + inputs + " undecided: keep, merge or drop it");
        }
    }
}
