package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Assumptions;

/** Counts what a thread allocates. */
final class Allocations {

    private static final int ROUNDS = 3000;
    private static final int CALLS = 20;

    private Allocations() {
    }

    /**
     * Calls until a round of calls allocates nothing. The Vector API allocates until C2 has compiled a kernel, which takes
     * thousands of calls and a while; a kernel that boxes its vectors never gets there.
     */
    static void assertNoneWhenWarm(Runnable call) {
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least > 0; round++) {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before);
        }
        assertThat(least).as("bytes in %d calls", CALLS).isZero();
    }
}
