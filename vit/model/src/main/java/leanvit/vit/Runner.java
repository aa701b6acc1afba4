package leanvit.vit;

import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.image.Preprocessor;

/** The scratch of one call: a model's input and what the model works in. One call at a time. */
final class Runner {

    /** Every call's: nobody gives it up. */
    static final BooleanSupplier WANTED = () -> false;

    final Inference inference;
    private final int inputLength;
    private float[] pixels = {};
    private long deadline;
    private BooleanSupplier abandoned = WANTED;

    Runner(VisionTransformer model, Preprocessor preprocessor, TokenReducer reducer, Executor executor, int threads) {
        Inference plain = model.inference();
        Inference reducing = reducer instanceof None ? plain : plain.with(reducer);
        inference = executor == null ? reducing : reducing.with(executor, threads);
        inference.beforeEachBlock(this::check);
        inputLength = preprocessor.inputLength();
    }

    /** Says until when the next call may run. */
    void until(long deadline, BooleanSupplier abandoned) {
        this.deadline = deadline;
        this.abandoned = abandoned;
    }

    /** Returns room for the inputs of a batch; what it held before may be lost. */
    float[] pixels(int batch) {
        long length = (long) batch * inputLength;
        if (pixels.length < length) {
            pixels = new float[Math.toIntExact(length)];
        }
        return pixels;
    }

    /**
     * Ends a call whose time is up.
     *
     * @throws RefusedException if so
     */
    void check() {
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted();
        }
        if (deadline - System.nanoTime() <= 0) {
            throw late();
        }
        if (abandoned.getAsBoolean()) {
            throw new RefusedException(RefusedException.Reason.CANCELLED, "nobody waits for this answer any more");
        }
    }

    static RefusedException interrupted() {
        return new RefusedException(RefusedException.Reason.INTERRUPTED, "the thread was interrupted");
    }

    static RefusedException late() {
        return new RefusedException(RefusedException.Reason.DEADLINE, "the time for this call is up");
    }
}
