package leanvit.jmh;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A fresh JVM, once: loading a model, and its first image, each apart. The class path and the JVM's own start are not
 * counted. {@code deit-tiny} needs {@code -Dleanvit.shared=DIR}; without it JMH says so and goes on.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 10, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class ColdBenchmark {

    @Benchmark
    public VisionTransformer load(Name name) throws IOException {
        return Models.load(name.model);
    }

    @Benchmark
    public float[] firstImage(Loaded loaded) {
        return loaded.inference.logits(loaded.pixels, 1);
    }

    /** Which model. */
    @State(Scope.Thread)
    public static class Name {

        @Param({"demo", "deit-tiny"})
        public String model;
    }

    /** A loaded model that has not run yet. */
    @State(Scope.Thread)
    public static class Loaded {

        private Inference inference;
        private float[] pixels;

        @Setup
        public void setUp(Name name) throws IOException {
            VisionTransformer model = Models.load(name.model);
            inference = model.inference();
            pixels = Models.pixels(model.config(), 1);
        }
    }
}
