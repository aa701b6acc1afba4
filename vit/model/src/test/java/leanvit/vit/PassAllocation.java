package leanvit.vit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import leanvit.reducers.Reducers;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;

/**
 * The program of {@link PassAllocationTest}: passes of a model with random weights, with a reducer, until one allocates
 * nothing but its result.
 *
 * <p>Arguments: images a pass, threads, then reducers. Prints a line {@code <reducer>: <bytes> bytes more} for each.
 */
final class PassAllocation {

    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private PassAllocation() {
    }

    public static void main(String[] args) throws Exception {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int batch = Integer.parseInt(args[0]);
        Helper helper = new Helper();
        Inference plain = VisionTransformer.of(model(), RandomWeights.of(model(), 1)).inference()
                .with(helper, Integer.parseInt(args[1]));
        float[] pixels = TestWeights.images(model(), batch, 1);
        long result = (16L + 4L * batch * model().classes() + 7) / 8 * 8;
        for (int i = 2; i < args.length; i++) {
            Inference run = plain.with(Reducers.parse(args[i]));
            System.out.println(args[i] + ": " + least(bean, run, pixels, batch, helper, result) + " bytes more");
        }
        System.exit(0);
    }

    /** ViT-Ti, the smallest that people use. */
    private static VitConfig model() {
        return new VitConfig("ti", 224, 224, 16, 192, 12, 3, 768, 1000, VitConfig.Pooling.TOKEN, false, 1e-6f);
    }

    /** Vectors are objects until C2 has compiled what a pass needs; patience is counted in this thread's own time. */
    private static long least(ThreadMXBean bean, Inference run, float[] pixels, int batch, Helper helper, long result) {
        long end = bean.getCurrentThreadCpuTime() + PATIENCE_NANOS;
        long least = Long.MAX_VALUE;
        do {
            long before = bean.getCurrentThreadAllocatedBytes() + bean.getThreadAllocatedBytes(helper.id);
            run.logits(pixels, batch);
            long after = bean.getCurrentThreadAllocatedBytes() + bean.getThreadAllocatedBytes(helper.id);
            least = Math.min(least, after - before - result);
        } while (least > 0 && bean.getCurrentThreadCpuTime() < end);
        return least;
    }

    /** One thread that takes one task at a time and, unlike the JDK's, allocates nothing on the way. */
    private static final class Helper implements Executor {

        private final Thread thread = new Thread(this::serve);
        private final long id;
        private volatile Runnable task;

        @SuppressWarnings("deprecation") // Thread.threadId() comes with Java 19.
        Helper() {
            thread.setDaemon(true);
            id = thread.getId();
            thread.start();
        }

        private void serve() {
            while (true) {
                Runnable next = task;
                if (next == null) {
                    LockSupport.park();
                } else {
                    task = null;
                    next.run();
                }
            }
        }

        @Override
        public void execute(Runnable next) {
            while (task != null) {
                Thread.onSpinWait();
            }
            task = next;
            LockSupport.unpark(thread);
        }
    }
}
