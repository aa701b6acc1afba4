package leanvit.app.eval;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Inference;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.data.PixelReader;
import leanvit.vit.embed.EmbeddingAgreement;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.weights.VitConfig;

/**
 * Runs reducers over the same pictures: how often each is right, how often it agrees with the unreduced model, or how
 * near its embeddings come to that model's, and how fast it is.
 *
 * <pre>{@code
 * Comparison comparison = new Comparison(model.inference(), checkpoint.preprocessing(), 1);
 * LabelledPictures pictures = LabelledPictures.of(List.of(folder), model.config().classes());
 * List<ReducerScore> scores = comparison.run(Reducers.parseAll("none;tome:r=8", files), pictures, done -> { });
 * }</pre>
 *
 * <p>Every batch goes through all reducers, one after another and each batch with another one first, so that whatever
 * else the machine does falls upon all alike. Forward passes alone are timed: reading and resizing pictures is not. A
 * pass counts where its batch is full. With fewer than {@value #WANTED_PASSES} full batches, passes are repeated up to
 * that number, for at most ten seconds. Before the first, passes run untimed until the machine code is there. Where
 * fewer than {@value #LEAST_PASSES} passes were timed there is neither images/s nor speed-up.
 *
 * <p>Pictures are read in chunks, so that memory does not grow with their number. Ties of logits: higher first, then
 * lower class. NaN is never right and agrees with nothing. A model of one output, a yes or no, answers class 1 where
 * its logit is above 0, and else class 0; one of several labels at once answers the likeliest.
 *
 * <p>Not thread-safe, as its {@link Inference} is not.
 */
public final class Comparison {

    /**
     * How much work goes into the times.
     *
     * @param warmUpNanos     untimed passes before the first, at least one round of them
     * @param warmUpEachNanos the same, for each reducer; the longer of both holds
     * @param wantedPasses    timed passes of each reducer, if they take no longer than {@code repeatNanos} together
     * @param leastPasses     with fewer there is no time
     * @param clock           nanoseconds, as {@link System#nanoTime} gives them
     */
    record Effort(long warmUpNanos, long warmUpEachNanos, int wantedPasses, long repeatNanos, int leastPasses,
                  LongSupplier clock) {
    }

    /** Passes of each reducer without which times are not told: the median of four is anybody's guess. */
    public static final int LEAST_PASSES = 5;
    private static final int WANTED_PASSES = 30;
    /** C2 has compiled a model's kernels after about a second. */
    private static final Effort USUAL = new Effort(1_500_000_000L, 300_000_000L, WANTED_PASSES, 10_000_000_000L,
            LEAST_PASSES, System::nanoTime);
    private static final int TOP = 5;

    private final Inference dense;
    private final Preprocessing preprocessing;
    private final int batch;
    private final int classes;
    private final Effort effort;

    /**
     * Prepares a comparison.
     *
     * @param run           the model, on the threads to use; its reducer is not looked at
     * @param preprocessing how the model wants its pictures
     * @param batch         pictures per pass, at least 1
     * @throws IllegalArgumentException if {@code preprocessing} makes another size than the model wants
     */
    public Comparison(Inference run, Preprocessing preprocessing, int batch) {
        this(run, preprocessing, batch, USUAL);
    }

    Comparison(Inference run, Preprocessing preprocessing, int batch, Effort effort) {
        Evaluable.check(run, preprocessing, batch);
        VitConfig config = run.model().config();
        dense = run.with(new None());
        this.preprocessing = preprocessing;
        this.batch = batch;
        this.effort = effort;
        classes = config.classes();
    }

