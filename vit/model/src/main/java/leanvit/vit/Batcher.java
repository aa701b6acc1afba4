package leanvit.vit;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Gathers pictures that come one by one into batches: a bounded queue, and workers that take from it what came first,
 * and with it as many later ones of the same classifier as a batch may have.
 *
 * <pre>{@code
 * try (Batcher batcher = new Batcher(Batcher.Settings.usual())) {
 *     CompletableFuture<Classification> answer = batcher.submit(classifier, Picture.of(upload), 5);
 * }
 * }</pre>
 *
 * <p>A full queue is told at once, by a {@link RefusedException}; what waits in the queue costs its bytes alone. A
 * picture whose time is up, or would be before a batch as they lately were is done, is refused instead of run, and one
 * whose future was cancelled is not run; a batch that nobody waits for any more ends before its next block. Batches are
 * ragged: pictures that keep different numbers of tokens go together all the same, and a picture gets the same answer,
 * bit for bit, in any batch.
 *
 * <p>Owns its workers, daemon threads named {@code leanvit-batcher}; futures complete on them, so that what depends on
 * one had better be quick, or go elsewhere ({@code thenApplyAsync}). Safe for any number of threads. No argument may be
 * null.
 */
public final class Batcher implements AutoCloseable {

    /**
     * How a {@link Batcher} works.
     *
     * @param queue    the most pictures that wait, at least 1; those in a batch under way do not count
     * @param maxBatch the most pictures of a batch, at least 1; each has a batch's scratch in every worker
     * @param maxDelay how long a worker that has a picture waits for more to come; zero takes what there is, which
     *                 under load is a full batch all the same
     * @param workers  batches at once, at least 1; more than processors gain nothing
     * @param time     how long a picture may take from {@code submit} to its answer
     */
    public record Settings(int queue, int maxBatch, Duration maxDelay, int workers, Duration time) {

        private static final int USUAL_QUEUE = 64;
        private static final int USUAL_BATCH = 8;

        /**
         * Checks the values.
         *
         * @throws IllegalArgumentException if a number is below 1 or a duration negative
         */
        public Settings {
            if (queue < 1 || maxBatch < 1 || workers < 1 || maxDelay.isNegative() || time.isNegative()) {
                throw new IllegalArgumentException("queue " + queue + ", maxBatch " + maxBatch + ", maxDelay "
                        + maxDelay + ", workers " + workers + ", time " + time
                        + ": expected 1 or more, and durations of 0 or more");
            }
        }

        /** Returns a queue of 64, batches of 8 without delay, a worker per processor, any time. */
        public static Settings usual() {
            return new Settings(USUAL_QUEUE, USUAL_BATCH, Duration.ZERO,
                    Math.max(1, Runtime.getRuntime().availableProcessors()), CallLimits.FOREVER);
        }

        /** Returns the same with another length of the queue. */
        public Settings withQueue(int pictures) {
            return new Settings(pictures, maxBatch, maxDelay, workers, time);
        }

        /** Returns the same with other batches. */
        public Settings withMaxBatch(int pictures) {
            return new Settings(queue, pictures, maxDelay, workers, time);
        }

        /** Returns the same with another delay. */
        public Settings withMaxDelay(Duration longest) {
            return new Settings(queue, maxBatch, longest, workers, time);
        }

        /** Returns the same with another number of workers. */
        public Settings withWorkers(int number) {
            return new Settings(queue, maxBatch, maxDelay, number, time);
        }

        /** Returns the same with another time for a picture. */
        public Settings withTime(Duration longest) {
            return new Settings(queue, maxBatch, maxDelay, workers, longest);
        }
    }

    /** A picture on its way; one of the futures is null. */
    private record Item(Classifier classifier, Picture picture, int top, long arrived, long deadline,
            CompletableFuture<Classification> answer, CompletableFuture<PictureTrace> trace) {

        CompletableFuture<?> future() {
            return answer == null ? trace : answer;
        }
    }

    private final Settings settings;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock. */
    private final Deque<Item> queue = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    /** What a batch lately took, in nanoseconds; guarded by the lock. */
    private long usual;
    private volatile boolean closing;
    private volatile boolean giveUp;

