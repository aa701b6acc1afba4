package leanvit.vit.train;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import leanvit.vit.weights.Parameter;

/**
 * A part of the values, learnt at a rate of its own: elements {@code offset} to {@code offset + length - 1}. What lies
 * in no slice stays as it is.
 *
 * @param offset      the first element's index
 * @param length      how many elements, at least 1
 * @param rate        what the step's learning rate is multiplied by, 0 or more
 * @param weightDecay 0 or more; 0 for none, as is usual for biases, norms, tokens and position embeddings
 */
public record ParameterSlice(int offset, int length, double rate, double weightDecay) {

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public ParameterSlice {
        if (offset < 0 || length < 1 || offset > Integer.MAX_VALUE - length) {
            throw new IllegalArgumentException("slice of " + length + " values from " + offset + " on");
        }
        if (!(rate >= 0) || rate == Double.POSITIVE_INFINITY || !(weightDecay >= 0)
                || weightDecay == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("rate " + rate + " and weight decay " + weightDecay
                    + ", expected numbers of 0 or more");
        }
    }

    /**
     * Returns slices of parameters that are all learnt at one rate; those that lie side by side and decay alike are
     * one.
     *
     * @param parameters  in the order in which they lie
     * @param rate        what the step's learning rate is multiplied by
     * @param weightDecay of those that are meant to decay ({@link Parameter#decays}); the others have none
     */
    public static List<ParameterSlice> of(Collection<Parameter> parameters, double rate, double weightDecay) {
        List<ParameterSlice> slices = new ArrayList<>();
        for (Parameter parameter : parameters) {
            double decay = parameter.decays() ? weightDecay : 0;
            ParameterSlice last = slices.isEmpty() ? null : slices.get(slices.size() - 1);
            if (last != null && last.end() == parameter.offset() && last.weightDecay == decay) {
                slices.set(slices.size() - 1,
                        new ParameterSlice(last.offset, last.length + parameter.length(), rate, decay));
            } else if (parameter.length() > 0) {
                slices.add(new ParameterSlice(parameter.offset(), parameter.length(), rate, decay));
            }
        }
        return slices;
    }

    /** Returns the index after the last element. */
    public int end() {
        return offset + length;
    }
}
