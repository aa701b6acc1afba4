package leanvit.jmh;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import leanvit.kernels.scalar.ScalarMath;
import leanvit.kernels.simd.Lanes;
import leanvit.kernels.simd.VectorMath;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/** The functions inside the kernels, in a loop over an array that stays in the L1 cache: nanoseconds a float. */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(VectorMathBenchmark.LENGTH)
public class VectorMathBenchmark extends KernelBenchmark {

    /** 8 KB in and 8 KB out. */
    static final int LENGTH = 2048;

    private final float[] x = new float[LENGTH];
    private final float[] out = new float[LENGTH];

    @Setup
    public void setUp() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < LENGTH; i++) {
            x[i] = -8f * (float) random.nextDouble();
        }
        exp();
        for (int i = 0; i < LENGTH; i++) {
            if (out[i] != ScalarMath.exp(x[i])) {
                throw new IllegalStateException("exp(" + x[i] + ") = " + out[i]);
            }
        }
    }

    @Benchmark
    public float[] exp() {
        for (int i = 0; i < LENGTH; i += Lanes.L) {
            VectorMath.exp(FloatVector.fromArray(Lanes.F, x, i)).intoArray(out, i);
        }
        return out;
    }

    @Benchmark
    public float[] expNonPositive() {
        for (int i = 0; i < LENGTH; i += Lanes.L) {
            VectorMath.expNonPositive(FloatVector.fromArray(Lanes.F, x, i)).intoArray(out, i);
        }
        return out;
    }

    @Benchmark
    public float[] erf() {
        for (int i = 0; i < LENGTH; i += Lanes.L) {
            VectorMath.erf(FloatVector.fromArray(Lanes.F, x, i)).intoArray(out, i);
        }
        return out;
    }

    @Benchmark
    public float[] gelu() {
        for (int i = 0; i < LENGTH; i += Lanes.L) {
            VectorMath.gelu(FloatVector.fromArray(Lanes.F, x, i)).intoArray(out, i);
        }
        return out;
    }
}
