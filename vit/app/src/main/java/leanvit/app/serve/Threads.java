package leanvit.app.serve;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * A thread for each request under way, up to a number; a connection beyond that is closed. Virtual threads from JDK 24
 * on: before, the JDK's HTTP server reads in synchronized methods, where a slow client would hold on to a carrier, of
 * which there are as few as processors.
 */
final class Threads implements Executor {

    private static final int FIRST_UNPINNED = 24;
    private static final int STACK = 256 << 10;
    private static final int IDLE_SECONDS = 10;

    private final ExecutorService threads;
    private final Semaphore slots;
    private final LongAdder refused = new LongAdder();

    Threads(int most) {
        slots = new Semaphore(most);
        threads = Runtime.version().feature() >= FIRST_UNPINNED ? virtual() : platform(most);
    }

    private static ExecutorService virtual() {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ExecutorService platform(int most) {
        AtomicInteger number = new AtomicInteger();
        return new ThreadPoolExecutor(0, most, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
            Thread thread = new Thread(null, work, "leanvit-request-" + number.incrementAndGet(), STACK);
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public void execute(Runnable request) {
        if (!slots.tryAcquire()) {
            refused.increment();
            throw new RejectedExecutionException("as many requests are under way as may be");
        }
        boolean started = false;
        try {
            threads.execute(() -> {
                try {
                    request.run();
                } finally {
                    slots.release();
                }
            });
            started = true;
        } finally {
            if (!started) {
                slots.release();
            }
        }
    }

    /** Returns how many connections were closed for want of a thread. */
    long refused() {
        return refused.sum();
    }

    void close() {
        threads.shutdown();
    }
}
