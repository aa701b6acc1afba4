package leanvit.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM with this program's class path and the Vector API, whose standard output is its answer. {@code
 * -Dleanvit.shared} and {@code -Dleanvit.simd} are handed on.
 *
 * @param prefix  words before {@code java}, such as {@code taskset -c 0}
 * @param java    the launcher; null for the one that runs this
 * @param jvmArgs arguments of the JVM besides those that all have
 */
public record ChildJvm(List<String> prefix, String java, List<String> jvmArgs) {

    private static final List<String> HANDED_ON = List.of("leanvit.shared", "leanvit.simd");

    /** Splits a command-line option's value, such as {@code -XX:+UseZGC -Xmx4g}, at blanks. */
    public static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.trim().split("\\s+"));
    }

    /**
     * Runs a program to its end.
     *
     * @return the lines of its standard output
     * @throws IOException if it fails: with what it wrote to standard error
     */
    public List<String> run(Class<?> program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(java == null ? Path.of(System.getProperty("java.home"), "bin", "java").toString() : java);
        command.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        for (String property : HANDED_ON) {
            if (System.getProperty(property) != null) {
                command.add("-D" + property + "=" + System.getProperty(property));
            }
        }
        command.addAll(jvmArgs);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("leanvit-", ".log");
        try {
            Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
            List<String> lines;
            try (var reader = process.inputReader()) {
                lines = reader.lines().toList();
            }
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(String.join(" ", command) + " ended with status " + status + ":\n"
                        + String.join("\n", lines) + "\n" + Files.readString(errors));
            }
            return lines;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(errors);
        }
    }
}
