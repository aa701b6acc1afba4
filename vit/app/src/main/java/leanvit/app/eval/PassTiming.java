package leanvit.app.eval;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleConsumer;
import java.util.function.LongSupplier;
import leanvit.vit.Inference;
import leanvit.vit.weights.VitConfig;

/**
 * How long forward passes take. Times are milliseconds per image: those of a pass, divided by its images.
 *
 * @param batch         images per pass
 * @param passes        passes that were timed
 * @param lowerQuartile a quarter of the passes took less
 * @param median        half of the passes took less
 * @param upperQuartile a quarter of the passes took more
 * @param macs          multiply-accumulates per image, mean over the batch
 * @param tokens        tokens after the last block, mean over the batch
 * @param bytes         bytes that the caller's thread allocated per pass, its result included; -1 where this
 *                      Java, an image without jdk.management, cannot tell
 */
public record PassTiming(int batch, int passes, double lowerQuartile, double median, double upperQuartile, double macs,
                         double tokens, long bytes) {

    private static final long SEED = 1;
    private static final double NANOS = 1e9;
    private static final int LEAST_PASSES = 5;
    private static final int ALLOCATION_PASSES = 10;

    /**
     * Measures passes over a batch of normal noise, one after another.
     *
     * @param run      the model, with its reducer and threads
     * @param batch    images per pass, at least 1
     * @param warmUp   seconds of passes that are not timed, above 0; C2 has compiled a model's kernels after about a
     *                 second
     * @param seconds  seconds of passes that are, above 0; there are at least {@value #LEAST_PASSES} in any case
     * @param progress is told now and then what share is done, to 1
     * @throws IllegalArgumentException if a number is out of range
     */
    public static PassTiming measure(Inference run, int batch, double warmUp, double seconds, DoubleConsumer progress) {
        return measure(run, batch, warmUp, seconds, progress, System::nanoTime);
    }

    /** The same by another clock, which gives nanoseconds: once before the first pass, then before and after each. */
    static PassTiming measure(Inference run, int batch, double warmUp, double seconds, DoubleConsumer progress,
            LongSupplier clock) {
        if (batch < 1 || !(warmUp > 0 && seconds > 0 && warmUp + seconds < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("batch is " + batch + ", expected 1 or more; seconds are " + warmUp
                    + " and " + seconds + ", expected more than 0");
        }
        float[] pixels = noise(run.model().config(), batch);
        time(run, pixels, batch, warmUp, clock, share -> progress.accept(share * warmUp / (warmUp + seconds)));
        double[] times = time(run, pixels, batch, seconds, clock,
                share -> progress.accept((warmUp + share * seconds) / (warmUp + seconds)));
        Arrays.sort(times);
        double macs = 0;
        double tokens = 0;
        for (int image = 0; image < batch; image++) {
            macs += run.macs(image) / (double) batch;
            tokens += run.tokens(run.model().shape().depth() - 1, image) / (double) batch;
        }
        return new PassTiming(batch, times.length, Quantiles.quantile(times, 0.25), Quantiles.quantile(times, 0.5),
                Quantiles.quantile(times, 0.75), macs, tokens, allocated(run, pixels, batch));
    }

    /** Returns images per second at the median. */
    public double imagesPerSecond() {
        return 1000 / median;
    }

    /** Returns 10^9 floating-point operations per second at the median, two for each multiply-accumulate. */
    public double gflops() {
        return 2 * macs / (median * 1e6);
    }

    private static float[] noise(VitConfig config, int batch) {
        Random random = new Random(SEED);
        float[] pixels = new float[Math.multiplyExact(batch, 3 * config.imageHeight() * config.imageWidth())];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        return pixels;
    }

    /** Runs passes for some seconds and returns the milliseconds per image of each. */
    private static double[] time(Inference run, float[] pixels, int batch, double seconds, LongSupplier clock,
            DoubleConsumer progress) {
        double[] times = new double[256];
        int passes = 0;
        long begin = clock.getAsLong();
        double share = 0;
        while (share < 1) {
            if (passes == times.length) {
                times = Arrays.copyOf(times, 2 * passes);
            }
            long start = clock.getAsLong();
            run.logits(pixels, batch);
            long end = clock.getAsLong();
            times[passes++] = (end - start) / 1e6 / batch;
            share = Math.min((end - begin) / (seconds * NANOS), (double) passes / LEAST_PASSES);
            progress.accept(Math.min(1, share));
        }
        return Arrays.copyOf(times, passes);
    }

    private static long allocated(Inference run, float[] pixels, int batch) {
        if (ModuleLayer.boot().findModule("jdk.management").isEmpty()) {
            return -1;
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().getId();
        // The first call of a thread may itself allocate.
        threads.getThreadAllocatedBytes(self);
        long before = threads.getThreadAllocatedBytes(self);
        for (int pass = 0; pass < ALLOCATION_PASSES; pass++) {
            run.logits(pixels, batch);
        }
        return (threads.getThreadAllocatedBytes(self) - before) / ALLOCATION_PASSES;
    }
}