    /** Makes a batcher and starts its workers. */
    public Batcher(Settings settings) {
        this.settings = settings;
        for (int i = 1; i <= settings.workers(); i++) {
            Thread worker = new Thread(this::work, "leanvit-batcher-" + i);
            worker.setDaemon(true);
            workers.add(worker);
        }
        workers.forEach(Thread::start);
    }

    /** Returns how this works. */
    public Settings settings() {
        return settings;
    }

    /**
     * Puts a picture into the queue. A stream is read by a worker: it must stay open until the future completes, and
     * be quick.
     *
     * @param top how many classes, 0 or more, as {@link Classifier#run(Picture, int)} takes it
     * @return what completes with the answer, or exceptionally: with what {@link Classifier#run(Picture, int)} would
     *         throw, or with a {@link RefusedException} where the time was up before
     * @throws RefusedException         if the queue is full, or this is closed
     * @throws IllegalArgumentException if {@code top} is below 0
     * @throws IllegalStateException    if {@code top} is not 0 and the model has no classifier
     */
    public CompletableFuture<Classification> submit(Classifier classifier, Picture picture, int top) {
        return submit(classifier, picture, top, settings.time());
    }

    /**
     * {@link #submit(Classifier, Picture, int)} for a caller that has less time than usual: one that has waited for the
     * picture, perhaps.
     *
     * @param time how long this picture may take from here to its answer; no longer than the settings' in any case
     */
    public CompletableFuture<Classification> submit(Classifier classifier, Picture picture, int top, Duration time) {
        classifier.checkTop(top, 0);
        CompletableFuture<Classification> answer = new CompletableFuture<>();
        enqueue(item(classifier, picture, top, time, answer, null));
        return answer;
    }

    /**
     * Puts a picture into the queue that is to be traced, as {@link Classifier#trace(Picture, int)} does; it runs by
     * itself.
     *
     * @param top how many classes, at least 1
     * @throws RefusedException as {@link #submit} throws it, and all else alike
     */
    public CompletableFuture<PictureTrace> trace(Classifier classifier, Picture picture, int top) {
        return trace(classifier, picture, top, settings.time());
    }

    /**
     * {@link #trace(Classifier, Picture, int)} for a caller that has less time than usual.
     *
     * @param time how long this picture may take from here to its answer; no longer than the settings' in any case
     */
    public CompletableFuture<PictureTrace> trace(Classifier classifier, Picture picture, int top, Duration time) {
        classifier.checkTop(top, 1);
        CompletableFuture<PictureTrace> trace = new CompletableFuture<>();
        enqueue(item(classifier, picture, top, time, null, trace));
        return trace;
    }

    private Item item(Classifier classifier, Picture picture, int top, Duration time,
            CompletableFuture<Classification> answer, CompletableFuture<PictureTrace> trace) {
        long now = System.nanoTime();
        long left = Math.min(CallLimits.nanos(settings.time()), CallLimits.nanos(time));
        return new Item(classifier, Objects.requireNonNull(picture, "picture"), top, now, now + left, answer, trace);
    }

