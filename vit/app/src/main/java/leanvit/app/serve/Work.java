package leanvit.app.serve;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import leanvit.app.draw.ReductionPicture;
import leanvit.vit.Batcher;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.PictureTrace;
import leanvit.vit.image.Pictures;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;

/** Where requests of all endpoints have their work done: through one bounded queue, each within its time. */
final class Work {

    /** What drawings and JSON trees take at once is that of so many. */
    private static final int AT_ONCE = 2;
    private static final int GRACE_SECONDS = 2;
    private static final int BYTES_PER_CHARACTER = 2;

    private final Batcher batcher;
    private final long jsonBytes;
    private final Semaphore drawing = new Semaphore(AT_ONCE, true);
    private final Semaphore parsing = new Semaphore(AT_ONCE, true);

    Work(Batcher batcher, int mostBody) {
        this.batcher = batcher;
        jsonBytes = BYTES_PER_CHARACTER * (long) mostBody + (1 << 20);
    }

    /** What became of a picture: an answer or a problem. */
    record Answer(Classification classification, Problem problem) {
    }

    /**
     * Answers pictures.
     *
     * @param end until when, by {@link System#nanoTime}
     * @throws Problem if the queue has no room for all of them
     */
    List<Answer> answer(Classifier classifier, List<Picture> pictures, int top, long end) throws Problem {
        if (pictures.size() > batcher.settings().queue()) {
            throw Problem.tooLarge(pictures.size() + " pictures in one request, at most "
                    + batcher.settings().queue() + " are taken");
        }
        List<CompletableFuture<Classification>> futures = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        try {
            for (Picture picture : pictures) {
                futures.add(batcher.submit(classifier, picture, top, left(end)));
            }
            for (CompletableFuture<Classification> future : futures) {
                answers.add(answer(future, end));
            }
            return answers;
        } catch (RuntimeException refused) {
            throw Problem.of(refused);
        } finally {
            futures.forEach(future -> future.cancel(false));
        }
    }

    private Answer answer(CompletableFuture<Classification> future, long end) throws Problem {
        try {
            return new Answer(get(future, end), null);
        } catch (ExecutionException e) {
            Problem problem = Problem.of(e);
            if (problem.status() != Problem.UNPROCESSABLE) {
                throw problem;
            }
            return new Answer(null, problem);
        }
    }

    private <T> T get(CompletableFuture<T> future, long end) throws Problem, ExecutionException {
        try {
            return future.get(left(end).plusSeconds(GRACE_SECONDS).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw Problem.unavailable("deadline", "the time for this call is up");
        } catch (InterruptedException e) {
            throw Problem.unavailable("refused", "the server stops");
        }
    }

    private static Duration left(long end) {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    /** Draws what became of a picture's patches, as a PNG. */
    byte[] draw(Classifier classifier, Picture picture, long end) throws Problem {
        CompletableFuture<PictureTrace> future = null;
        try {
            future = batcher.trace(classifier, picture, 1, left(end));
            PictureTrace trace = get(future, end);
            return holding(drawing, end, () -> Pictures.png(ReductionPicture.draw(classifier, trace,
                    ReductionPicture.usualBlocks(classifier.reducer(), classifier.model().shape()))));
        } catch (ExecutionException | RuntimeException e) {
            throw Problem.of(e);
        } finally {
            if (future != null) {
                future.cancel(false);
            }
        }
    }

    /** Reads a JSON text. */
    Object json(byte[] utf8, long end) throws Problem {
        try {
            return holding(parsing, end, () -> Json.parse(utf8, jsonBytes));
        } catch (JsonException e) {
            throw Problem.badRequest("the body is no JSON: " + e.getMessage());
        }
    }

    private interface Step<T, E extends Exception> {
        T run() throws E;
    }

    private <T, E extends Exception> T holding(Semaphore one, long end, Step<T, E> step) throws E, Problem {
        try {
            if (!one.tryAcquire(left(end).toNanos(), TimeUnit.NANOSECONDS)) {
                throw Problem.unavailable("deadline", "the time for this call is up");
            }
        } catch (InterruptedException e) {
            throw Problem.unavailable("refused", "the server stops");
        }
        try {
            return step.run();
        } finally {
            one.release();
        }
    }
}
