package leanvit.vit.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pass that waits for itself would hang: the timeout turns that into a failure. */
@Timeout(120)
class WorkersTest {

    private final List<ExecutorService> pools = new ArrayList<>();

    @AfterEach
    void everyHelperLeaves() throws InterruptedException {
        for (ExecutorService pool : pools) {
            pool.shutdown();
            assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).as("all helpers left").isTrue();
        }
    }

    private <T extends ExecutorService> T closing(T pool) {
        pools.add(pool);
        return pool;
    }

    /** Returns workers that do not mind how few processors this machine has. */
    private static Workers many(Executor executor, int threads) {
        return new Workers(executor, threads, () -> 64);
    }

    /**
     * Runs a pass of many steps; checks that each piece is done once and that no two threads have one worker's scratch.
     */
    private static void pass(Workers workers, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        AtomicIntegerArray busy = new AtomicIntegerArray(workers.threads());
        workers.open();
        try {
            for (int step = 0; step < 40; step++) {
                int pieces = random.nextInt(0, 12);
                AtomicIntegerArray done = new AtomicIntegerArray(pieces + 1);
                AtomicInteger shared = new AtomicInteger();
                long[] results = new long[pieces + 1];
                workers.run(pieces, (worker, piece) -> {
                    shared.addAndGet(busy.incrementAndGet(worker) - 1);
                    done.incrementAndGet(piece);
                    results[piece] = work(piece);
                    busy.decrementAndGet(worker);
                });
                assertThat(shared.get()).as("seed %d: threads that shared a worker's scratch", seed).isZero();
                for (int piece = 0; piece < pieces; piece++) {
                    assertThat(done.get(piece)).as("seed %d step %d piece %d", seed, step, piece).isEqualTo(1);
                    assertThat(results[piece]).as("seed %d: a helper's writes are seen", seed).isEqualTo(work(piece));
                }
            }
        } finally {
            workers.close();
        }
    }

    private static long work(int piece) {
        long x = piece + 1;
        for (int i = 0; i < 300; i++) {
            x = x * 6364136223846793005L + 1442695040888963407L;
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyPieceIsDoneOnce(int threads) {
        Workers workers = many(closing(Executors.newFixedThreadPool(3)), threads);
        assertThat(workers.threads()).isEqualTo(threads);
        for (long seed = 0; seed < 200; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void oneThreadNeedsNoExecutor() {
        pass(new Workers(), 1);
        pass(new Workers(null, 1), 2);
        assertThatThrownBy(() -> new Workers(null, 2)).isInstanceOf(NullPointerException.class).hasMessage("executor");
        assertThatThrownBy(() -> many(Runnable::run, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads is 0, expected 1 or more");
    }

    @Test
    void anExecutorThatRejectsIsDoneWithout() {
        ExecutorService closed = Executors.newFixedThreadPool(1);
        closed.shutdown();
        pass(many(closed, 3), 1);
        AtomicInteger calls = new AtomicInteger();
        Executor second = task -> {
            if (calls.incrementAndGet() % 2 == 0) {
                throw new RejectedExecutionException();
            }
        };
        pass(many(second, 4), 2);
    }

    @Test
    void anExecutorThatNeverRunsATaskIsDoneWithout() {
        Workers workers = many(task -> { }, 4);
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void anExecutorThatRunsATaskOnTheCallersThreadIsDoneWithout() {
        Workers workers = many(Runnable::run, 3);
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
        ThreadPoolExecutor full = closing(new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>(),
                new ThreadPoolExecutor.CallerRunsPolicy()));
        Workers sharing = many(full, 4);
        for (long seed = 0; seed < 50; seed++) {
            pass(sharing, seed);
        }
    }

    @Test
    void anExecutorThatFailsLeavesNoHelperBehind() {
        ExecutorService pool = closing(Executors.newFixedThreadPool(2));
        AtomicInteger calls = new AtomicInteger();
        Workers workers = new Workers(task -> {
            if (calls.incrementAndGet() == 2) {
                throw new IllegalStateException("no more threads");
            }
            pool.execute(task);
        }, 3, () -> 64);
        assertThatThrownBy(workers::open).isInstanceOf(IllegalStateException.class).hasMessage("no more threads");
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void helpersHeldBackUntilALaterPassDoNotShareScratch() {
        ExecutorService pool = closing(Executors.newFixedThreadPool(6));
        List<Runnable> held = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(5);
        Workers workers = new Workers(task -> {
            held.add(task);
            if (random.nextInt(4) == 0) {
                held.forEach(pool::execute);
                held.clear();
            }
        }, 3, () -> 64);
        for (long seed = 0; seed < 300; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void aPoolThatIsBusyElsewhereComesWhenItCan() throws InterruptedException {
        ThreadPoolExecutor pool =
                closing(new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()));
        List<Thread> callers = new ArrayList<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < 4; i++) {
            int caller = i;
            callers.add(new Thread(() -> {
                Workers workers = many(pool, 3);
                for (int pass = 0; pass < 60; pass++) {
                    pass(workers, 100L * caller + pass);
                }
            }));
        }
        callers.forEach(thread -> thread.setUncaughtExceptionHandler((where, e) -> failure.set(e)));
        callers.forEach(Thread::start);
        for (Thread thread : callers) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    void aPassMayItselfRunInTheExecutorThatItUses() throws Exception {
        ForkJoinPool pool = closing(new ForkJoinPool(2));
        for (long seed = 0; seed < 30; seed++) {
            long value = seed;
            pool.submit(() -> pass(many(pool, 3), value)).get();
        }
    }

    @Test
    void aPiecesFailureReachesTheCallerAndTheNextPassIsWhole() {
        for (int threads : new int[] {1, 2, 3}) {
            Workers workers = many(closing(Executors.newFixedThreadPool(3)), threads);
            for (int bad = 0; bad < 8; bad++) {
                int piece = bad;
                workers.open();
                assertThatThrownBy(() -> workers.run(8, (worker, at) -> {
                    if (at == piece) {
                        throw new IllegalArgumentException("piece " + at);
                    }
                })).isInstanceOf(IllegalArgumentException.class).hasMessage("piece " + piece);
                workers.close();
                pass(workers, bad);
                workers.open();
                assertThatThrownBy(() -> workers.run(8, (worker, at) -> {
                    throw new StackOverflowError();
                })).isInstanceOf(StackOverflowError.class);
                workers.close();
                pass(workers, bad);
            }
        }
    }

    @Test
    void anotherSharesNothingButTheExecutor() throws InterruptedException {
        Workers first = many(closing(Executors.newFixedThreadPool(2)), 2);
        Workers second = first.another();
        assertThat(second.threads()).isEqualTo(2);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            for (long seed = 0; seed < 100; seed++) {
                pass(second, seed);
            }
        });
        thread.setUncaughtExceptionHandler((where, e) -> failure.set(e));
        thread.start();
        for (long seed = 0; seed < 100; seed++) {
            pass(first, seed);
        }
        thread.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    void noMoreHelpersAreCalledThanThereAreProcessors() {
        for (int processors = 1; processors <= 5; processors++) {
            int now = processors;
            AtomicInteger calls = new AtomicInteger();
            Workers workers = new Workers(task -> calls.incrementAndGet(), 4, () -> now);
            pass(workers, processors);
            assertThat(calls.get()).as("calls with %d processors", processors).isEqualTo(Math.min(processors, 4) - 1);
        }
    }

    @Test
    void aBusyExecutorsQueueDoesNotGrowWithEveryPass() {
        AtomicInteger calls = new AtomicInteger();
        Workers workers = many(task -> calls.incrementAndGet(), 3);
        for (int pass = 0; pass < 640; pass++) {
            workers.open();
            workers.run(4, (worker, piece) -> assertThat(worker).isZero());
            workers.close();
        }
        assertThat(calls.get()).isBetween(2, 2 + 2 * 10);
    }

    @Test
    void aHelperThatComesAfterThePassLeavesAtOnce() throws InterruptedException {
        List<Runnable> held = new ArrayList<>();
        Workers workers = many(held::add, 3);
        pass(workers, 1);
        assertThat(held).hasSize(2);
        for (Runnable helper : held) {
            helper.run();
        }
        pass(workers, 2);
        assertThat(held).hasSize(4);
    }

    @Test
    void helpersSleepWhereNothingIsToDoAndComeBack() throws InterruptedException {
        AtomicReference<Thread> helper = new AtomicReference<>();
        Workers workers = many(closing(Executors.newFixedThreadPool(1, task -> {
            helper.set(new Thread(task));
            return helper.get();
        })), 2);
        int wokenAndUsed = 0;
        for (int round = 0; round < 100 && wokenAndUsed < 3; round++) {
            workers.open();
            Thread.sleep(20);
            // On a busy machine a helper may be late to sleep, or have left already.
            boolean asleep = helper.get().getState() == Thread.State.TIMED_WAITING;
            AtomicIntegerArray by = new AtomicIntegerArray(2);
            workers.run(20, (worker, piece) -> {
                by.incrementAndGet(worker);
                LockSupport.parkNanos(1_000_000);
            });
            assertThat(by.get(0) + by.get(1)).isEqualTo(20);
            wokenAndUsed += asleep && by.get(1) > 0 ? 1 : 0;
            workers.close();
        }
        assertThat(wokenAndUsed).isEqualTo(3);
    }

    @Test
    void aCallerSleepsUntilALongPieceIsDoneAndThenDoesWithoutHelpers() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        ExecutorService pool = closing(Executors.newFixedThreadPool(1));
        Workers workers = many(task -> {
            calls.incrementAndGet();
            pool.execute(task);
        }, 2);
        AtomicInteger helped = new AtomicInteger();
        for (int tries = 0; tries < 50 && helped.get() == 0; tries++) {
            workers.open();
            workers.run(2, (worker, piece) -> {
                LockSupport.parkNanos(1_000_000);
                if (worker == 1) {
                    helped.incrementAndGet();
                    LockSupport.parkNanos(100_000_000);
                }
            });
            if (helped.get() > 0) {
                workers.run(50, (worker, piece) -> assertThat(worker).isZero());
            }
            workers.close();
        }
        assertThat(helped.get()).isEqualTo(1);
        // The pool's one thread is free again: a helper that is still under way is not called a second time.
        pool.submit(() -> { }).get(60, TimeUnit.SECONDS);
        int before = calls.get();
        pass(workers, 1);
        assertThat(calls.get()).as("calls in the pass after").isEqualTo(before);
        pass(workers, 2);
        assertThat(calls.get()).as("calls in the second pass after").isEqualTo(before + 1);
    }

    @Test
    void anExecutorThatWaitsForItsTaskDoesNotHang() {
        Workers workers = many(task -> {
            Thread thread = new Thread(task);
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, 2);
        pass(workers, 1);
        pass(workers, 2);
    }

    @Test
    void anInterruptIsKeptAndStopsNothing() throws InterruptedException {
        Workers workers = many(closing(Executors.newFixedThreadPool(2)), 3);
        Thread.currentThread().interrupt();
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
        assertThat(Thread.interrupted()).isTrue();
        ExecutorService pool = closing(Executors.newFixedThreadPool(2));
        Workers stopped = many(pool, 3);
        AtomicInteger done = new AtomicInteger();
        stopped.open();
        for (int step = 0; step < 100; step++) {
            if (step == 20) {
                pool.shutdownNow();
            }
            stopped.run(10, (worker, piece) -> done.incrementAndGet());
        }
        stopped.close();
        assertThat(done.get()).isEqualTo(1000);
        pass(stopped, 1);
    }

    @Test
    void helpersAndCallersMayBeVirtualThreads() throws Exception {
        ExecutorService virtual;
        try {
            virtual = (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (NoSuchMethodException e) {
            Assumptions.abort("this JDK has no virtual threads");
            return;
        }
        closing(virtual);
        for (long seed = 0; seed < 50; seed++) {
            pass(many(virtual, 3), seed);
        }
        List<Future<?>> passes = new ArrayList<>();
        for (int caller = 0; caller < 8; caller++) {
            long first = 1000L * caller;
            passes.add(virtual.submit(() -> {
                Workers workers = many(virtual, 3);
                for (long seed = 0; seed < 20; seed++) {
                    pass(workers, first + seed);
                }
            }));
        }
        for (Future<?> pass : passes) {
            pass.get();
        }
    }
}
