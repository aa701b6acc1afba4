package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import leanvit.testdata.ChildJvm;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** A warm call of any kernel allocates nothing. */
class AllocationTest {

    @Test
    void warmCallsAllocateNothing() throws Exception {
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        List<String> lines = ChildJvm.likeThis().run(WarmCalls.class);
        assertThat(lines).contains("provider " + Provider.describe());
        WarmCalls.assertNothingAllocated(lines);
    }
}
