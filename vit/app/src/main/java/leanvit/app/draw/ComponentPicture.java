package leanvit.app.draw;

import leanvit.vit.DenseFeatures;
import leanvit.vit.embed.PrincipalComponents;
import leanvit.vit.image.RgbImage;

/**
 * Draws dense features: what the model saw, and beside it each patch in the colour of its first three principal
 * components, as red, green and blue. Patches of one colour are alike to the model.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class ComponentPicture {

    /** Components drawn. */
    public static final int COMPONENTS = 3;

    private static final int GAP = 8;
    private static final int WHITE = 0xffffff;
    /** What stands for 0 or 255 of a colour, in standard deviations. */
    private static final double RANGE = 2;

    private ComponentPicture() {
    }

    /**
     * Draws.
     *
     * @param input      what the model saw
     * @param features   of that one picture
     * @param components three, of the features' width
     */
    public static RgbImage draw(RgbImage input, DenseFeatures features, PrincipalComponents components) {
        Canvas canvas = new Canvas(2 * input.width() + GAP, input.height(), WHITE);
        canvas.image(input, 0, 0);
        int height = input.height() / features.rows();
        int width = input.width() / features.columns();
        for (int row = 0; row < features.rows(); row++) {
            for (int column = 0; column < features.columns(); column++) {
                int colour = 0;
                for (int component = 0; component < COMPONENTS; component++) {
                    double score = components.score(component, features.values(), features.offset(0, row, column));
                    double share = Math.max(0, Math.min(1, 0.5 + score / (2 * RANGE)));
                    colour = colour << 8 | (int) Math.round(255 * share);
                }
                canvas.fill(input.width() + GAP + column * width, row * height, width, height, colour);
            }
        }
        return canvas.picture();
    }
}
