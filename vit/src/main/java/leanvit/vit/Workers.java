package leanvit.vit;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs the pieces of a step on the caller's thread and, where it lent an executor, on that executor's threads too. A pass
 * has some eighty short steps, so helpers stay for the whole pass ({@link #open} to {@link #close}) and wait between steps
 * without sleeping. A helper that the executor starts late, or never, is not missed: pieces go to whoever asks next.
 */
final class Workers {

    /** One step's work. Pieces may run in any order and at the same time; they write disjoint memory. */
    interface Step {
        /**
         * Does one piece.
         *
         * @param worker whose scratch to use, 0 to threads - 1
         * @param piece  0 to pieces - 1
         */
        void run(int worker, int piece);
    }

    private static final long CLOSED = 0xFFFF_FFFFL;
    private static final int SPINS_BEFORE_YIELD = 2000;

    private final Executor executor;
    private final int threads;
    /** The step's number above, its next piece below; {@link #CLOSED} below while a step is being set up. */
    private final AtomicLong ticket = new AtomicLong(CLOSED);
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicInteger helpers = new AtomicInteger();
    /** Worker numbers given out in this pass; the caller's thread is worker 0. */
    private final AtomicInteger numbers = new AtomicInteger();
    private volatile boolean open;
    /** The thread whose pass it is. An executor may hand a helper's work back to it, which must not wait for itself. */
    private Thread caller;
    private volatile Throwable failure;
    private Step step;
    private int pieces;
    private final Runnable helperLoop = this::help;

    /** Uses the caller's thread alone. */
    Workers() {
        this(null, 1);
    }

    /** Uses the caller's thread and up to {@code threads - 1} of the executor's. */
    Workers(Executor executor, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", expected 1 or more");
        }
        this.executor = threads == 1 ? null : Objects.requireNonNull(executor, "executor");
        this.threads = threads;
    }

    /** Returns another of the same kind, for a runner that another thread may use at the same time. */
    Workers another() {
        return new Workers(executor, threads);
    }

    int threads() {
        return threads;
    }

    /** Calls the helpers in. */
    void open() {
        if (executor == null) {
            return;
        }
        while (helpers.get() > 0) {
            // A helper of the pass before has yet to see that it ended.
            Thread.onSpinWait();
        }
        failure = null;
        numbers.set(1);
        caller = Thread.currentThread();
        open = true;
        try {
            for (int i = 1; i < threads; i++) {
                executor.execute(helperLoop);
            }
        } catch (RejectedExecutionException e) {
            // The caller's thread then does the work of those that did not come.
            return;
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Lets the helpers go. */
    void close() {
        open = false;
    }

    /** Runs all pieces and returns when they are done. */
    void run(int pieces, Step step) {
        if (executor == null || pieces <= 1) {
            for (int piece = 0; piece < pieces; piece++) {
                step.run(0, piece);
            }
            return;
        }
        long number = (ticket.get() >>> 32) + 1;
        this.step = step;
        this.pieces = pieces;
        finished.set(0);
        ticket.set(number << 32);
        work(0);
        for (int spins = 0; finished.get() < pieces; spins++) {
            pause(spins);
        }
        ticket.set(number << 32 | CLOSED);
        if (failure != null) {
            throw rethrown(failure);
        }
    }

    /** A helper's whole pass. One that an executor held back may begin in a later pass: so numbers are taken on arrival. */
    private void help() {
        helpers.incrementAndGet();
        try {
            int worker = open && Thread.currentThread() != caller ? numbers.getAndIncrement() : threads;
            if (worker >= threads) {
                return;
            }
            for (int spins = 0; open; spins++) {
                spins = work(worker) ? 0 : spins;
                pause(spins);
            }
        } finally {
            helpers.decrementAndGet();
        }
    }

    /** Takes pieces until there are none; returns whether it took one. */
    private boolean work(int worker) {
        boolean worked = false;
        while (true) {
            long now = ticket.get();
            long piece = now & CLOSED;
            // Read after the ticket and before it is taken: a ticket unchanged in between belongs to this step.
            Step current = step;
            if (piece == CLOSED || piece >= pieces) {
                return worked;
            }
            if (ticket.compareAndSet(now, now + 1)) {
                worked = true;
                try {
                    current.run(worker, (int) piece);
                } catch (Throwable e) {
                    failure = e;
                } finally {
                    finished.incrementAndGet();
                }
            }
        }
    }

    private static void pause(int spins) {
        if (spins < SPINS_BEFORE_YIELD) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }
}
