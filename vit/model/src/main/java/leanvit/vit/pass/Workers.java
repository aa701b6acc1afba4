package leanvit.vit.pass;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * Runs the pieces of a step on the caller's thread and, where it lent an executor, on that executor's threads too. A
 * pass has some eighty short steps, so helpers stay for the whole pass ({@link #open} to {@link #close}). Each thread
 * begins with a share of neighbouring pieces (threads that write the same cache lines at the same time slow each other
 * down) and then takes what is left of the others': a helper that comes late, or never, is not missed, and none that
 * has left holds anything up.
 *
 * <p>Between steps a helper spins for some microseconds, then yields its processor each time it finds nothing, and
 * sleeps after a millisecond. So does the caller while it waits for a helper's last piece. No more helpers are called
 * than there are processors. But the count of processors does not tell whether they are free: a helper that the
 * operating system interrupts in the middle of a piece makes the caller wait. So the waiting is measured. Where it
 * takes a tenth of the pass, the rest of that pass and some passes after it run on the caller's thread alone.
 *
 * <p>One thread at a time opens, runs and closes.
 */
public final class Workers {

    /** One step's work. Pieces may run in any order and at the same time; they write disjoint memory. */
    public interface Step {
        /**
         * Does one piece.
         *
         * @param worker whose scratch to use, 0 to threads - 1
         * @param piece  0 to pieces - 1
         */
        void run(int worker, int piece);
    }

    /** Bits of a piece's number in a ticket. */
    private static final int PIECE_BITS = 20;
    private static final long PIECE_MASK = (1L << PIECE_BITS) - 1;
    /** Longs from a thread's ticket to the next thread's, so that each has a cache line of its own. */
    private static final int LINE = 16;
    private static final int FREE = 0;
    private static final int TAKEN = 1;
    /** How often a thread looks for work before it begins to yield: some 10 microseconds. */
    private static final int SPINS = 300;
    private static final long SLEEP_AFTER_NANOS = 1_000_000;
    /**
     * A helper that has no work for so long leaves, as the executor may wait for it while the caller waits for the
     * executor.
     */
    private static final long LEAVE_AFTER_NANOS = 100_000_000;
    /** A step with so much work wakes sleepers, which takes some ten microseconds. */
    private static final long WAKE_FOR_NANOS = 100_000;
    /** A wait longer than this plus two pieces means that a helper has lost its processor. */
    private static final long PATIENCE_NANOS = 200_000;
    /**
     * The share of a pass that such waits may take, and the part of a pass that must be over, before helpers are done
     * without.
     */
    private static final long MOST_LOST_NANOS = 1_000_000;
    private static final int LOST_PART = 10;
    private static final int MOST_SKIPPED = 64;

    private final Executor executor;
    private final int threads;
    private final IntSupplier processors;
    /**
     * For each thread its share of the step's pieces: the step's number above, then the share's end, then its next
     * piece. No two tickets are equal (but after millions of steps), so that one that has not changed belongs to the
     * step at hand.
     */
    private final AtomicLongArray tickets;
    private final AtomicInteger finished = new AtomicInteger();
    /**
     * Which workers' numbers are taken; 0 is the caller's. A helper keeps its own until it leaves, even into a later
     * pass.
     */
    private final AtomicIntegerArray numbers;
    /** The helpers that sleep, by number. */
    private final AtomicReferenceArray<Thread> asleep;
    /** Helpers that were called and that the executor has not started yet. */
    private final AtomicInteger unanswered = new AtomicInteger();
    private volatile boolean open;
    /**
     * The thread whose pass it is. An executor may run a helper's work on this very thread, which must not wait for
     * itself.
     */
    private volatile Thread caller;
    /** The caller while it sleeps until a step's last piece is done. */
    private volatile Thread waiting;
    private volatile Throwable failure;
    private Step step;
    private int pieces;
    /** How many shares the pieces are cut into. */
    private volatile int shares = 1;
    private final Runnable helperLoop = this::help;

    // The caller's own.
    private long number;
    private long openedAt;
    private long lost;
    private int skip;
    private int backOff;
    private int opened;

    /** Uses the caller's thread alone. */
    public Workers() {
        this(null, 1);
    }

    /** Uses the caller's thread and up to {@code threads - 1} of the executor's. */
    public Workers(Executor executor, int threads) {
        this(executor, threads, Runtime.getRuntime()::availableProcessors);
    }

    /** Takes the number of processors, which may change, from elsewhere: for tests. */
    public Workers(Executor executor, int threads, IntSupplier processors) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", expected 1 or more");
        }
        this.executor = threads == 1 ? null : Objects.requireNonNull(executor, "executor");
        this.threads = threads;
        this.processors = processors;
        tickets = new AtomicLongArray(LINE * threads);
        numbers = new AtomicIntegerArray(threads);
        asleep = new AtomicReferenceArray<>(threads);
    }

    /** Returns another of the same kind, for a runner that another thread may use at the same time. */
    public Workers another() {
        return new Workers(executor, threads, processors);
    }

    /** Returns how many threads a step may run on, the caller's included. */
    public int threads() {
        return threads;
    }

    /** Returns whether no helper can come to the next step, so that cutting it into pieces gains nothing. */
    public boolean alone() {
        return !open;
    }

    /** Calls the helpers in. */
    public void open() {
        failure = null;
        if (executor == null) {
            return;
        }
        if (skip > 0) {
            skip--;
            return;
        }
        int helpers = Math.min(threads, processors.getAsInt()) - 1;
        if (helpers <= 0) {
            return;
        }
        shares = helpers + 1;
        caller = Thread.currentThread();
        lost = 0;
        openedAt = System.nanoTime();
        open = true;
        // A full executor's queue must not grow with every pass; but one that drops calls is asked again now and then.
        boolean again = ++opened % MOST_SKIPPED == 0;
        try {
            for (int i = again ? 0 : unanswered.get(); i < helpers; i++) {
                call();
            }
        } catch (RejectedExecutionException e) {
            // The caller's thread then does the work of those that did not come.
            return;
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void call() {
        unanswered.incrementAndGet();
        boolean taken = false;
        try {
            executor.execute(helperLoop);
            taken = true;
        } finally {
            if (!taken) {
                unanswered.decrementAndGet();
            }
        }
    }

    /** Lets the helpers go. */
    public void close() {
        if (open) {
            // Helpers that were good for a whole pass are trusted again, by and by.
            backOff /= 2;
            letGo();
        }
        caller = null;
    }

    private void letGo() {
        open = false;
        wake();
    }

    /** Runs all pieces and returns when they are done. */
    public void run(int pieces, Step step) {
        if (pieces <= 1 || !open || pieces > PIECE_MASK) {
            for (int piece = 0; piece < pieces; piece++) {
                step.run(0, piece);
            }
            return;
        }
        long start = System.nanoTime();
        this.step = step;
        this.pieces = pieces;
        finished.set(0);
        number++;
        for (int share = shares - 1; share >= 0; share--) {
            long from = (long) pieces * share / shares;
            long end = (long) pieces * (share + 1) / shares;
            tickets.set(LINE * share, number << 2 * PIECE_BITS | end << PIECE_BITS | from);
        }
        int own = take(0) ? 1 : 0;
        if ((System.nanoTime() - start) * (pieces - 1) > WAKE_FOR_NANOS) {
            wake();
        }
        while (take(0)) {
            own++;
        }
        if (finished.get() < pieces) {
            await(start, own);
        }
        if (failure != null) {
            throw rethrown(failure);
        }
    }

    /**
     * Waits for the helpers' last pieces, and judges by the wait whether helpers are of use.
     *
     * @param start when the step began
     * @param own   the pieces that the caller did in the meantime
     */
    private void await(long start, int own) {
        long since = System.nanoTime();
        for (int spins = 0; finished.get() < pieces; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else if (System.nanoTime() - since < SLEEP_AFTER_NANOS || Thread.currentThread().isInterrupted()) {
                // A helper that shares this processor then has it.
                Thread.yield();
            } else {
                waiting = Thread.currentThread();
                if (finished.get() < pieces) {
                    LockSupport.park(this);
                }
                waiting = null;
            }
        }
        long now = System.nanoTime();
        long piece = (since - start) / Math.max(1, own);
        if (now - since > PATIENCE_NANOS + 2 * piece) {
            lost += now - since;
            if (lost > MOST_LOST_NANOS && lost * LOST_PART > now - openedAt) {
                backOff = Math.min(MOST_SKIPPED, 2 * backOff + 1);
                skip = backOff;
                letGo();
            }
        }
    }

    /**
     * A helper's whole pass. One that an executor held back may begin in a later pass: so numbers are taken on arrival.
     */
    private void help() {
        unanswered.decrementAndGet();
        if (Thread.currentThread() == caller) {
            return;
        }
        boolean stay = open;
        while (stay) {
            int worker = number();
            if (worker == 0) {
                return;
            }
            try {
                stay = help(worker);
            } finally {
                numbers.set(worker, FREE);
            }
            // The next pass may have begun meanwhile, and the helper called for it may have found no number free.
            stay &= open;
        }
    }

    /** Takes a worker's number; returns 0 if none is free. */
    private int number() {
        for (int worker = 1; worker < threads; worker++) {
            if (numbers.compareAndSet(worker, FREE, TAKEN)) {
                return worker;
            }
        }
        return 0;
    }

    /** Works until the pass ends; returns false if the helper left for want of work. */
    private boolean help(int worker) {
        int spins = 0;
        long since = 0;
        while (open) {
            if (take(worker)) {
                spins = 0;
            } else if (spins < SPINS) {
                Thread.onSpinWait();
                since = ++spins == SPINS ? System.nanoTime() : 0;
            } else {
                long idle = System.nanoTime() - since;
                if (idle > LEAVE_AFTER_NANOS) {
                    return false;
                } else if (idle < SLEEP_AFTER_NANOS || Thread.currentThread().isInterrupted()) {
                    Thread.yield();
                } else {
                    sleep(worker);
                }
            }
        }
        return true;
    }

    private void sleep(int worker) {
        asleep.set(worker, Thread.currentThread());
        // Whoever opens a step or ends the pass looks for sleepers after that: one of the two sees the other.
        if (open && !anyLeft()) {
            LockSupport.parkNanos(this, LEAVE_AFTER_NANOS);
        }
        asleep.set(worker, null);
    }

    private void wake() {
        for (int worker = 1; worker < threads; worker++) {
            Thread sleeper = asleep.get(worker);
            if (sleeper != null && asleep.compareAndSet(worker, sleeper, null)) {
                LockSupport.unpark(sleeper);
            }
        }
    }

    private boolean anyLeft() {
        for (int share = 0; share < shares; share++) {
            if (isLeft(tickets.get(LINE * share))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isLeft(long ticket) {
        return (ticket & PIECE_MASK) < (ticket >>> PIECE_BITS & PIECE_MASK);
    }

    /** Does a piece, of the worker's own share or else of another's; returns whether there was one. */
    private boolean take(int worker) {
        int all = shares;
        int share = worker % all;
        for (int i = 0; i < all; i++) {
            if (take(worker, LINE * share)) {
                return true;
            }
            share = share + 1 == all ? 0 : share + 1;
        }
        return false;
    }

    private boolean take(int worker, int at) {
        long ticket = tickets.get(at);
        while (isLeft(ticket)) {
            if (tickets.compareAndSet(at, ticket, ticket + 1)) {
                run(worker, (int) (ticket & PIECE_MASK));
                return true;
            }
            ticket = tickets.get(at);
        }
        return false;
    }

    /** Does a piece that has been taken: until it is finished, the step and its pieces do not change. */
    private void run(int worker, int piece) {
        int last = pieces - 1;
        try {
            step.run(worker, piece);
        } catch (Throwable e) {
            failure = e;
        } finally {
            if (finished.getAndIncrement() == last && waiting != null) {
                LockSupport.unpark(waiting);
            }
        }
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }
}
