package leanvit.vit;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The scratch of a {@link Classifier} and of those made from it: as many runners as there may be calls, in use and idle
 * together. Calls get their turn in the order in which they came. The runner given back last is taken first, its memory
 * still in the caches; one that nobody took for a while is let go, by a timer of the JDK's own, so that this owns no
 * thread.
 *
 * <p>Safe for any number of threads.
 */
final class ScratchPool {

    private record Idle(Object kind, Runner runner, long since) {
    }

    private final Semaphore turns;
    private final long idleNanos;
    private final int most;
    /** Guarded by itself, as are the numbers below; first is the one given back last. */
    private final Deque<Idle> idle = new ArrayDeque<>();
    private int used;
    private boolean sweeping;
    private volatile boolean closed;

    ScratchPool(CallLimits limits) {
        most = limits.concurrency();
        turns = new Semaphore(most, true);
        idleNanos = CallLimits.nanos(limits.idle());
    }

    /**
     * Waits for a turn and returns scratch, which must be {@linkplain #give given back}.
     *
     * @param kind     what the runner does; an idle one of the same kind is taken
     * @param make     makes one where none is idle
     * @param wait     how long to wait, nanoseconds
     * @param deadline when the call's time is up, by {@link System#nanoTime}
     */
    Runner take(Object kind, Supplier<Runner> make, long wait, long deadline) {
        long left = deadline - System.nanoTime();
        if (!acquire(Math.min(wait, Math.max(0, left)))) {
            throw left <= wait ? Runner.late() : new RefusedException(RefusedException.Reason.BUSY, most
                    + " calls are under way, as many as may be, and none ended within "
                    + TimeUnit.NANOSECONDS.toMillis(wait) + " ms");
        }
        Runner runner = null;
        try {
            synchronized (idle) {
                used++;
                checkOpen();
                for (Iterator<Idle> each = idle.iterator(); runner == null && each.hasNext();) {
                    Idle candidate = each.next();
                    if (candidate.kind == kind) {
                        runner = candidate.runner;
                        each.remove();
                    }
                }
                if (runner == null && used + idle.size() > most) {
                    idle.removeLast();
                }
            }
            if (runner == null) {
                runner = make.get();
            }
            return runner;
        } finally {
            if (runner == null) {
                synchronized (idle) {
                    used--;
                }
                turns.release();
            }
        }
    }

    private boolean acquire(long nanos) {
        checkOpen();
        try {
            return turns.tryAcquire(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Runner.interrupted();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new RefusedException(RefusedException.Reason.CLOSED, "this classifier is closed");
        }
    }

    /** Takes scratch back. */
    void give(Object kind, Runner runner) {
        boolean sweep = false;
        synchronized (idle) {
            used--;
            if (!closed) {
                idle.addFirst(new Idle(kind, runner, System.nanoTime()));
                sweep = !sweeping;
                sweeping = true;
            }
        }
        turns.release();
        if (sweep) {
            sweepLater(idleNanos);
        }
    }

    private void sweepLater(long nanos) {
        WeakReference<ScratchPool> pool = new WeakReference<>(this);
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(() -> {
            ScratchPool still = pool.get();
            if (still != null) {
                still.sweep();
            }
        });
    }

    private void sweep() {
        long next;
        synchronized (idle) {
            long now = System.nanoTime();
            while (!idle.isEmpty() && now - idle.peekLast().since >= idleNanos) {
                idle.removeLast();
            }
            sweeping = !idle.isEmpty();
            next = sweeping ? idle.peekLast().since + idleNanos - now : 0;
        }
        if (sweeping) {
            sweepLater(next);
        }
    }

    /** Lets idle scratch go, and that in use as it is given back; refuses further calls. */
    void close() {
        closed = true;
        synchronized (idle) {
            idle.clear();
        }
    }

    /** Returns how many runners there are, in use or idle. */
    int runners() {
        synchronized (idle) {
            return used + idle.size();
        }
    }

    /** Returns how many runners wait with their scratch. */
    int idle() {
        synchronized (idle) {
            return idle.size();
        }
    }
}
