package leanvit.app.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import leanvit.reducers.ModelShape;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Inference;
import leanvit.vit.weights.VitConfig;

/**
 * What a model with a reducer costs, counted from a pass.
 *
 * @param reducer        its SPEC
 * @param macs           multiply-accumulates of one image, as {@link leanvit.vit.Macs} counts them
 * @param tokens         tokens after each block, prefix included
 * @param dependsOnImage whether an image of noise and a uniform one kept different numbers of tokens; the figures are
 *                       those of the noise
 */
public record ReductionCost(String reducer, long macs, int[] tokens, boolean dependsOnImage) {

    private static final long SEED = 1;

    /**
     * Counts.
     *
     * @param run      the model; its reducer is not looked at
     * @param reducers what to count, an entry each
     * @throws IllegalArgumentException if a reducer does not fit the model
     */
    public static List<ReductionCost> of(Inference run, List<TokenReducer> reducers) {
        ModelShape shape = run.model().shape();
        VitConfig config = run.model().config();
        int image = 3 * config.imageHeight() * config.imageWidth();
        float[] pixels = new float[2 * image];
        Random random = new Random(SEED);
        for (int i = 0; i < image; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        List<ReductionCost> costs = new ArrayList<>();
        for (TokenReducer reducer : reducers) {
            Inference reducing = run.with(reducer);
            reducing.logits(pixels, 2);
            int[] tokens = new int[shape.depth()];
            boolean depends = false;
            for (int layer = 0; layer < tokens.length; layer++) {
                tokens[layer] = reducing.tokens(layer, 0);
                depends |= tokens[layer] != reducing.tokens(layer, 1);
            }
            costs.add(new ReductionCost(reducer.spec(), reducing.macs(0), tokens, depends));
        }
        return costs;
    }
}
