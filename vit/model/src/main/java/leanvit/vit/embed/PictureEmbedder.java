package leanvit.vit.embed;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import leanvit.vit.Classifier;
import leanvit.vit.Outcome;
import leanvit.vit.Picture;

/**
 * Embeds any number of pictures, in batches that several threads work on at once, each on its own: reading and decoding
 * keep step with the model. The vectors come in the pictures' order, and are the same bits for every number of threads.
 * No more is held than the batches under way.
 *
 * <pre>{@code
 * new PictureEmbedder(classifier, 4, 8).run(files.size(), i -> Picture.of(files.get(i)),
 *         (i, outcome) -> index.add(files.get(i), outcome.get()));
 * }</pre>
 *
 * <p>Immutable, and safe for use by any number of threads.
 */
public final class PictureEmbedder {

    /** Takes what became of pictures, in their order, in the thread that called {@link PictureEmbedder#run}. */
    @FunctionalInterface
    public interface Receiver {
        /**
         * Takes one.
         *
         * @param index   which picture, counted from 0
         * @param outcome its feature vector, or what is wrong with it
         * @throws IOException ends the run
         */
        void picture(int index, Outcome<float[]> outcome) throws IOException;
    }

    private final Classifier classifier;
    private final int threads;
    private final int batch;

    /**
     * Makes an embedder.
     *
     * @param classifier with the reducer to use, on one thread; its limits of calls are not looked at
     * @param threads    how many batches are worked on at once, at least 1
     * @param batch      pictures of a batch, at least 1
     * @throws IllegalArgumentException if a number is below 1
     */
    public PictureEmbedder(Classifier classifier, int threads, int batch) {
        this.classifier = classifier.with(classifier.callLimits().withConcurrency(threads).withBatch(batch));
        this.threads = threads;
        this.batch = batch;
    }

    /**
     * Embeds pictures.
     *
     * @param count    how many
     * @param pictures gives each; called by several threads
     * @param receiver takes the results
     * @throws IOException                     that {@code receiver} threw
     * @throws leanvit.vit.RefusedException if the thread is interrupted or the classifier closed
     */
    public void run(int count, IntFunction<Picture> pictures, Receiver receiver) throws IOException {
        if (threads == 1) {
            for (int from = 0; from < count; from += batch) {
                deliver(from, embed(from, count, pictures), receiver);
            }
            return;
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, "leanvit-embed");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Deque<Future<List<Outcome<float[]>>>> underWay = new ArrayDeque<>();
            int next = 0;
            for (int from = 0; from < count; from += batch) {
                while (next < count && underWay.size() < 2 * threads) {
                    int first = next;
                    underWay.add(pool.submit(() -> embed(first, count, pictures)));
                    next += batch;
                }
                deliver(from, result(underWay.remove()), receiver);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private List<Outcome<float[]>> embed(int from, int count, IntFunction<Picture> pictures) {
        List<Picture> some = new ArrayList<>();
        for (int i = from; i < Math.min(count, from + batch); i++) {
            some.add(pictures.apply(i));
        }
        return classifier.embed(some);
    }

    private static void deliver(int from, List<Outcome<float[]>> outcomes, Receiver receiver) throws IOException {
        for (int i = 0; i < outcomes.size(); i++) {
            receiver.picture(from + i, outcomes.get(i));
        }
    }

    private static List<Outcome<float[]>> result(Future<List<Outcome<float[]>>> batch) throws IOException {
        try {
            return batch.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while pictures were embedded", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException problem) {
                throw problem;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IOException(e.getCause());
        }
    }
}
