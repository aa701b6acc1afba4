package leanvit.jmh;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import leanvit.kernels.HeadMax;
import leanvit.kernels.HeadMean;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenHost;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The reduction's own work in one pass of one image: in every block that reduces, scores from what attention leaves
 * behind (mean key, means over heads, maximum of values), matching, sort, and applying the map to rows and sizes. Read
 * {@code :percentOfPass}, the share of a whole pass, timed before in the same JVM. What attention gathers on its way is
 * in {@link AttentionBenchmark}.
 *
 * <p>Attention and keys are random here, so only reducers whose counts do not depend on them.
 */
public class ReductionShareBenchmark extends KernelBenchmark {

    @Param({"vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224"})
    public String model;

    @Param({"tome:r=16", "tome:r=8", "pomt:r=56,layer=3", "etps:keep=0.7", "evit:keep=0.7"})
    public String reducer;

    private TokenReducer method;
    private ModelShape shape;
    private double passMicros;
    private float[] qkv;
    private float[] headScores;
    private float[] maxima;
    private float[] in;
    private float[] out;
    private float[] sizes;
    private float[] mergedSizes;
    private final TokenHost tokens = new TokenHost();
    private final TokenMap map = new TokenMap();

    @Setup
    public void setUp() throws IOException {
        VisionTransformer loaded = Models.load(model);
        method = Reducers.parse(reducer);
        shape = loaded.shape();
        Inference inference = loaded.inference().with(method);
        passMicros = medianMicros(inference, Models.pixels(loaded.config(), 1));
        int n = shape.tokens();
        qkv = normal(n * 3 * shape.width());
        headScores = normal(n * shape.heads());
        for (int i = 0; i < headScores.length; i++) {
            headScores[i] = Math.abs(headScores[i]) / n;
        }
        maxima = new float[n * shape.headDim()];
        in = normal(n * shape.width());
        out = new float[n * shape.width()];
        sizes = new float[n];
        mergedSizes = new float[n];
        check("tokens left", reduction(new PassShare()), inference.tokens(shape.depth() - 1, 0), 0);
    }

    /** Runs passes for three seconds and returns the median of the later half. */
    private static double medianMicros(Inference inference, float[] pixels) {
        double[] micros = new double[100_000];
        int passes = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        while (passes < 4 || passes < micros.length && System.nanoTime() < end) {
            long start = System.nanoTime();
            inference.logits(pixels, 1);
            micros[passes++] = (System.nanoTime() - start) * 1e-3;
        }
        double[] warm = Arrays.copyOfRange(micros, passes / 2, passes);
        Arrays.sort(warm);
        return warm[warm.length / 2];
    }

    @Benchmark
    public int reduction(PassShare share) {
        share.percentOfPass += passMicros / 100;
        int n = shape.tokens();
        Arrays.fill(sizes, 1f);
        for (int layer = 0; layer < shape.depth(); layer++) {
            if (method.reducesAt(shape, layer)) {
                n = reduce(layer, n);
            }
        }
        return n;
    }

    /** Does for one block what the model does around its reducer. */
    private int reduce(int layer, int n) {
        int width = shape.width();
        int headDim = shape.headDim();
        tokens.reset(shape, layer, n, in, 0);
        if (method.tracksSize()) {
            System.arraycopy(sizes, 0, tokens.prepareSizes(), 0, n);
        }
        for (Need need : method.needs()) {
            float[] prepared = tokens.prepare(need);
            switch (need) {
                case MEAN_KEY -> HeadMean.reduce(qkv, width, headDim, shape.heads(), 3 * width, n, headDim,
                        prepared, 0, headDim);
                case CLASS_ATTENTION, COLUMN_ATTENTION ->
                        HeadMean.reduce(headScores, 0, n, shape.heads(), n, 1, n, prepared, 0, n);
                case HEAD_MAX_ATTENTION -> System.arraycopy(headScores, 0, prepared, 0, n);
                case HEAD_MAX_VALUE -> {
                    HeadMax.reduce(qkv, 2 * width, headDim, shape.heads(), 3 * width, n, headDim, maxima, 0, headDim);
                    for (int i = 0; i < n; i++) {
                        float sum = 0f;
                        for (int c = 0; c < headDim; c++) {
                            sum += maxima[i * headDim + c];
                        }
                        prepared[i] = sum;
                    }
                }
            }
        }
        map.reset(n);
        method.reduce(tokens.tokens(), map);
        map.apply(in, 0, width, out, 0);
        if (method.tracksSize()) {
            map.applySizes(sizes, 0, mergedSizes, 0);
            System.arraycopy(mergedSizes, 0, sizes, 0, map.outputs());
        }
        return map.outputs();
    }

    /** Counts hundredths of a pass, so that the time for one of them is the share in percent. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class PassShare {

        public double percentOfPass;

        @Setup(Level.Iteration)
        public void reset() {
            percentOfPass = 0;
        }
    }
}
