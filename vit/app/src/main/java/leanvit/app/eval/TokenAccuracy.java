package leanvit.app.eval;

import java.io.IOException;
import java.util.List;
import java.util.function.DoubleConsumer;
import leanvit.vit.Inference;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.data.PixelReader;
import leanvit.vit.image.Preprocessing;

/**
 * Measures A(n), how often a model is right with n tokens of a picture (Eliopoulos et al., "Pruning One More Token is
 * Enough", WACV 2025). Dropping patches at random before block 0 is a cheap and pessimistic stand-in for what pruning
 * does; how latency falls with n is measured in the same way ({@link TokenLatency}).
 *
 * <p>The patches of a pass are one permutation's, the same for all pictures of its batch; each batch has its own, and
 * all n use the same ones. So two calls give the same answers, and neighbouring n differ by the pruning alone.
 */
public final class TokenAccuracy {

    private TokenAccuracy() {
    }

    /**
     * Measures. Memory does not grow with the number of pictures, but for one flag per picture and count.
     *
     * @param run           the model, on the threads to use; its reducer is not looked at
     * @param preprocessing how the model wants its pictures
     * @param counts        token counts, prefix included, as {@link Calibration#counts} gives them
     * @param pictures      with their classes; {@link LabelledPictures#stratified} chooses some
     * @param batch         pictures per pass, at least 1
     * @param progress      is told after each batch what share is done, to 1
     * @return whether the class of each picture had the largest logit, [counts][pictures]
     * @throws IllegalArgumentException if a count is not one of the model's, or the model has no classifier
     * @throws IOException              that names the picture that cannot be read
     */
    public static boolean[][] measure(Inference run, Preprocessing preprocessing, List<Integer> counts,
                                      LabelledPictures pictures, int batch, DoubleConsumer progress)
                                      throws IOException {
        Calibration.checkCounts(counts, run.model().shape());
        Evaluable.check(run, preprocessing, batch);
        Evaluable.checkClassifier(run);
        int classes = run.model().config().classes();
        RandomPruning pruning = new RandomPruning(run.model().shape());
        Inference pruned = run.with(pruning);
        PixelReader reader = new PixelReader(pictures, preprocessing, batch);
        float[] pixels = reader.batchPixels(batch);
        boolean[][] right = new boolean[counts.size()][pictures.size()];
        for (int first = 0; first < pictures.size(); first += reader.chunk()) {
            int count = reader.read(first);
            for (int from = 0; from < count; from += batch) {
                int images = Math.min(batch, count - from);
                reader.copy(from, images, pixels);
                for (int i = 0; i < counts.size(); i++) {
                    pruning.set(counts.get(i), first + from);
                    float[] logits = pruned.logits(pixels, images);
                    for (int image = 0; image < images; image++) {
                        int picture = first + from + image;
                        right[i][picture] =
                                LogitRanks.of(pictures.label(picture), logits, image * classes, classes) == 0;
                    }
                }
                progress.accept((double) (first + from + images) / pictures.size());
            }
        }
        return right;
    }
}
