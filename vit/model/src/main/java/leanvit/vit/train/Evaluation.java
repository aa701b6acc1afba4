package leanvit.vit.train;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import leanvit.vit.Inference;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.io.InvalidInputException;

/**
 * How good a model is on pictures, by the path that a service takes: packed weights and, where the runner has one, a
 * reducer that really drops tokens.
 *
 * @param pictures  that could be read
 * @param right     of which the likeliest class was right
 * @param macs      mean multiply-accumulates of a picture
 * @param tokens    mean tokens after each block
 */
public record Evaluation(int pictures, int right, double macs, List<Double> tokens) {

    private static final int BATCH = 16;

    /** Copies the list. */
    public Evaluation {
        tokens = List.copyOf(tokens);
    }

    /** Returns the mean tokens after the last block. */
    public double tokensOut() {
        return tokens.get(tokens.size() - 1);
    }

    /** Returns the share of right answers, 0 to 1. */
    public double accuracy() {
        return pictures == 0 ? 0 : (double) right / pictures;
    }

    /** As below; whoever calls knows of pictures that cannot be used. */
    public static Evaluation of(Inference run, Preprocessing preprocessing, TrainingPictures pictures)
            throws IOException {
        return of(run, preprocessing, pictures, problem -> { });
    }

    /**
     * Runs all pictures once, unvaried, as their epoch 0 has them; leaves out those that cannot be used.
     *
     * @param run           of a model with as many classes as the pictures have
     * @param preprocessing the model's
     * @param skipped       is told of each picture that cannot be used, and why
     * @throws IOException if a picture cannot be read
     */
    public static Evaluation of(Inference run, Preprocessing preprocessing, TrainingPictures pictures,
                                Consumer<String> skipped) throws IOException {
        Preprocessor preprocessor = new Preprocessor(preprocessing);
        int length = preprocessor.inputLength();
        int classes = run.model().config().classes();
        int depth = run.model().config().depth();
        float[] pixels = new float[BATCH * length];
        int[] labels = new int[BATCH];
        int seen = 0;
        int right = 0;
        double macs = 0;
        double[] tokens = new double[depth];
        int filled = 0;
        for (int i = 0; i < pictures.size(); i++) {
            try {
                TrainingSample sample = pictures.sample(0, i);
                preprocessor.apply(sample.picture(), pixels, filled * length);
                labels[filled++] = sample.label();
            } catch (InvalidInputException e) {
                skipped.accept(e.getMessage());
            }
            if (filled == BATCH || i == pictures.size() - 1 && filled > 0) {
                float[] logits = run.logits(pixels, filled);
                for (int image = 0; image < filled; image++) {
                    int best = 0;
                    for (int c = 1; c < classes; c++) {
                        best = logits[image * classes + c] > logits[image * classes + best] ? c : best;
                    }
                    right += best == labels[image] ? 1 : 0;
                    macs += run.macs(image);
                    for (int layer = 0; layer < depth; layer++) {
                        tokens[layer] += run.tokens(layer, image);
                    }
                }
                seen += filled;
                filled = 0;
            }
        }
        double all = Math.max(1, seen);
        return new Evaluation(seen, right, macs / all, DoubleStream.of(tokens).mapToObj(sum -> sum / all).toList());
    }
}
