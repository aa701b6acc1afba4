package leanvit.app.cli;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The options that this JVM was started with, to start another one with the same.
 *
 * <p>Most options can be given to any number of JVMs. A few claim something that exists once: a port, a file that is
 * open from start to end, the attention of a debugger. A copy of those would fail, or spoil what the first JVM has
 * claimed; and if they were left out, the user would watch a JVM that does nothing. So with one of them there must be
 * no second JVM. {@link #claim} finds it:
 * <ul>
 * <li>agents, whose point is to see the work: {@code -agentlib:} (also {@code jdwp}, the debugger),
 * {@code -agentpath:}, {@code -javaagent:}, {@code -Xrun};
 * <li>ports of JMX: {@code -Dcom.sun.management.jmxremote.port} and {@code .rmi.port} other than 0, and
 * {@code com.sun.management.config.file}, which may set them;
 * <li>files of a log: {@code -Xlog:...:file=}, {@code -Xloggc:}, {@code -XX:LogFile=}, unless {@code %p} in the name
 * makes it one for each process;
 * <li>flight recordings: {@code -XX:StartFlightRecording};
 * <li>files that are written at the exit: {@code -XX:ArchiveClassesAtExit=}, {@code -XX:+AutoCreateSharedArchive},
 * {@code -XX:DumpLoadedClassList=}, {@code -XX:AOTCacheOutput=}, {@code -XX:AOTMode=record},
 * {@code -XX:PerfDataSaveFile=}, {@code -XX:PerfMapFile=} (these two, too, unless {@code %p} is in the name).
 * </ul>
 * Archives that are only read, and files that are written at a crash ({@code -XX:ErrorFile}, {@code -XX:HeapDumpPath}),
 * any number of JVMs may name.
 *
 * @param words         the options, as they can stand on a command line
 * @param inEnvironment whether options of the environment ({@link #VARIABLES}) are not among the words, so that another
 *                      JVM has to get them from there
 */
record JvmOptions(List<String> words, boolean inEnvironment) {

    /** The variables in which a JVM, or its launcher, looks for options. */
    static final List<String> VARIABLES = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final List<Pattern> CLAIMS = Stream.of(
            "-agentlib:.*", "-agentpath:.*", "-javaagent:.*", "-Xrun.*",
            "-Dcom\\.sun\\.management\\.jmxremote\\.(rmi\\.)?port=(?!0$).*",
            "-Dcom\\.sun\\.management\\.config\\.file=.*",
            "-Xlog:[^:]*:(?!(stdout|stderr)?(:|$))(?!.*%p).*", "-Xloggc:(?!.*%p).*",
            "-XX:StartFlightRecording.*",
            "-XX:(ArchiveClassesAtExit|DumpLoadedClassList|AOTCacheOutput)=.*",
            "-XX:\\+AutoCreateSharedArchive", "-XX:AOTMode=record",
            "-XX:(LogFile|PerfDataSaveFile|PerfMapFile)=(?!.*%p).*").map(Pattern::compile).toList();

    JvmOptions {
        words = List.copyOf(words);
    }

    /**
     * Returns the options of this JVM; null where there is no way to know.
     *
     * <p>The JVM's own list, which takes 6 to 20 ms to ask for, has them all, in the order in which they hold: from the
     * command line, the environment and files of options. An image without java.management has no such list. Linux and
     * macOS know the command line, if it is not long: {@code @argfiles} in it cannot be told from arguments.
     *
     * @param arguments what stands on the command line behind the class or jar
     */
    static JvmOptions given(List<String> arguments) {
        if (ModuleLayer.boot().findModule("java.management").isPresent()) {
            return new JvmOptions(ManagementFactory.getRuntimeMXBean().getInputArguments(), false);
        }
        String[] words = ProcessHandle.current().info().arguments().orElse(null);
        List<String> options = words == null ? null : before(arguments, List.of(words));
        return options == null ? null : new JvmOptions(options, true);
    }

    /** Returns what stands before {@code -jar X}, {@code -m X} or the main class; null where this cannot be told. */
    static List<String> before(List<String> arguments, List<String> words) {
        int end = words.size() - arguments.size();
        if (end < 1 || !words.subList(end, words.size()).equals(arguments)) {
            return null;
        }
        boolean named = end > 1 && List.of("-jar", "-m", "--module").contains(words.get(end - 2));
        List<String> options = words.subList(0, end - (named ? 2 : 1));
        return options.stream().anyMatch(word -> word.startsWith("@")) ? null : options;
    }

    /** Returns the first option that claims something which there is once; null where none does. */
    String claim(Map<String, String> environment) {
        List<String> all = new ArrayList<>(words);
        for (String variable : VARIABLES) {
            if (inEnvironment && environment.containsKey(variable)) {
                all.addAll(List.of(environment.get(variable).split("\\s+")));
            }
        }
        return all.stream().filter(word -> CLAIMS.stream().anyMatch(claim -> claim.matcher(word).matches())).findFirst()
                .orElse(null);
    }
}
