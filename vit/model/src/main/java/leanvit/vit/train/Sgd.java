package leanvit.vit.train;

import java.io.IOException;
import java.util.List;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * Stochastic gradient descent with momentum (as PyTorch defines it): with gradient g, rate η, decay λ, momentum μ
 *
 * <pre>
 * g = g + λ θ,   b = μ b + g,   θ = θ - η b      (Nesterov: θ = θ - η (g + μ b))
 * </pre>
 */
public final class Sgd extends Optimizer {

    private final float momentum;
    private final boolean nesterov;
    private final float[] buffer;

    /**
     * Makes an optimiser.
     *
     * @param length   of the arrays
     * @param slices   what is learnt, in order, not overlapping
     * @param momentum from 0 to below 1
     * @param nesterov whether the momentum looks ahead
     * @throws IllegalArgumentException if the momentum is out of its range, or slices overlap or go beyond the end
     */
    public Sgd(int length, List<ParameterSlice> slices, double momentum, boolean nesterov) {
        super(length, slices);
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum " + momentum + ", expected 0 <= momentum < 1");
        }
        this.momentum = (float) momentum;
        this.nesterov = nesterov;
        buffer = new float[length];
    }

    @Override
    void prepare() {
        // Nothing is shared.
    }

    @Override
    void update(float[] values, float[] gradients, int from, int to, double rate, double weightDecay) {
        float step = (float) rate;
        float decay = (float) weightDecay;
        for (int i = from; i < to; i++) {
            float g = gradients[i] + decay * values[i];
            float b = momentum * buffer[i] + g;
            buffer[i] = b;
            values[i] -= step * (nesterov ? g + momentum * b : b);
        }
    }

    @Override
    public void addTo(SafeTensorsWriter file, String prefix) {
        file.longs(prefix + "sgd.steps", new long[] {steps()}, 1).floats(prefix + "sgd.momentum", buffer,
                buffer.length);
    }

    @Override
    public void readFrom(SafeTensors file, String prefix) throws IOException {
        StateTensors.read(file, prefix + "sgd.momentum", buffer);
        setSteps(StateTensors.read(file, prefix + "sgd.steps"));
    }
}
