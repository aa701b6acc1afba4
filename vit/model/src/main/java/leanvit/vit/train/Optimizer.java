package leanvit.vit.train;

import java.util.List;
import leanvit.vit.pass.Workers;

/**
 * Changes values by their gradients: {@link AdamW}, {@link Sgd}. Values and gradients are arrays of one layout; each
 * element's step depends on nothing but its own history, so that slices may be done in any order by any threads, and
 * the bits are the same. Not safe for use by several threads at once, but for {@link #update} between two
 * {@link #begin}s.
 */
public abstract class Optimizer implements TrainingState {

    /** Elements of a thread's piece: a few of them, with what is kept beside, fill a second-level cache. */
    private static final int PIECE = 1 << 16;

    private final int length;
    private final List<ParameterSlice> slices;
    private long steps;
    private double rate;

    Optimizer(int length, List<ParameterSlice> slices) {
        int end = 0;
        for (ParameterSlice slice : slices) {
            if (slice.offset() < end || slice.end() > length) {
                throw new IllegalArgumentException("slice " + slice.offset() + " to " + slice.end() + " of " + length
                        + " values, expected slices in order that do not overlap");
            }
            end = slice.end();
        }
        this.length = length;
        this.slices = List.copyOf(slices);
    }

    /**
     * Does a whole step on the caller's thread.
     *
     * @param values    changed in place
     * @param gradients of the loss by the values; NaN and infinities go through to the values
     * @param rate      the learning rate, 0 or more
     */
    public final void step(float[] values, float[] gradients, double rate) {
        begin(rate);
        update(values, gradients, 0, length);
    }

    /** Does a whole step on the threads of a training pass. */
    final void step(float[] values, float[] gradients, double rate, Workers workers) {
        begin(rate);
        workers.open();
        try {
            workers.run((length + PIECE - 1) / PIECE, (worker, piece) -> update(values, gradients, piece * PIECE,
                    Math.min(length, piece * PIECE + PIECE)));
        } finally {
            workers.close();
        }
    }

    /** Begins a step, of which {@link #update} then does the parts. */
    public final void begin(double rate) {
        if (!(rate >= 0) || rate == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("learning rate " + rate + ", expected a number of 0 or more");
        }
        this.rate = rate;
        steps++;
        prepare();
    }

    /**
     * Does a part of the step that {@link #begin} began: elements {@code from} to {@code to - 1}. Parts that do not
     * overlap may be done by several threads at once; together they are to cover all elements once.
     */
    public final void update(float[] values, float[] gradients, int from, int to) {
        if (values.length != length || gradients.length != length) {
            throw new IllegalArgumentException("values " + values.length + ", gradients " + gradients.length
                    + ", expected " + length);
        }
        for (ParameterSlice slice : slices) {
            int first = Math.max(from, slice.offset());
            int end = Math.min(to, slice.end());
            if (first < end) {
                update(values, gradients, first, end, rate * slice.rate(), slice.weightDecay());
            }
        }
    }

    /** Returns how many steps were begun. */
    public final long steps() {
        return steps;
    }

    final void setSteps(long steps) {
        this.steps = steps;
    }

    /** Works out what all elements of a step share. */
    abstract void prepare();

    /** Does a range that lies within one slice. */
    abstract void update(float[] values, float[] gradients, int from, int to, double rate, double weightDecay);
}
