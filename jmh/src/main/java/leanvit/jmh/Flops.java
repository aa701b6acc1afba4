package leanvit.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Counts floating-point operations; a multiply and an add are two. In throughput a second, JMH's line {@code :gflops}
 * is GFLOP/s: the unit of all benchmarks that multiply matrices.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Flops {

    /** Operations so far, in thousands of millions. */
    public double gflops;

    @Setup(Level.Iteration)
    public void reset() {
        gflops = 0;
    }

    /** Adds operations. */
    public void add(double operations) {
        gflops += operations * 1e-9;
    }
}
