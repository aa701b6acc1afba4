package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * A warm call of a kernel allocates nothing. Measured in a JVM of its own, which runs a model's shapes alone: after the odd
 * shapes of other tests C2 may take a hot call for a cold one, and what it does not inline boxes its vectors.
 */
class AllocationTest {

    @Test
    void warmCallsAllocateNothing() throws IOException, InterruptedException {
        Assumptions.assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "this JVM counts no bytes");
        Process process = new ProcessBuilder(command()).redirectErrorStream(true).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        List<String> kernels = lines.stream().filter(line -> line.startsWith("bytes of ")).toList();
        assertThat(lines).contains("provider " + Provider.describe());
        assertThat(kernels).hasSize(14).allSatisfy(line -> assertThat(line).endsWith(": 0"));
    }

    /** This JVM's options, with the program's two class directories. */
    private static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("-X") || argument.startsWith("--add-modules")) {
                command.add(argument);
            }
        }
        String width = System.getProperty("leanvit.simd");
        if (width != null) {
            command.add("-Dleanvit.simd=" + width);
        }
        command.add("-cp");
        command.add(directory(Gemm.class) + File.pathSeparator + directory(WarmCalls.class));
        command.add(WarmCalls.class.getName());
        return command;
    }

    private static String directory(Class<?> type) {
        return new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getPath();
    }
}
