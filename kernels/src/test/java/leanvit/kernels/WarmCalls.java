package leanvit.kernels;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.kernels.Gemm.Epilogue;

/**
 * The program of {@link AllocationTest}: calls kernels on a model's shapes until a round of calls allocates nothing, and
 * prints for each kernel what its best round allocated.
 */
final class WarmCalls {

    private static final int CALLS = 20;
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private WarmCalls() {
    }

    public static void main(String[] args) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        System.out.println("provider " + Provider.describe());
        calls().forEach((name, call) -> System.out.println("bytes of " + name + ": " + best(threads, call)));
    }

    /**
     * Vectors are objects until C2 has compiled a kernel, which takes thousands of calls and, on a busy machine, a while; a
     * kernel that boxes its vectors never gets there. Patience is counted in this thread's own time.
     */
    private static long best(ThreadMXBean threads, Runnable call) {
        long start = threads.getCurrentThreadCpuTime();
        long best = Long.MAX_VALUE;
        while (best > 0 && threads.getCurrentThreadCpuTime() - start < PATIENCE_NANOS) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            best = Math.min(best, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return best;
    }

    private static Map<String, Runnable> calls() {
        Map<String, Runnable> calls = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int columns : new int[] {96, 101}) {
            float[] a = Awkward.values(random, 23 * 64, 1f);
            PackedMatrix b = PackedMatrix.of(Awkward.values(random, 64 * columns, 1f), 0, columns, 64, columns, null);
            float[] c = new float[23 * columns];
            for (Epilogue epilogue : Epilogue.values()) {
                calls.put("matmul of " + columns + " columns, " + epilogue,
                        () -> Gemm.multiply(23, a, 0, 64, b, epilogue, c, 0, columns));
            }
        }
        for (int n : new int[] {48, 50}) {
            AttentionInput input = AttentionInput.random(n, 2, 32, true, 1);
            float[] out = new float[n * 64];
            float[] gathered = new float[2 * n];
            float[] scratch = new float[Attention.headMaxScratchLength(n, 2, 32)];
            calls.put("attention of " + n + " tokens", () -> Attention.head(n, n, 2, 1, 32, input.qkv().array(),
                    input.qkv().offset(), input.qkv().stride(), input.bias(), 0, out, 0, 64, gathered, 0, gathered, n, scratch));
            calls.put("head maximum of " + n + " tokens", () -> Attention.headMax(n, 1, 2, 32, input.qkv().array(),
                    input.qkv().offset(), input.qkv().stride(), null, 0, out, 0, 64, gathered, 0, scratch));
        }
        for (int n : new int[] {96, 97}) {
            float[] metric = Awkward.values(random, n * 20, 1f);
            float[] best = new float[n];
            int[] partner = new int[n];
            float[] scratch = new float[BipartiteMatching.nearestScratch(n, n, 20)];
            int[] list = new int[n];
            for (int i = 0; i < n; i++) {
                list[i] = n - 1 - i;
            }
            calls.put("matching of " + n + " rows", () -> BipartiteMatching.alternating(metric, 0, 20, n, 20, 1, best, partner,
                    scratch));
            calls.put("matching of " + n + " listed rows", () -> BipartiteMatching.nearest(metric, 0, 20, 20, list, 0, n / 2, list,
                    n / 2, n - n / 2, 1e-6f, best, partner, scratch));
        }
        return calls;
    }
}