    /**
     * Runs the reducers, and the unreduced model whether it is among them or not.
     *
     * @param reducers at least one
     * @param pictures at least one
     * @param progress is told after each batch how many pictures are done
     * @return a score for each reducer, in their order
     * @throws IllegalArgumentException if a reducer does not fit the model, or the model has no classifier
     * @throws IOException              that names the picture that cannot be read; there are no scores of the others
     *                                  then
     */
    public List<ReducerScore> run(List<TokenReducer> reducers, LabelledPictures pictures, IntConsumer progress)
            throws IOException {
        Evaluable.checkClassifier(dense);
        int timedBatch = Math.min(batch, pictures.size());
        List<Contender> all = judged(reducers, pictures, progress, false);
        List<ReducerScore> scores = new ArrayList<>();
        for (Contender row : rows(reducers, all)) {
            scores.add(row.score(pictures, timedBatch, all.get(0)));
        }
        return scores;
    }

    /**
     * Runs the reducers as {@link #run} does, and compares their embeddings with the unreduced model's; no classes are
     * needed. The embeddings of all reducers are held.
     *
     * @param pictures at least two
     * @throws IllegalArgumentException if a reducer does not fit the model or there are fewer pictures
     */
    public List<EmbeddingScore> runEmbeddings(List<TokenReducer> reducers, LabelledPictures pictures,
            IntConsumer progress) throws IOException {
        int size = pictures.size();
        if (size < 2) {
            throw new IllegalArgumentException("one picture has no neighbours, expected two or more");
        }
        int timedBatch = Math.min(batch, size);
        List<Contender> all = judged(reducers, pictures, progress, true);
        Contender reference = all.get(0);
        List<EmbeddingScore> scores = new ArrayList<>();
        for (Contender row : rows(reducers, all)) {
            EmbeddingAgreement agreement = EmbeddingAgreement.of(reference.embeddings, row.embeddings, size,
                    dense.model().features());
            scores.add(new EmbeddingScore(row.score(pictures, timedBatch, reference), agreement,
                    pictures.name(agreement.worst())));
        }
        return scores;
    }

    /** Returns the contender of each reducer; the first of {@code all} is the unreduced model. */
    private static List<Contender> rows(List<TokenReducer> reducers, List<Contender> all) {
        List<Contender> rows = new ArrayList<>();
        int next = 1;
        for (TokenReducer reducer : reducers) {
            rows.add(reducer instanceof None ? all.get(0) : all.get(next++));
        }
        return rows;
    }

    /** Runs the unreduced model and the reducers over all pictures. */
    private List<Contender> judged(List<TokenReducer> reducers, LabelledPictures pictures, IntConsumer progress,
            boolean embeddings) throws IOException {
        Objects.requireNonNull(progress, "progress");
        if (reducers.isEmpty()) {
            throw new IllegalArgumentException("expected at least one reducer");
        }
        List<Contender> all = new ArrayList<>();
        Contender reference = new Contender(dense);
        all.add(reference);
        for (TokenReducer reducer : reducers) {
            if (!(reducer instanceof None)) {
                all.add(new Contender(dense.with(reducer)));
            }
        }
        for (Contender contender : all) {
            contender.embeddings = embeddings
                    ? new float[Math.multiplyExact(pictures.size(), dense.model().features())] : null;
        }
        int timedBatch = Math.min(batch, pictures.size());
        PixelReader reader = new PixelReader(pictures, preprocessing, batch);
        float[] pixels = reader.batchPixels(batch);
        for (int first = 0; first < pictures.size(); first += reader.chunk()) {
            int count = reader.read(first);
            if (first == 0) {
                reader.copy(0, timedBatch, pixels);
                warmUp(all, pixels, timedBatch);
            }
            for (int from = 0; from < count; from += batch) {
                int images = Math.min(batch, count - from);
                reader.copy(from, images, pixels);
                pass(all, first / batch + from / batch, pixels, images, images == timedBatch);
                for (Contender contender : all) {
                    contender.judge(pictures, first + from, images, reference);
                }
                progress.accept(first + from + images);
            }
            if (first == 0) {
                repeat(all, reader, count, pixels, timedBatch, effort.wantedPasses - pictures.size() / timedBatch);
            }
        }
        return all;
    }

