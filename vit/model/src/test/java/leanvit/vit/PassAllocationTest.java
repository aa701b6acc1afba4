package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import leanvit.testdata.ChildJvm;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * A warm pass allocates nothing but its result, with any reducer and with helper threads. In JVMs of their own, since
 * what C2 makes of a pass depends on all that ran before. (dTPS is left out: it takes a file of trained predictors.)
 */
class PassAllocationTest {

    private static final List<String> REDUCERS = List.of("none", "tome:r=16", "ltmp:merge=0.45,prune=0.0049",
            "etps:keep=0.7", "pomt:r=56", "evit:keep=0.7", "topk:keep=0.7", "topk:r=16");

    @Test
    void oneThread() throws Exception {
        assertNothingButTheResult(1, 1, REDUCERS);
    }

    @Test
    void twoThreads() throws Exception {
        assertNothingButTheResult(1, 2, REDUCERS);
    }

    @Test
    void twoImages() throws Exception {
        assertNothingButTheResult(2, 1, REDUCERS);
    }

    private static void assertNothingButTheResult(int batch, int threads, List<String> reducers) throws Exception {
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        List<String> arguments = new ArrayList<>(List.of(Integer.toString(batch), Integer.toString(threads)));
        arguments.addAll(reducers);
        List<String> lines = ChildJvm.likeThis().run(PassAllocation.class, arguments.toArray(String[]::new));
        assertThat(lines).containsAll(reducers.stream().map(reducer -> reducer + ": 0 bytes more").toList());
    }
}
