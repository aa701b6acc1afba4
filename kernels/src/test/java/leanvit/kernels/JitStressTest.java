package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import leanvit.testdata.ChildJvm;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever ran first, however late and in whatever tiers C2 compiles, a warm kernel allocates nothing: {@link
 * JitStress} in JVMs of many kinds. Speed against a fresh JVM is printed, not asserted: other programs run on the
 * machine too.
 *
 * <p>The seed is a new one in each build; {@code -Dleanvit.seed} sets it.
 */
class JitStressTest {

    private static Map<String, Long> fresh;

    private final long seed = Long.getLong("leanvit.seed", new Random().nextInt(1_000_000));

    @BeforeEach
    void vectorsServe() throws Exception {
        Assumptions.assumeTrue(Provider.SIMD, "scalar code has no vectors to box");
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        if (fresh == null) {
            fresh = nanos(ChildJvm.likeThis().run(WarmCalls.class));
        }
    }

    @Test
    void compiledEarly() throws Exception {
        assertNothingAllocated(seed, "-XX:CompileThresholdScaling=0.1");
    }

    @Test
    void compiledLate() throws Exception {
        assertNothingAllocated(seed + 1, "-XX:CompileThresholdScaling=2");
    }

    @Test
    void compiledAtOnceByC2Alone() throws Exception {
        assertNothingAllocated(seed + 2, "-XX:-TieredCompilation", "-XX:-BackgroundCompilation");
    }

    @Test
    void onOneCore() throws Exception {
        Assumptions.assumeTrue(new File("/usr/bin/taskset").canExecute(), "no taskset here");
        assertNothingAllocated(ChildJvm.likeThis().by("/usr/bin/taskset", "-c", "0"), seed + 3);
    }

    private static void assertNothingAllocated(long seed, String... options) throws Exception {
        assertNothingAllocated(ChildJvm.likeThis().with(options), seed);
    }

    private static void assertNothingAllocated(ChildJvm jvm, long seed) throws Exception {
        String start = "seed " + seed + ", " + String.join(" ", jvm.before()) + " " + String.join(" ", jvm.options());
        List<String> lines = jvm.run(JitStress.class, Long.toString(seed));
        try {
            assertThat(lines).contains("provider " + Provider.describe());
            WarmCalls.assertNothingAllocated(lines);
        } catch (AssertionError e) {
            throw new AssertionError(start, e);
        }
        System.out.println(start + ": " + comparison(nanos(lines)));
    }

    private static Map<String, Long> nanos(List<String> lines) {
        Map<String, Long> nanos = new HashMap<>();
        for (String line : lines) {
            int bytes = line.indexOf(" bytes, ");
            if (bytes > 0) {
                nanos.put(line.substring(0, line.lastIndexOf(": ")),
                        Long.parseLong(line.substring(bytes + 8, line.length() - 3)));
            }
        }
        return nanos;
    }

    private static String comparison(Map<String, Long> nanos) {
        double[] ratios = new double[nanos.size()];
        double worst = 0;
        String slowest = "";
        int i = 0;
        for (Map.Entry<String, Long> entry : nanos.entrySet()) {
            double ratio = (double) entry.getValue() / Math.max(1, fresh.get(entry.getKey()));
            ratios[i++] = ratio;
            if (ratio > worst) {
                worst = ratio;
                slowest = entry.getKey();
            }
        }
        Arrays.sort(ratios);
        return String.format("time of a call against a fresh JVM's: median %.2f, largest %.2f (%s)",
                ratios[ratios.length / 2], worst, slowest);
    }
}
