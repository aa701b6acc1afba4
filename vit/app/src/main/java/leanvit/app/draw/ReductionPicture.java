package leanvit.app.draw;

import java.util.ArrayList;
import java.util.List;
import leanvit.reducers.ModelShape;
import leanvit.reducers.TokenReducer;
import leanvit.vit.BlockTrace;
import leanvit.vit.Classifier;
import leanvit.vit.Macs;
import leanvit.vit.PictureTrace;
import leanvit.vit.Prediction;
import leanvit.vit.image.RgbImage;
import leanvit.vit.weights.VitConfig;

/**
 * Draws what a classifier's reducer did to a picture, block by block: a {@link TokenPicture} of a {@link PictureTrace}.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class ReductionPicture {

    /** Blocks shown where nobody chose any: with the input they fill one row. */
    private static final int USUAL_PANELS = 3;

    private ReductionPicture() {
    }

    /**
     * Draws.
     *
     * @param classifier whose model and reducer ran
     * @param trace      what {@link Classifier#trace} of this classifier gave
     * @param blocks     the blocks to show, a panel each, counted from 0; such as {@link #usualBlocks}
     * @throws IllegalArgumentException if the model has no such block
     */
    public static RgbImage draw(Classifier classifier, PictureTrace trace, List<Integer> blocks) {
        VitConfig config = classifier.model().config();
        ModelShape shape = classifier.model().shape();
        checkBlocks(shape, blocks);
        List<TokenPicture.Layer> layers = new ArrayList<>();
        for (int block : blocks) {
            layers.add(layer(trace.blocks().get(block), shape.prefix()));
        }
        double dense = new Macs(config, shape).dense();
        Prediction answer = trace.classification().predictions().get(0);
        TokenPicture.Run run = new TokenPicture.Run(classifier.reducer().spec(), shape.tokens(),
                trace.classification().macs(), dense,
                answer.label().isEmpty() ? "class " + answer.index() : answer.label(), answer.probability());
        return TokenPicture.draw(trace.input(), config.patch(), config.imageHeight() / config.patch(),
                config.imageWidth() / config.patch(), run, layers);
    }

    /**
     * Refuses blocks that a model lacks.
     *
     * @throws IllegalArgumentException naming the block, and what the model has
     */
    public static void checkBlocks(ModelShape shape, List<Integer> blocks) {
        for (int block : blocks) {
            if (block < 0 || block >= shape.depth()) {
                throw new IllegalArgumentException("block " + block + " cannot be shown: the model has the blocks 0 to "
                        + (shape.depth() - 1));
            }
        }
    }

    /**
     * Returns the blocks to show where nobody chose any: those that reduce, or where these are many, three evenly
     * spread.
     */
    public static List<Integer> usualBlocks(TokenReducer reducer, ModelShape shape) {
        List<Integer> blocks = new ArrayList<>();
        for (int block = 0; block < shape.depth(); block++) {
            if (reducer.reducesAt(shape, block)) {
                blocks.add(block);
            }
        }
        if (blocks.isEmpty()) {
            return List.of(shape.depth() - 1);
        }
        if (blocks.size() <= USUAL_PANELS) {
            return blocks;
        }
        List<Integer> spread = new ArrayList<>();
        for (int panel = 1; panel <= USUAL_PANELS; panel++) {
            spread.add(blocks.get(panel * blocks.size() / USUAL_PANELS - 1));
        }
        return spread;
    }

    private static TokenPicture.Layer layer(BlockTrace block, int prefix) {
        int[] assignment = block.assignment()[0];
        int[] tokenOfPatch = new int[assignment.length - prefix];
        System.arraycopy(assignment, prefix, tokenOfPatch, 0, tokenOfPatch.length);
        boolean[] gathering = block.gathering()[0];
        List<Integer> catchAlls = new ArrayList<>();
        for (int token = 0; token < block.tokens()[0]; token++) {
            if (gathering[token]) {
                catchAlls.add(token);
            }
        }
        return new TokenPicture.Layer(block.layer(), block.tokens()[0], tokenOfPatch,
                catchAlls.stream().mapToInt(Integer::intValue).toArray());
    }
}
