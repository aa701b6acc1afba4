package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A warm reduction allocates nothing: deciding, applying, sizes, tracing. Runs on the scalar kernels, which show this
 * module's own bytes alone: whether C2 keeps the SIMD kernels' vectors in registers is for their own tests to say.
 */
class AllocationTest {

    private static final ModelShape MODEL = new ModelShape(12, 192, 3, 1, 196);

    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=16", "tome:r=16,inflect=-1", "tome:r=3/3/3/9", "ltmp:merge=0.1,prune=0.003",
        "etps:keep=0.7", "evit:keep=0.7", "topk:keep=0.7", "topk:r=8", "dtps:keep=0.7,predictors=p", "pomt:r=56",
        "tome-kth:k=2", "tome-random:r=16"})
    void aWarmCallAllocatesNothing(String spec) throws IOException {
        Assumptions.assumeTrue(
                "scalar".equals(System.getProperty("leanvit.simd")), "runs in surefire's execution 'allocation'");
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        TokenReducer reducer = Reducers.parse(spec, path -> TokenPredictorTest.predictors(3, 192, "predictor.", 1));
        LayerTokens tokens = Images.random(MODEL, 3, 197, 1);
        float[] out = new float[197 * 192];
        float[] sizes = new float[197];
        int[] assignment = new int[197];
        TokenMap map = new TokenMap();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 100 && least > 0; round++) {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            for (int i = 0; i < 20; i++) {
                map.reset(197);
                reducer.reduce(tokens, map);
                map.checkComplete(reducer);
                map.apply(tokens.rows(), tokens.rowOffset(0), 192, out, 0);
                map.applySizes(tokens.sizes(), 0, sizes, 0);
                Arrays.fill(assignment, 0);
                map.trace(assignment, 0, 197);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before);
        }
        assertThat(least).as("bytes in 20 calls").isZero();
    }
}
