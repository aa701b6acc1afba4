package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import leanvit.kernels.Gemm;
import leanvit.reducers.Reducers;
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
        List<String> lines = run(arguments);
        assertThat(lines).containsAll(reducers.stream().map(reducer -> reducer + ": 0 bytes more").toList());
    }

    private static List<String> run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("-X") || argument.startsWith("--add-modules")) {
                command.add(argument);
            }
        }
        command.add("-cp");
        command.add(String.join(File.pathSeparator, place(Gemm.class), place(Reducers.class),
                place(VisionTransformer.class), place(PassAllocation.class), place(assertThat("").getClass())));
        command.add(PassAllocation.class.getName());
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> lines = output.lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }

    private static String place(Class<?> type) {
        return new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getPath();
    }
}
