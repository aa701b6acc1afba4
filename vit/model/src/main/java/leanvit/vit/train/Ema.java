package leanvit.vit.train;

import java.io.IOException;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * The exponential moving average of values over the steps (Polyak and Juditsky 1992), a = d·a + (1 - d)·θ, with d =
 * min(decay, (1 + t) / (10 + t)) in step t, so that the beginning is soon forgotten (as TensorFlow warms it up, and
 * timm's {@code ModelEmaV3} may).
 */
public final class Ema implements TrainingState {

    private final double decay;
    private final float[] values;
    private long updates;

    /**
     * Begins with a copy of the values.
     *
     * @param decay from 0 to below 1
     */
    public Ema(float[] values, double decay) {
        if (!(decay >= 0 && decay < 1)) {
            throw new IllegalArgumentException("decay " + decay + ", expected 0 <= decay < 1");
        }
        this.decay = decay;
        this.values = values.clone();
    }

    /** Takes the values after a step into the average. */
    public void update(float[] current) {
        if (current.length != values.length) {
            throw new IllegalArgumentException(current.length + " values, expected " + values.length);
        }
        updates++;
        float rest = (float) (1 - Math.min(decay, (1.0 + updates) / (10.0 + updates)));
        for (int i = 0; i < current.length; i++) {
            values[i] += rest * (current[i] - values[i]);
        }
    }

    /** Returns the average; not a copy. */
    public float[] values() {
        return values;
    }

    @Override
    public void addTo(SafeTensorsWriter file, String prefix) {
        file.longs(prefix + "ema.updates", new long[] {updates}, 1).floats(prefix + "ema.values", values,
                values.length);
    }

    @Override
    public void readFrom(SafeTensors file, String prefix) throws IOException {
        StateTensors.read(file, prefix + "ema.values", values);
        updates = StateTensors.read(file, prefix + "ema.updates");
    }
}
