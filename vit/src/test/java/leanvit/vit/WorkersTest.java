package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
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

    /** Runs a pass of many steps; checks that each piece is done once and that no two threads have one worker's scratch. */
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
        Workers workers = new Workers(closing(Executors.newFixedThreadPool(3)), threads);
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
        assertThatThrownBy(() -> new Workers(Runnable::run, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads is 0, expected 1 or more");
    }

    @Test
    void anExecutorThatRejectsIsDoneWithout() {
        ExecutorService closed = Executors.newFixedThreadPool(1);
        closed.shutdown();
        pass(new Workers(closed, 3), 1);
        AtomicInteger calls = new AtomicInteger();
        Executor second = task -> {
            if (calls.incrementAndGet() % 2 == 0) {
                throw new RejectedExecutionException();
            }
        };
        pass(new Workers(second, 4), 2);
    }

    @Test
    void anExecutorThatNeverRunsATaskIsDoneWithout() {
        Workers workers = new Workers(task -> { }, 4);
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void anExecutorThatRunsATaskOnTheCallersThreadIsDoneWithout() {
        Workers workers = new Workers(Runnable::run, 3);
        for (long seed = 0; seed < 20; seed++) {
            pass(workers, seed);
        }
        ThreadPoolExecutor full = closing(new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>(),
                new ThreadPoolExecutor.CallerRunsPolicy()));
        Workers sharing = new Workers(full, 4);
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
        }, 3);
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
        }, 3);
        for (long seed = 0; seed < 300; seed++) {
            pass(workers, seed);
        }
    }

    @Test
    void aPoolThatIsBusyElsewhereComesWhenItCan() throws InterruptedException {
        ThreadPoolExecutor pool = closing(new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()));
        List<Thread> callers = new ArrayList<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < 4; i++) {
            int caller = i;
            callers.add(new Thread(() -> {
                Workers workers = new Workers(pool, 3);
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
            pool.submit(() -> pass(new Workers(pool, 3), value)).get();
        }
    }

    @Test
    void aPiecesFailureReachesTheCallerAndTheNextPassIsWhole() {
        for (int threads : new int[] {1, 2, 3}) {
            Workers workers = new Workers(closing(Executors.newFixedThreadPool(3)), threads);
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
        Workers first = new Workers(closing(Executors.newFixedThreadPool(2)), 2);
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
}
