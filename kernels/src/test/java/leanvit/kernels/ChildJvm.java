package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a program of these tests in a JVM of its own, with this JVM's options: what C2 makes of a kernel depends on all
 * that ran before.
 */
final class ChildJvm {

    private ChildJvm() {
    }

    /** Runs a program and returns the lines that it and the JVM print; asserts that it ends well. */
    static List<String> run(Class<?> program, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        return run(List.of(), program, options, arguments);
    }

    /** {@link #run(Class, List, String...)}, by way of a command such as {@code taskset -c 0}. */
    static List<String> run(List<String> before, Class<?> program, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
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
        command.addAll(options);
        command.add("-cp");
        command.add(directory(Gemm.class) + File.pathSeparator + directory(program));
        command.add(program.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> lines = output.lines().toList();
        assertThat(process.waitFor()).as("%s: %s", command, last(lines)).isZero();
        return lines;
    }

    private static List<String> last(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - 50), lines.size());
    }

    private static String directory(Class<?> type) {
        return new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getPath();
    }
}
