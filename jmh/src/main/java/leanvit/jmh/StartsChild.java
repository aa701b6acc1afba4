package leanvit.jmh;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import leanvit.reducers.Reducers;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;

/**
 * One start of a JVM for {@link Starts}: warms a whole model up, then times passes and counts the bytes that the
 * caller's thread allocates beyond the result. Prints three numbers: the median pass in ms, the median bytes of a pass,
 * and the largest.
 */
final class StartsChild {

    /** Warm-up ends here even where time remains, and time is not over before that many: a stuck JVM is slow. */
    private static final int LEAST_WARM_UP = 10;
    private static final int LEAST_PASSES = 10;
    private static final int MOST_PASSES = 100;
    private static final long MEASURED_NANOS = 700_000_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long SELF = Thread.currentThread().getId();
    /** Keeps results from being optimised away. */
    private static float[] result;

    private StartsChild() {
    }

    /** Arguments: architecture, SPEC, seconds and passes of warm-up. */
    public static void main(String[] arguments) throws IOException {
        VisionTransformer model = Models.load(arguments[0]);
        Inference inference = model.inference().with(Reducers.parse(arguments[1]));
        double seconds = Double.parseDouble(arguments[2]);
        int passes = Integer.parseInt(arguments[3]);
        float[] pixels = Models.pixels(model.config(), 1);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int pass = 0; pass < passes && (pass < LEAST_WARM_UP || System.nanoTime() < end); pass++) {
            result = inference.logits(pixels, 1);
        }
        long resultBytes = resultBytes(result.length);
        long[] bytes = new long[MOST_PASSES];
        double[] millis = new double[MOST_PASSES];
        int measured = 0;
        long begin = System.nanoTime();
        while (measured < MOST_PASSES && (measured < LEAST_PASSES || System.nanoTime() - begin < MEASURED_NANOS)) {
            long before = THREADS.getThreadAllocatedBytes(SELF);
            long start = System.nanoTime();
            result = inference.logits(pixels, 1);
            millis[measured] = (System.nanoTime() - start) * 1e-6;
            bytes[measured++] = THREADS.getThreadAllocatedBytes(SELF) - before - resultBytes;
        }
        Arrays.sort(bytes, 0, measured);
        System.out.printf(Locale.ROOT, "%.4f %d %d%n", Quartiles.of(Arrays.copyOf(millis, measured)).median(),
                bytes[measured / 2], bytes[measured - 1]);
    }

    /** Returns what an array of that length takes: the header's size is the JVM's affair. */
    private static long resultBytes(int length) {
        long bytes = 0;
        for (int i = 0; i < 2; i++) {
            // The first round warms up: a thread's first question may itself allocate.
            long before = THREADS.getThreadAllocatedBytes(SELF);
            result = new float[length];
            bytes = THREADS.getThreadAllocatedBytes(SELF) - before;
        }
        return bytes;
    }
}
