package leanvit.jmh;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import leanvit.kernels.Provider;

/** What a measurement was made on: a speed without its processor and JVM says nothing. */
public final class Machine {

    private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

    private Machine() {
    }

    /** Returns the processor, Java's version, kernels, heap and collector in one line. */
    public static String describe() {
        String collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName).collect(Collectors.joining(", "));
        return String.format("%s; Java %s; %s; heap of %d MB, %s", processor(), Runtime.version(), Provider.describe(),
                Runtime.getRuntime().maxMemory() >> 20, collectors);
    }

    /** Returns the processor's name with its family and model, or the architecture where Linux does not say. */
    public static String processor() {
        try {
            List<String> lines = Files.readAllLines(PROCESSOR);
            return field(lines, "model name") + " (family " + field(lines, "cpu family") + ", model "
                    + field(lines, "model") + "), " + Runtime.getRuntime().availableProcessors() + " processors";
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static String field(List<String> lines, String name) {
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon >= 0 && line.substring(0, colon).trim().equals(name)) {
                return line.substring(colon + 1).trim();
            }
        }
        return "?";
    }
}
