package leanvit.vit.train;

import java.io.IOException;
import java.util.List;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2, as PyTorch scales it): with gradient g,
 * rate η, decay λ, in step t
 *
 * <pre>
 * θ = θ (1 - η λ)
 * m = β1 m + (1 - β1) g,   v = β2 v + (1 - β2) g²
 * θ = θ - η / (1 - β1^t) m / (sqrt(v) / sqrt(1 - β2^t) + ε)
 * </pre>
 *
 * <p>Moments begin at 0. Arithmetic is float32; a step is within 4 ulp of its own size and half an ulp of θ of the
 * exact one.
 */
public final class AdamW extends Optimizer {

    /** PyTorch's. */
    public static final double BETA1 = 0.9;
    /** PyTorch's. */
    public static final double BETA2 = 0.999;
    /** PyTorch's. */
    public static final double EPSILON = 1e-8;

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final float[] mean;
    private final float[] square;
    private double correction1;
    private float correction2;

    /** Makes one with PyTorch's β and ε. */
    public AdamW(int length, List<ParameterSlice> slices) {
        this(length, slices, BETA1, BETA2, EPSILON);
    }

    /**
     * Makes an optimiser.
     *
     * @param length  of the arrays
     * @param slices  what is learnt, in order, not overlapping
     * @param beta1   from 0 to below 1
     * @param beta2   from 0 to below 1
     * @param epsilon above 0
     * @throws IllegalArgumentException if a number is out of its range, or slices overlap or go beyond the end
     */
    public AdamW(int length, List<ParameterSlice> slices, double beta1, double beta2, double epsilon) {
        super(length, slices);
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
            throw new IllegalArgumentException("beta1 " + beta1 + ", beta2 " + beta2 + ", epsilon " + epsilon
                    + ", expected 0 <= beta < 1 and epsilon > 0");
        }
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.epsilon = epsilon;
        mean = new float[length];
        square = new float[length];
    }

    @Override
    void prepare() {
        correction1 = 1 / (1 - StrictMath.pow(beta1, steps()));
        correction2 = (float) (1 / Math.sqrt(1 - StrictMath.pow(beta2, steps())));
    }

    @Override
    void update(float[] values, float[] gradients, int from, int to, double rate, double weightDecay) {
        float keep = (float) (1 - rate * weightDecay);
        update(values, gradients, mean, square, from, to, keep, (float) beta1, (float) (1 - beta1), (float) beta2,
                (float) (1 - beta2), (float) (rate * correction1), correction2, (float) epsilon);
    }

    /** C2 makes vectors of it: 8 arrays' traffic and nothing else. */
    private static void update(float[] values, float[] gradients, float[] mean, float[] square, int from, int to,
                               float keep, float beta1, float rest1, float beta2, float rest2, float rate,
                               float correction, float epsilon) {
        for (int i = from; i < to; i++) {
            float g = gradients[i];
            float m = beta1 * mean[i] + rest1 * g;
            float v = beta2 * square[i] + rest2 * (g * g);
            mean[i] = m;
            square[i] = v;
            values[i] = values[i] * keep - rate * m / ((float) Math.sqrt(v) * correction + epsilon);
        }
    }

    @Override
    public void addTo(SafeTensorsWriter file, String prefix) {
        file.longs(prefix + "adamw.steps", new long[] {steps()}, 1).floats(prefix + "adamw.mean", mean, mean.length)
                .floats(prefix + "adamw.square", square, square.length);
    }

    @Override
    public void readFrom(SafeTensors file, String prefix) throws IOException {
        StateTensors.read(file, prefix + "adamw.mean", mean);
        StateTensors.read(file, prefix + "adamw.square", square);
        setSteps(StateTensors.read(file, prefix + "adamw.steps"));
    }
}
