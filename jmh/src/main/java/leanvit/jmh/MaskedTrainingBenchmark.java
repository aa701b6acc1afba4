package leanvit.jmh;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import leanvit.reducers.Schedule;
import leanvit.reducers.Stages;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.train.DTpsPass;
import leanvit.vit.train.LtmpPass;
import leanvit.vit.train.SoftTargets;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A step of {@code train ltmp} and of {@code train dtps} with frozen weights, beside inference; one thread. C2 has seen
 * enough of a step after some twenty seconds.
 */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 20, time = 1)
public class MaskedTrainingBenchmark extends KernelBenchmark {

    @Param({"vit_tiny_patch16_224", "vit_small_patch16_224"})
    public String model;

    @Param({"8"})
    public int batch;

    private Inference inference;
    private LtmpPass ltmp;
    private DTpsPass dtps;
    private float[] pixels;
    private float[] targets;
    private float[] merge;
    private float[] prune;
    private float[][] noise;

    @Setup
    public void setUp() throws IOException {
        VitParameters parameters = Models.learnable(model);
        VitConfig config = parameters.config();
        inference = VisionTransformer.of(config, parameters.parameters()).inference();
        pixels = Models.pixels(config, batch);
        targets = SoftTargets.of(new int[batch], config.classes(), 0.1);
        merge = new float[config.depth()];
        prune = new float[config.depth()];
        Arrays.fill(merge, 0.5f);
        ltmp = new LtmpPass(parameters, batch, new LtmpPass.Settings(0.6), null, 1);
        Parameters predictors = new Parameters(DTpsPass.predictorShapes(config.width(), 3));
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < predictors.values().length; i++) {
            predictors.values()[i] = (float) random.nextDouble(-0.1, 0.1);
        }
        dtps = new DTpsPass(parameters, predictors, new Schedule.KeepOfInitial(List.of(0.7), Stages.AT_QUARTERS), true,
                parameter -> false, false, batch, null, 1);
        noise = new float[dtps.stages()][];
        Arrays.setAll(noise, s -> normal(2 * batch * config.patches()));
        float[] logits = inference.logits(pixels, batch);
        // Nothing is pruned with thresholds of 0, nor merged with 1: the masked pass is then the dense one.
        float[] never = new float[config.depth()];
        Arrays.fill(never, 1f);
        ltmp.run(pixels, targets, batch, never, prune);
        for (int i = 0; i < logits.length; i++) {
            check("logit " + i, ltmp.logits()[i], logits[i], 1e-3);
        }
    }

    @Benchmark
    public float[] inference() {
        return inference.logits(pixels, batch);
    }

    @Benchmark
    public double ltmpStep() {
        return ltmp.run(pixels, targets, batch, merge, prune);
    }

    @Benchmark
    public double dtpsStep() {
        return dtps.run(pixels, targets, batch, noise, null);
    }
}
