package leanvit.kernels;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;

/**
 * The program of {@link AllocationTest}: calls each of the {@link KernelCases} until a round of calls allocates
 * nothing, and prints what its best round allocated and what a call took. An argument chooses the cases whose name
 * contains it.
 */
final class WarmCalls {

    private static final int CALLS = 20;
    private static final int TIMED_ROUNDS = 15;
    private static final long PATIENCE_NANOS = 4_000_000_000L;

    private WarmCalls() {
    }

    public static void main(String[] args) {
        System.out.println("provider " + Provider.describe());
        Map<String, Runnable> calls = KernelCases.all();
        if (args.length > 0) {
            calls.keySet().removeIf(name -> !name.contains(args[0]));
        }
        report(calls);
    }

    /** Prints a line {@code <name>: <bytes> bytes, <nanoseconds> ns} for each call. */
    static void report(Map<String, Runnable> calls) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        calls.forEach((name, call) -> {
            long bytes = bytes(threads, call);
            System.out.println(name + ": " + bytes + " bytes, " + nanos(call) + " ns");
        });
    }

    /** Asserts that a program reported all cases, and 0 bytes for each. */
    static void assertNothingAllocated(List<String> lines) {
        List<String> reported = lines.stream().filter(line -> line.contains(" bytes, ")).toList();
        List<String> allocating = reported.stream().filter(line -> !line.contains(": 0 bytes, ")).toList();
        if (reported.size() != KernelCases.all().size() || !allocating.isEmpty()) {
            throw new AssertionError(allocating + " of " + reported.size() + " cases; all that was printed:\n"
                    + String.join("\n", lines));
        }
    }

    /**
     * Vectors are objects until C2 has compiled a kernel, which takes thousands of calls and, on a busy machine, a
     * while; a kernel that boxes its vectors never gets there. Patience is counted in this thread's own time.
     */
    private static long bytes(ThreadMXBean threads, Runnable call) {
        long end = threads.getCurrentThreadCpuTime() + PATIENCE_NANOS;
        long best = Long.MAX_VALUE;
        do {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            best = Math.min(best, threads.getCurrentThreadAllocatedBytes() - before);
        } while (best > 0 && threads.getCurrentThreadCpuTime() < end);
        return best;
    }

    /** Returns the time of a call in the fastest of some rounds. */
    private static long nanos(Runnable call) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < TIMED_ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            best = Math.min(best, (System.nanoTime() - start) / CALLS);
        }
        return best;
    }
}