    private void enqueue(Item item) {
        RefusedException refusal = null;
        lock.lock();
        try {
            if (closing) {
                refusal = closed();
            } else if (queue.size() == settings.queue()) {
                queue.removeIf(waiting -> waiting.future().isDone());
            }
            if (refusal == null && queue.size() == settings.queue()) {
                refusal = new RefusedException(RefusedException.Reason.QUEUE_FULL, queue.size()
                        + " pictures wait already, as many as may");
            }
            if (refusal == null) {
                queue.addLast(item);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
        if (refusal != null) {
            item.classifier().refused(refusal);
            throw refusal;
        }
    }

    private static RefusedException closed() {
        return new RefusedException(RefusedException.Reason.CLOSED, "this batcher is closed");
    }

    /** Returns how many pictures wait. */
    public int waiting() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        for (List<Item> batch = next(); !batch.isEmpty(); batch = next()) {
            try {
                long start = System.nanoTime();
                run(batch);
                tookAnother(System.nanoTime() - start);
            } catch (IOException | RuntimeException | Error e) {
                // What one batch met, running out of memory too, is no reason to end a worker.
                batch.forEach(item -> item.future().completeExceptionally(e));
            }
        }
    }

    /** Keeps a moving mean, of a quarter of a picture's time at most: after a halt of the process all goes on. */
    private void tookAnother(long nanos) {
        lock.lock();
        try {
            long most = CallLimits.nanos(settings.time()) / 4;
            usual = Math.min(most, usual + (nanos - usual) / 8);
        } finally {
            lock.unlock();
        }
    }

    private void run(List<Item> batch) throws IOException {
        Item first = batch.get(0);
        if (first.trace() != null) {
            first.trace().complete(first.classifier().trace(first.picture(), first.top(), first.arrived(),
                    first.deadline(), () -> abandoned(batch)));
            return;
        }
        long latest = first.deadline();
        for (Item item : batch) {
            latest = item.deadline() - latest > 0 ? item.deadline() : latest;
        }
        List<Outcome<Classification>> outcomes = first.classifier().answer(batch.stream().map(Item::picture).toList(),
                picture -> batch.get(picture).top(), first.arrived(), latest, () -> abandoned(batch));
        for (int i = 0; i < batch.size(); i++) {
            Outcome<Classification> outcome = outcomes.get(i);
            if (outcome.isSound()) {
                batch.get(i).answer().complete(outcome.value());
            } else {
                batch.get(i).answer().completeExceptionally(outcome.problem());
            }
        }
    }

    private boolean abandoned(List<Item> batch) {
        return giveUp || batch.stream().allMatch(item -> item.future().isDone());
    }

    /** Waits for a batch; empty where this is closed and nothing is left. */
    private List<Item> next() {
        lock.lock();
        try {
            List<Item> batch = new ArrayList<>();
            while (batch.isEmpty()) {
                while (queue.isEmpty()) {
                    if (closing) {
                        return List.of();
                    }
                    changed.awaitUninterruptibly();
                }
                take(batch);
            }
            Item first = batch.get(0);
            long until = first.arrived() + CallLimits.nanos(settings.maxDelay());
            long left = until - System.nanoTime();
            while (first.trace() == null && batch.size() < settings.maxBatch() && left > 0 && !closing) {
                left = await(left);
                take(batch);
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private long await(long nanos) {
        try {
            return changed.awaitNanos(nanos);
        } catch (InterruptedException e) {
            // Nobody but a stranger interrupts a worker; the delay is over then.
            return 0;
        }
    }

    /** Moves what fits from the queue into a batch, and lets go of what would be too late or is nobody's any more. */
    private void take(List<Item> batch) {
        for (Iterator<Item> each = queue.iterator(); each.hasNext() && batch.size() < settings.maxBatch();) {
            Item item = each.next();
            if (item.deadline() - System.nanoTime() <= usual) {
                each.remove();
                RefusedException late = Runner.late();
                item.classifier().refused(late);
                item.future().completeExceptionally(late);
            } else if (item.future().isDone()) {
                each.remove();
            } else if (batch.isEmpty()) {
                each.remove();
                batch.add(item);
                if (item.trace() != null) {
                    return;
                }
            } else if (item.trace() == null && item.classifier() == batch.get(0).classifier()) {
                each.remove();
                batch.add(item);
            }
        }
        if (!queue.isEmpty()) {
            changed.signal();
        }
    }

    /** {@link #close(Duration)} for as long as it takes. */
    @Override
    public void close() {
        close(CallLimits.FOREVER);
    }

    /**
     * Takes no more pictures and waits until those that it has are answered; what is left when the time is up ends as
     * {@link RefusedException.Reason#CLOSED} or {@code CANCELLED}. Returns at once where the thread is interrupted.
     */
    public void close(Duration longest) {
        long end = System.nanoTime() + CallLimits.nanos(longest);
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            if (!join(end)) {
                giveUp = true;
                List<Item> left;
                lock.lock();
                try {
                    left = List.copyOf(queue);
                    queue.clear();
                } finally {
                    lock.unlock();
                }
                left.forEach(item -> item.future().completeExceptionally(closed()));
                join(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean join(long end) throws InterruptedException {
        for (Thread worker : workers) {
            long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (millis > 0) {
                worker.join(millis);
            }
        }
        return workers.stream().noneMatch(Thread::isAlive);
    }
}
