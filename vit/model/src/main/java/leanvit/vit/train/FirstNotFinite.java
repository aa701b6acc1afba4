package leanvit.vit.train;

import java.util.List;
import leanvit.vit.grad.Network;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;

/** Finds the first part of a network whose result for an image is not finite. */
final class FirstNotFinite {

    private FirstNotFinite() {
    }

    /**
     * Returns what to throw where an image's loss is not finite.
     *
     * @param image its place in the batch
     * @param step  counted from 1
     */
    static DivergedException of(VitConfig config, Network network, TrainingBatch input, TrainingPictures pictures,
                                int image, long step) {
        return new DivergedException(step, pictures.name(input.numbers[image]),
                layer(config, network, input, image));
    }

    private static String layer(VitConfig config, Network network, TrainingBatch input, int image) {
        int length = 3 * config.imageHeight() * config.imageWidth();
        if (!finite(input.pixels, image * length, length)) {
            return "the pixels";
        }
        for (int half = 0; half <= 2 * config.depth(); half++) {
            int rows = half > 2 * config.depth() - 2 ? network.lastRows() : network.tokens();
            int size = rows * config.width();
            if (!finite(network.tokens(half), image * size, size)) {
                return half == 0 ? "the patch embedding"
                        : "block " + (half - 1) / 2 + (half % 2 == 1 ? "'s attention" : "'s MLP");
            }
        }
        return "the classifier";
    }

    /**
     * Returns what to throw where a gradient is not finite: of the tensor that the backward pass, which goes from the
     * last to the first, reached before the others.
     *
     * @param step counted from 1
     */
    static DivergedException of(Parameters parameters, float[] gradients, long step) {
        List<Parameter> all = parameters.all();
        for (int i = all.size() - 1; i >= 0; i--) {
            if (!finite(gradients, all.get(i).offset(), all.get(i).length())) {
                return new DivergedException(step, "", "the gradient of " + all.get(i).name());
            }
        }
        return new DivergedException(step, "", "the gradients' norm");
    }

    static boolean finite(float[] values, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (!Float.isFinite(values[i])) {
                return false;
            }
        }
        return true;
    }
}
