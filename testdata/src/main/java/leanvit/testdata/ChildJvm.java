package leanvit.testdata;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs a program of the tests, with the tests' class path, in a JVM of its own: what C2 makes of code depends on all
 * that ran before, and some JVMs are to be odd.
 *
 * @param before  words before {@code java}, such as {@code taskset -c 0}
 * @param options of the JVM
 */
public record ChildJvm(List<String> before, List<String> options) {

    private static final int LAST_LINES = 50;

    /** Returns a JVM with no option. */
    public static ChildJvm plain() {
        return new ChildJvm(List.of(), List.of());
    }

    /** Returns a JVM with this JVM's options that begin with {@code -X}, its modules and its width of vectors. */
    public static ChildJvm likeThis() {
        List<String> options = new ArrayList<>();
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("-X") || argument.startsWith("--add-modules")) {
                options.add(argument);
            }
        }
        String width = System.getProperty("leanvit.simd");
        if (width != null) {
            options.add("-Dleanvit.simd=" + width);
        }
        return new ChildJvm(List.of(), options);
    }

    /** Returns a JVM with more options. */
    public ChildJvm with(String... more) {
        return new ChildJvm(before, Stream.concat(options.stream(), Stream.of(more)).toList());
    }

    /** Returns a JVM that a command such as {@code taskset -c 0} starts. */
    public ChildJvm by(String... command) {
        return new ChildJvm(List.of(command), options);
    }

    /** Runs a program and returns the lines that it and the JVM print; asserts that it ends with status 0. */
    public List<String> run(Class<?> program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(program.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> lines = output.lines().toList();
        int status = process.waitFor();
        if (status != 0) {
            throw new AssertionError(command + " ended with status " + status + ":\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
        }
        return lines;
    }
}