    private void warmUp(List<Contender> all, float[] pixels, int images) {
        long end = now() + Math.max(effort.warmUpNanos, effort.warmUpEachNanos * all.size());
        int rounds = 0;
        do {
            pass(all, rounds++, pixels, images, false);
        } while (now() < end);
    }

    private long now() {
        return effort.clock.getAsLong();
    }

    /** Times passes over the first chunk's full batches again, {@code rounds} of them. */
    private void repeat(List<Contender> all, PixelReader reader, int count, float[] pixels, int images, int rounds) {
        long end = now() + effort.repeatNanos;
        int fullBatches = count / images;
        for (int round = 0; round < rounds && now() < end; round++) {
            reader.copy(round % fullBatches * images, images, pixels);
            pass(all, round, pixels, images, true);
        }
    }

    private static void pass(List<Contender> all, int round, float[] pixels, int images, boolean timed) {
        for (int i = 0; i < all.size(); i++) {
            all.get((round + i) % all.size()).pass(pixels, images, timed);
        }
    }

    /** A reducer's runner and what it has done so far. */
    private final class Contender {

        private final Inference run;
        private float[] logits;
        private double[] nanos = new double[64];
        private int passes;
        private int top1;
        private int top5;
        private int agreement;
        /** Of all pictures, [pictures, D]; null where nobody asked. */
        private float[] embeddings;
        private long macs;
        private long tokens;

        Contender(Inference run) {
            this.run = run;
        }

        void pass(float[] pixels, int images, boolean timed) {
            long start = now();
            logits = run.logits(pixels, images);
            long end = now();
            if (timed) {
                nanos = passes == nanos.length ? Arrays.copyOf(nanos, 2 * passes) : nanos;
                nanos[passes++] = end - start;
            }
        }

        /** Looks at the last pass, which was over the pictures from {@code first} on. */
        void judge(LabelledPictures pictures, int first, int images, Contender reference) {
            int last = run.model().shape().depth() - 1;
            for (int i = 0; i < images; i++) {
                int answer = LogitRanks.first(logits, i * classes, classes);
                if (answer >= 0 && answer == LogitRanks.first(reference.logits, i * classes, classes)) {
                    agreement++;
                }
                if (pictures.labelled()) {
                    int rank = LogitRanks.of(pictures.label(first + i), logits, i * classes, classes);
                    top1 += rank == 0 ? 1 : 0;
                    top5 += rank < Math.min(TOP, LogitRanks.answers(classes)) ? 1 : 0;
                }
                if (embeddings != null) {
                    float[] embedding = run.embedding(i);
                    System.arraycopy(embedding, 0, embeddings, (first + i) * embedding.length, embedding.length);
                }
                macs += run.macs(i);
                tokens += run.tokens(last, i);
            }
        }

        OptionalDouble imagesPerSecond(int images) {
            return passes < effort.leastPasses ? OptionalDouble.empty()
                    : OptionalDouble.of(images * 1e9 / Quantiles.median(Arrays.copyOf(nanos, passes)));
        }

        /** Has had as many timed passes as the reference. */
        private OptionalDouble speedup(int images, Contender reference) {
            OptionalDouble own = imagesPerSecond(images);
            return own.isEmpty() ? own
                    : OptionalDouble.of(own.getAsDouble() / reference.imagesPerSecond(images).getAsDouble());
        }

        ReducerScore score(LabelledPictures pictures, int images, Contender reference) {
            int size = pictures.size();
            return new ReducerScore(run.reducer().spec(), size,
                    pictures.labelled() ? OptionalInt.of(top1) : OptionalInt.empty(),
                    pictures.labelled() ? OptionalInt.of(top5) : OptionalInt.empty(), agreement,
                    passes, imagesPerSecond(images), speedup(images, reference), macs / 1e9 / size,
                    (double) tokens / size);
        }
    }
}
