package leanvit.jmh;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import leanvit.kernels.Provider;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/**
 * The limit of one core: fused multiply-adds between registers, at the width that the kernels use. No load, no store;
 * 12 chains, where a core with two units of four cycles needs 8, and 14 of 16 registers. A chain's value is the addend,
 * as in a matmul: C2 has only the instruction that overwrites the addend, and copies any other.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class FmaLimitBenchmark extends KernelBenchmark {

    /** Of the width that the kernels use. */
    private static final VectorSpecies<Float> F = switch (Provider.vectorBits()) {
        case 512 -> FloatVector.SPECIES_512;
        case 256 -> FloatVector.SPECIES_256;
        case 128 -> FloatVector.SPECIES_128;
        default -> FloatVector.SPECIES_PREFERRED;
    };
    private static final int L = F.length();

    private static final int STEPS = 10_000;
    private static final int CHAINS = 12;

    private float x = 0.5f;
    private float y = 0x1p-10f;

    @Setup
    public void setUp() {
        // The chains start at 1 to 12; all sums are exact in float.
        double chains = CHAINS * (CHAINS + 1) / 2 + (double) CHAINS * STEPS * x * y;
        check("sum of all lanes", fma(new Flops()), L * chains, 0);
    }

    @Benchmark
    public float fma(Flops flops) {
        FloatVector x = FloatVector.broadcast(F, this.x);
        FloatVector y = FloatVector.broadcast(F, this.y);
        // Different starts: twelve equal chains would be one.
        FloatVector a = FloatVector.broadcast(F, 1f);
        FloatVector b = FloatVector.broadcast(F, 2f);
        FloatVector c = FloatVector.broadcast(F, 3f);
        FloatVector d = FloatVector.broadcast(F, 4f);
        FloatVector e = FloatVector.broadcast(F, 5f);
        FloatVector f = FloatVector.broadcast(F, 6f);
        FloatVector g = FloatVector.broadcast(F, 7f);
        FloatVector h = FloatVector.broadcast(F, 8f);
        FloatVector i = FloatVector.broadcast(F, 9f);
        FloatVector j = FloatVector.broadcast(F, 10f);
        FloatVector k = FloatVector.broadcast(F, 11f);
        FloatVector l = FloatVector.broadcast(F, 12f);
        for (int step = 0; step < STEPS; step++) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
            k = x.fma(y, k);
            l = x.fma(y, l);
        }
        flops.add(2.0 * STEPS * CHAINS * L);
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l)
                .reduceLanes(VectorOperators.ADD);
    }
}
