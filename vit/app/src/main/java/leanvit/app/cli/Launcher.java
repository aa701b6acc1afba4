package leanvit.app.cli;

import java.io.BufferedInputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts the program again, in a JVM that has the Vector API's module: {@code java -jar} has not, and no manifest can ask for
 * it. The second JVM gets the first one's options, reads its input and writes its output; its exit status is passed on.
 */
final class Launcher {

    private static final String MODULE = "jdk.incubator.vector";
    /** Set in the second JVM, so that there is never a third: the process id of the first one. */
    private static final String FIRST = "leanvit.first";
    /** Set in the second JVM: whether the first one's stderr is a terminal. */
    private static final String TERMINAL = "leanvit.terminal";
    private static final List<String> BANNERS =
            List.of("WARNING: Using incubator module", "Picked up ", "NOTE: Picked up ");
    /**
     * For a JVM that has to start fast. What counts is C2's time: compile the kernels early, and while their caller waits,
     * which would go through ten thousands of vector objects meanwhile; from their entry, not also from the middle of a
     * running loop, which would be the same again; and hardly anything else. One picture with DeiT-Ti from start to answer, on
     * one core: 1.2 s, without these 2.1 s (JDK 17 and 25). Kernels that were compiled so early stay slower, by a third
     * to three times.
     */
    private static final List<String> FAST_START = List.of(
            // A young generation of 8 MB: the vectors of the first calls, objects until C2 is ready, took 100 MB before.
            "-XX:+IgnoreUnrecognizedVMOptions", "-XX:-UsePerfData", "-Xmn8m",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=BackgroundCompilation,leanvit.kernels.Simd*::*,false",
            "-XX:CompileCommand=CompileThresholdScaling,leanvit.kernels.Simd*::*,0.003",
            "-XX:Tier4InvocationThreshold=50000", "-XX:Tier4MinInvocationThreshold=6000",
            "-XX:Tier4CompileThreshold=150000", "-XX:Tier4BackEdgeThreshold=20000000");
    private static final int CHECK_MILLIS = 1000;

    private Launcher() {
    }

    /** Returns whether this JVM lacks the module, and a second one would have it. */
    static boolean isNeeded() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty() && System.getProperty(FIRST) == null
                && ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /** Returns whether progress can be shown: whether stderr, of the first JVM, is a terminal. */
    static boolean isInteractive() {
        String first = System.getProperty(TERMINAL);
        return first == null ? Terminal.isStderrTerminal() : Boolean.parseBoolean(first);
    }

    /**
     * Runs the program in a second JVM, and returns its exit status. Where this JVM is told to end, the second one is, too.
     *
     * @param fastStart whether the second JVM should start fast rather than run fast
     * @throws IOException if the second JVM cannot be started
     */
    static int run(List<String> arguments, boolean fastStart) throws IOException {
        Process process = new ProcessBuilder(command(arguments, fastStart)).redirectInput(Redirect.INHERIT)
                .redirectOutput(Redirect.INHERIT).start();
        Thread killer = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(killer);
        try (OutputStream err = new FileOutputStream(FileDescriptor.err)) {
            passOn(process.getErrorStream(), err);
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            throw new IOException("interrupted", e);
        }
    }

    private static List<String> command(List<String> arguments, boolean fastStart) {
        List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
        List<String> command = new ArrayList<>();
        command.add(String.join(File.separator, System.getProperty("java.home"), "bin", "java"));
        command.add("--add-modules=" + MODULE);
        command.add("-D" + FIRST + "=" + ProcessHandle.current().pid());
        command.add("-D" + TERMINAL + "=" + Terminal.isStderrTerminal());
        command.add("-Djava.awt.headless=true");
        if (fastStart) {
            command.addAll(FAST_START);
            // The serial collector starts fastest; two at once would be an error.
            if (options.stream().noneMatch(option -> option.matches("-XX:\\+Use\\w*GC"))) {
                command.add("-XX:+UseSerialGC");
            }
        }
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    /**
     * Passes on what a JVM writes to stderr, as it comes, but for the lines that it says itself at its start: that it uses an
     * incubator module, and which options it picked up, which the first JVM has said.
     */
    static void passOn(InputStream from, OutputStream err) throws IOException {
        InputStream in = new BufferedInputStream(from);
        StringBuilder line = new StringBuilder();
        int b = in.read();
        while (b >= 0) {
            line.append((char) b);
            if (!beginsBanner(line)) {
                break;
            }
            if (b == '\n') {
                line.setLength(0);
            }
            b = in.read();
        }
        err.write(line.toString().getBytes(StandardCharsets.ISO_8859_1));
        in.transferTo(err);
    }

    /** Returns whether the line is one of the {@link #BANNERS}, or may become one as it goes on. */
    private static boolean beginsBanner(CharSequence line) {
        String text = line.toString();
        return BANNERS.stream().anyMatch(banner -> banner.startsWith(text) || text.startsWith(banner));
    }

    /** Makes this JVM, if it is the second one, end when the first one is gone, as after a kill that cannot be passed on. */
    static void watchFirst() {
        Long pid = Long.getLong(FIRST);
        if (pid == null) {
            return;
        }
        Thread watch = new Thread(() -> {
            try {
                do {
                    // Before the first look, which takes some milliseconds that a short command would miss.
                    Thread.sleep(CHECK_MILLIS);
                } while (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
                Runtime.getRuntime().halt(Command.FAILED);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "leanvit-watch");
        watch.setDaemon(true);
        watch.start();
    }
}
