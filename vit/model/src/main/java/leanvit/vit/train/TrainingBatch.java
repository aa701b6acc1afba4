package leanvit.vit.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/**
 * The batches of a run: which pictures, in which order, varied how. Each depends on the seed, the epoch and the
 * pictures' numbers alone. Pictures that cannot be used are told once and left out.
 */
final class TrainingBatch {

    private static final int ORDER = 1;
    private static final int PICTURE = 2;
    private static final int MIX = 3;

    private final TrainingPictures pictures;
    private final Augmenter augmenter;
    private final Augmentation augmentation;
    private final VitConfig config;
    private final long seed;
    private final int classes;
    private final int imageLength;
    private final int patches;
    private final boolean masks;
    private final Consumer<String> skipped;
    private final Set<Integer> unusable = new TreeSet<>();
    private final int[] order;
    private int orderOf = -1;

    /** [B, 3, height, width]. */
    final float[] pixels;
    /** [B, K]. */
    final float[] targets;
    final int[] labels;
    /** What share of each patch a mask covers, [B, patches]; null where nobody wants to know. */
    final float[] shares;
    /** The pictures' numbers. */
    final int[] numbers;
    int count;

    /**
     * Makes arrays for a batch.
     *
     * @param masks   whether masks are wanted
     * @param skipped is told why a picture is left out
     */
    TrainingBatch(VitParameters model, TrainingPictures pictures, TrainingOptions options, int batch, boolean masks,
                  Consumer<String> skipped) {
        this.pictures = pictures;
        this.skipped = skipped;
        this.masks = masks;
        config = model.config();
        augmentation = options.augmentation();
        augmenter = new Augmenter(augmentation, model.preprocessing());
        seed = options.seed();
        classes = config.classes();
        patches = config.patches();
        imageLength = 3 * config.imageHeight() * config.imageWidth();
        pixels = new float[Math.multiplyExact(batch, imageLength)];
        targets = new float[batch * classes];
        labels = new int[batch];
        numbers = new int[batch];
        shares = masks ? new float[batch * patches] : null;
        order = new int[pictures.size()];
    }

    /** Returns how many pictures were left out. */
    int skipped() {
        return unusable.size();
    }

    private void order(int epoch) {
        if (orderOf != epoch) {
            for (int i = 0; i < order.length; i++) {
                order[i] = i;
            }
            RandomStream.of(seed, ORDER, epoch).shuffle(order);
            orderOf = epoch;
        }
    }

    /**
     * Makes a batch.
     *
     * @param first the place of its first picture in the epoch's order
     * @param most  pictures
     */
    void fill(int epoch, int first, int most, Workers workers) throws IOException {
        order(epoch);
        List<Integer> wanted = new ArrayList<>();
        for (int i = first; i < Math.min(order.length, first + most); i++) {
            if (!unusable.contains(order[i])) {
                wanted.add(order[i]);
            }
        }
        AtomicReferenceArray<IOException> failures = new AtomicReferenceArray<>(Math.max(1, wanted.size()));
        workers.open();
        try {
            workers.run(wanted.size(), (worker, piece) -> {
                try {
                    read(epoch, wanted.get(piece), piece);
                } catch (IOException e) {
                    failures.set(piece, e);
                } catch (UncheckedIOException e) {
                    failures.set(piece, e.getCause());
                }
            });
        } finally {
            workers.close();
        }
        count = 0;
        for (int piece = 0; piece < wanted.size(); piece++) {
            IOException failure = failures.get(piece);
            if (failure instanceof InvalidInputException) {
                unusable.add(wanted.get(piece));
                skipped.accept(failure.getMessage());
            } else if (failure != null) {
                throw failure;
            } else {
                move(piece, count);
                numbers[count++] = wanted.get(piece);
            }
        }
        for (int image = 0; image < count; image++) {
            Mixing.target(labels[image], classes, augmentation.smoothing(), targets, image * classes);
        }
        if (augmentation.mixes()) {
            Mixing.apply(augmentation, RandomStream.of(seed, MIX, epoch, first), pixels, count, config.imageHeight(),
                    config.imageWidth(), targets, classes);
        }
    }

    private void read(int epoch, int picture, int slot) throws IOException {
        TrainingSample sample = pictures.sample(epoch, picture);
        if (sample.label() < 0 || sample.label() >= classes) {
            throw new IllegalArgumentException(pictures.name(picture) + ": label " + sample.label()
                    + ", expected 0 to " + (classes - 1) + ", as the model has " + classes + " classes");
        }
        labels[slot] = sample.label();
        boolean masked = augmenter.apply(sample, RandomStream.of(seed, PICTURE, epoch, picture), pixels,
                slot * imageLength, config.patch(), shares, slot * patches);
        if (masks && !masked) {
            throw new IllegalArgumentException(pictures.name(picture)
                    + ": a picture without a mask, which the loss by patches needs");
        }
    }

    private void move(int from, int to) {
        if (from == to) {
            return;
        }
        System.arraycopy(pixels, from * imageLength, pixels, to * imageLength, imageLength);
        labels[to] = labels[from];
        if (shares != null) {
            System.arraycopy(shares, from * patches, shares, to * patches, patches);
        }
    }

    /** Says which pictures there are, for a checkpoint. */
    static String fingerprint(TrainingPictures pictures) {
        StringBuilder names = new StringBuilder(String.join("\n", pictures.labels()));
        IntStream.range(0, Math.min(pictures.size(), 100_000)).forEach(i -> names.append('\n')
                .append(pictures.name(i)));
        return pictures.size() + " " + TrainingCheckpoint.fingerprint(names.toString());
    }
}
