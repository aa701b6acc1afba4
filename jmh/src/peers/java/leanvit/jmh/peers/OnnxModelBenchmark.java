package leanvit.jmh.peers;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import leanvit.jmh.Images;
import leanvit.jmh.KernelBenchmark;
import leanvit.jmh.Models;
import leanvit.reducers.ModelShape;
import leanvit.vit.Macs;
import leanvit.vit.VisionTransformer;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * A whole model by ONNX Runtime, pixels to logits, on one thread. The trained model has the weights that ours reads,
 * and must give our logits; the others have constant weights, and take as long.
 */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class OnnxModelBenchmark extends KernelBenchmark {

    @Param({"vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224", "deit-tiny"})
    public String model;

    @Param({"1", "8"})
    public int batch;

    private OnnxRuntime runtime;
    private long batchMacs;

    @Setup
    public void setUp() throws IOException, OrtException {
        boolean trained = model.equals("deit-tiny");
        VisionTransformer ours = trained ? Models.load(model) : null;
        VitConfig config = trained ? ours.config() : RandomWeights.of(model, 1).config();
        Path file = Models.shared(trained ? "models/deit-tiny/model.onnx" : "models/speed/" + model + ".onnx");
        float[] pixels = Models.pixels(config, batch);
        runtime = new OnnxRuntime(Files.readAllBytes(Models.requireFile(file)), pixels,
                new long[] {batch, 3, config.imageHeight(), config.imageWidth()}, new long[] {batch, config.classes()});
        runtime.run();
        checkLogits(runtime.output(), trained ? ours.inference().logits(pixels, batch) : null);
        ModelShape shape = new ModelShape(config.depth(), config.width(), config.heads(), 1, config.patches());
        Macs macs = new Macs(config, shape);
        long blocks = shape.depth() * macs.block(shape.tokens(), shape.tokens());
        batchMacs = batch * (macs.embedding() + blocks + macs.head());
    }

    private static void checkLogits(float[] logits, float[] expected) {
        for (int i = 0; i < logits.length; i++) {
            if (!Float.isFinite(logits[i]) || expected != null && !(Math.abs(logits[i] - expected[i]) <= 1e-3f)) {
                throw new IllegalStateException("value " + i + " of the logits is " + logits[i] + ", expected "
                        + (expected == null ? "a number" : expected[i]));
            }
        }
    }

    @Benchmark
    public FloatBuffer pass(Images images) throws OrtException {
        images.add(batch, batchMacs);
        return runtime.run();
    }
}
