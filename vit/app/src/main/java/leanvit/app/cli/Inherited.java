package leanvit.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Open files that a shell hands down by number, as it does for {@code classify <(cat cup.png)}, which it turns into
 * {@code classify /dev/fd/63}. Java closes all but the first three before it starts another program, so the second JVM
 * of the {@link Launcher} has to open the first one's.
 */
final class Inherited {

    private static final Pattern DESCRIPTOR = Pattern.compile("/(?:dev|proc/self)/fd/([3-9]|[1-9][0-9]+)");
    /** Where Linux shows the open files of every process. */
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");

    private Inherited() {
    }

    /**
     * Returns whether an argument names such a file, by itself or as an option's value, that a second JVM cannot reach.
     */
    static boolean isOutOfReach(List<String> arguments) {
        return !Files.isDirectory(OPEN_FILES)
                && arguments.stream().anyMatch(argument -> DESCRIPTOR.matcher(argument).find());
    }

    /**
     * Returns the path of a file that a command line names.
     *
     * @param first the process id of the first JVM; null where this one is it
     * @throws java.nio.file.InvalidPathException if the name cannot be a path here
     */
    static Path path(String name, Long first) {
        Matcher descriptor = DESCRIPTOR.matcher(name);
        return first != null && descriptor.matches() ? Path.of("/proc/" + first + "/fd/" + descriptor.group(1))
                : Path.of(name);
    }
}
