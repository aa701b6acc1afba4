package leanvit.jmh;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import leanvit.kernels.MaskedAttention.Form;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.grad.Network;
import leanvit.vit.grad.Network.LastBlock;
import leanvit.vit.pass.Workers;
import leanvit.vit.train.BatchGradients;
import leanvit.vit.weights.VitParameters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * A training step of ViT-Ti beside its inference, on one thread: pixels to the gradients of all parameters, the
 * weights packed anew; and with frozen weights and masked attention over all tokens, down to the gradient of the
 * tokens, as thresholds learn. Read {@code :image} for milliseconds per image.
 */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class TrainingBenchmark extends KernelBenchmark {

    @Param({"8"})
    public int batch;

    private VitParameters model;
    private Inference inference;
    private BatchGradients pass;
    private Network frozen;
    private float[] pixels;
    private int[] labels;
    private float[] gradients;
    private float[] dLogits;

    @Setup
    public void setUp() throws IOException {
        model = Models.learnable("vit_tiny_patch16_224");
        pixels = Models.pixels(model.config(), batch);
        labels = new int[batch];
        inference = VisionTransformer.of(model.config(), model.parameters()).inference();
        pass = new BatchGradients(model, batch);
        frozen = new Network(model.config(), model.parameters(), batch, new Workers(), p -> false, Form.KEYS, 1e-5f,
                LastBlock.READ_AND_SHARES);
        gradients = model.parameters().zeros();
        dLogits = new float[batch * model.config().classes()];
        dLogits[0] = 1f;
        float[] want = inference.logits(pixels, batch);
        step(new Images());
        float[] got = pass.logits();
        float[] other = frozen.forward(pixels, batch);
        for (int i = 0; i < want.length; i++) {
            check("logit " + i, got[i], want[i], 1e-3);
            check("logit " + i + " of the frozen pass", other[i], want[i], 1e-2);
        }
    }

    @Benchmark
    public float[] inference(Images images) {
        images.add(batch, 0);
        return inference.logits(pixels, batch);
    }

    @Benchmark
    public double step(Images images) {
        images.add(batch, 0);
        double loss = pass.add(pixels, labels, 0.1f, gradients);
        pass.valuesChanged();
        return loss;
    }

    @Benchmark
    public float[] frozenStep(Images images) {
        images.add(batch, 0);
        frozen.forward(pixels, batch);
        frozen.backwardToTokens(dLogits, null, null);
        return frozen.gradient();
    }
}
