package leanvit.jmh;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import leanvit.reducers.Reducers;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * A whole model, pixels to logits, on one thread. Read {@code :image} for milliseconds per image; the score is for a
 * batch.
 */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ModelBenchmark extends KernelBenchmark {

    /** An architecture, or {@code deit-tiny} for the trained one. */
    @Param({"vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224"})
    public String model;

    @Param({"1", "8"})
    public int batch;

    @Param({"none", "tome:r=16", "tome:r=8", "pomt:r=56,layer=3", "etps:keep=0.7", "evit:keep=0.7",
            "ltmp:merge=0.45,prune=0.0049"})
    public String reducer;

    private Inference inference;
    private float[] pixels;
    private long macs;

    @Setup
    public void setUp() throws IOException {
        setUp(Models.load(model));
    }

    /** Makes ready with a model that is loaded already. */
    public void setUp(VisionTransformer loaded) {
        inference = loaded.inference().with(Reducers.parse(reducer));
        pixels = Models.pixels(loaded.config(), batch);
        float[] logits = inference.logits(pixels, batch);
        macs = 0;
        for (int image = 0; image < batch; image++) {
            macs += inference.macs(image);
        }
        checkAgainstSingleImages(loaded, logits);
    }

    /** Tests compare logits with other implementations'; here, that a batch gives what its images give one by one. */
    private void checkAgainstSingleImages(VisionTransformer loaded, float[] logits) {
        int last = batch - 1;
        int values = pixels.length / batch;
        float[] alone = loaded.inference().with(inference.reducer())
                .logits(Arrays.copyOfRange(pixels, last * values, pixels.length), 1);
        int classes = alone.length;
        for (int c = 0; c < classes; c++) {
            check("logit " + c, logits[last * classes + c], alone[c], 0);
        }
    }

    @Benchmark
    public float[] pass(Images images) {
        images.add(batch, macs);
        return inference.logits(pixels, batch);
    }
}
