package leanvit.jmh;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What the kernels' benchmarks have in common: JMH's settings, inputs, and a check of the answer before it is timed.
 *
 * <p>They call the kernels' public faces, as the model does. Which twin answers is decided once in a JVM, so a method
 * whose name begins with {@code scalar} has a JVM of its own that is told so.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = {KernelBenchmark.ADD_MODULES, KernelBenchmark.VECTOR_API})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class KernelBenchmark {

    /** With {@link #VECTOR_API}, the arguments of every JVM. */
    static final String ADD_MODULES = "--add-modules";
    static final String VECTOR_API = "jdk.incubator.vector";
    /** The third argument of a JVM that times the scalar kernels. */
    static final String SCALAR = "-Dleanvit.simd=scalar";

    /** Refuses to time the wrong twin. */
    @Setup
    public void requireProvider(BenchmarkParams params) {
        String name = params.getBenchmark();
        boolean scalar = name.startsWith("scalar", name.lastIndexOf('.') + 1);
        Models.requireProvider(scalar ? "scalar" : "simd");
    }

    /** Returns n values of a normal distribution, the same in every run. */
    static float[] normal(int n) {
        SplittableRandom random = new SplittableRandom(1);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            // Irwin and Hall: twelve uniform numbers have variance 1.
            double sum = -6;
            for (int j = 0; j < 12; j++) {
                sum += random.nextDouble();
            }
            values[i] = (float) sum;
        }
        return values;
    }

    /** Reads a shape such as 197x768. */
    static int[] shape(String text) {
        String[] sizes = text.split("x");
        int[] shape = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            shape[i] = Integer.parseInt(sizes[i]);
        }
        return shape;
    }

    /** Refuses to time a wrong answer. */
    static void check(String what, double got, double want, double tolerance) {
        if (!(Math.abs(got - want) <= tolerance)) {
            throw new IllegalStateException(what + " is " + got + ", expected " + want);
        }
    }
}
