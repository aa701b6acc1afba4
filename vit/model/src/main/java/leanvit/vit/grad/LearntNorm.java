package leanvit.vit.grad;

import java.util.Arrays;
import java.util.function.Predicate;
import leanvit.kernels.LayerNorm;
import leanvit.kernels.LayerNormGradient;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;

/**
 * A LayerNorm that learns.
 *
 * <pre>
 *   x [R, C]  statistics [R, 2]  y [R, C] = (x - mean) * rstd * weight + bias
 *   dx += ...     dweight += ...     dbias += ...     ({@link LayerNormGradient})
 * </pre>
 */
final class LearntNorm {

    private final Steps steps;
    private final float[] values;
    private final Parameter weight;
    private final Parameter bias;
    private final int width;
    private final float epsilon;
    private final boolean learns;
    private final float[] weights;
    private final float[] biases;

    LearntNorm(Steps steps, Parameters parameters, String name, float epsilon, Predicate<Parameter> learns) {
        this.steps = steps;
        values = parameters.values();
        this.epsilon = epsilon;
        weight = parameters.get(name + ".weight");
        bias = parameters.get(name + ".bias");
        width = weight.length();
        this.learns = learns.test(weight) || learns.test(bias);
        weights = new float[width];
        biases = new float[width];
    }

    boolean learns() {
        return learns;
    }

    int width() {
        return width;
    }

    /** Takes the weights anew, after they changed. */
    void pack() {
        System.arraycopy(values, weight.offset(), weights, 0, width);
        System.arraycopy(values, bias.offset(), biases, 0, width);
    }

    /** Normalises rows; {@code statistics} may be null. */
    void forward(int rows, float[] x, int xo, float[] y, int yo, float[] statistics, int so) {
        steps.rows(rows, (worker, row, count) -> LayerNorm.rows(x, xo + row * width, width, count, width, weights,
                biases, epsilon, y, yo + row * width, width, statistics, so + 2 * row));
    }

    /** Adds to dx, and where the norm learns and {@code gradients} is not null to the gradients of its parameters. */
    void backward(int rows, float[] x, int xo, float[] statistics, int so, float[] dy, int dyo, float[] dx, int dxo,
                  float[] gradients) {
        boolean both = learns && gradients != null;
        float[] partial = both ? steps.partialSums(rows, 2 * width) : null;
        steps.rows(rows, (worker, row, count) -> {
            int part = row / Steps.PIECE_ROWS * 2 * width;
            if (both) {
                Arrays.fill(partial, part, part + 2 * width, 0f);
            }
            LayerNormGradient.rows(x, xo + row * width, width, count, width, statistics, so + 2 * row, weights, dy,
                    dyo + row * width, width, dx, dxo + row * width, width, partial, part, partial, part + width);
        });
        if (both) {
            steps.addParts(rows, width, partial, 0, 2 * width, gradients, weight.offset());
            steps.addParts(rows, width, partial, width, 2 * width, gradients, bias.offset());
        }
    }
}
