package leanvit.app.cli;

import java.io.BufferedInputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * Starts the program again, in a JVM with the module of the Vector API: {@code java -jar} leaves it out, and no
 * manifest can ask for it. The second JVM gets the first one's options, stdin, stdout and environment; its stderr and
 * its exit status are passed on, and it ends when the first one is told to.
 *
 * <p>Where an option of the first JVM must not be copied ({@link JvmOptions}), or a second JVM cannot be started, the
 * first one does the work: slowly, and a warning says why and what helps.
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
     * For a JVM that has to start fast. What counts is C2's time: it compiles the kernels early, while their caller
     * waits (which would otherwise make tens of thousands of vector objects), from their entry only and not again from
     * the middle of a running loop, and hardly anything else. One picture with DeiT-Ti, from start to answer on one
     * core, takes 1.2 s; without these options 2.1 s (JDK 17 and 25). Kernels that were compiled so early stay slower,
     * by a third to three times.
     */
    private static final List<String> FAST_START = List.of(
            // A young generation of 8 MB: before, the vectors of the first calls, objects until C2 is ready, took 100
            // MB.
            "-XX:+IgnoreUnrecognizedVMOptions", "-XX:-UsePerfData", "-Xmn8m",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=BackgroundCompilation,leanvit.kernels.Simd*::*,false",
            "-XX:CompileCommand=CompileThresholdScaling,leanvit.kernels.Simd*::*,0.003",
            "-XX:Tier4InvocationThreshold=50000", "-XX:Tier4MinInvocationThreshold=6000",
            "-XX:Tier4CompileThreshold=150000", "-XX:Tier4BackEdgeThreshold=20000000");
    private static final int CHECK_MILLIS = 1000;
    private static final int BUFFER_BYTES = 8192;
    private static final int END_SECONDS = 5;
    private static final String ADVICE = "add --add-modules " + MODULE + " to java";
    /** Held so that java.util.logging does not forget what it was told. */
    private static Object kernelLogger;

    private Launcher() {
    }

    /** Returns whether this JVM lacks the module, and is not itself the second one. */
    static boolean isNeeded() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty() && first() == null;
    }

    /** Returns whether progress can be shown: whether stderr, of the first JVM, is a terminal. */
    static boolean isInteractive() {
        String first = System.getProperty(TERMINAL);
        return first == null ? Terminal.isStderrTerminal() : Boolean.parseBoolean(first);
    }

    /** Returns the path of a file that the command line names. */
    static Path path(String name) {
        return Inherited.path(name, first());
    }

    /** Returns the process id of the first JVM; null where this one is it. */
    private static Long first() {
        return Long.getLong(FIRST);
    }

    /**
     * Runs the program in a second JVM.
     *
     * @param fastStart   whether the second JVM should start fast rather than run fast
     * @param endsInOrder whether the program, told to stop, comes to an end of its own, which this JVM waits for
     * @return its exit status; empty where there was none, and this JVM has to do the work: the terminal has been told
     *         why
     * @throws IOException if its stderr cannot be passed on
     */
    static OptionalInt run(List<String> arguments, boolean fastStart, boolean endsInOrder,
            Terminal terminal) throws IOException {
        JvmOptions options = JvmOptions.given(arguments);
        Path java = Path.of(System.getProperty("java.home"), "bin", File.separatorChar == '/' ? "java" : "java.exe");
        String claim = options == null ? null : options.claim(System.getenv());
        if (ModuleFinder.ofSystem().find(MODULE).isEmpty()) {
            return stay(terminal, "this Java has no module " + MODULE,
                    "use a full JDK, or name the module to jlink --add-modules");
        } else if (claim != null) {
            return stay(terminal, claim + " holds for one JVM alone", ADVICE);
        } else if (options == null || Inherited.isOutOfReach(arguments)) {
            return stay(terminal, options == null ? "this Java does not tell its options"
                    : "another JVM cannot read what /dev/fd hands down", ADVICE);
        } else if (!Files.isExecutable(java)) {
            return stay(terminal, java + ": no such program", ADVICE);
        }
        ProcessBuilder builder = new ProcessBuilder(command(java, options, arguments, fastStart))
                .redirectInput(Redirect.INHERIT).redirectOutput(Redirect.INHERIT);
        if (!options.inEnvironment()) {
            // These are among the options already.
            builder.environment().keySet().removeAll(JvmOptions.VARIABLES);
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return stay(terminal, "another JVM cannot be started (" + e.getMessage() + ")", ADVICE);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process)));
        if (endsInOrder) {
            StopSignals.handle(process::destroy);
        }
        try {
            // Not to be closed: this JVM may have more to say.
            passOn(process.getErrorStream(), new FileOutputStream(FileDescriptor.err));
            return OptionalInt.of(process.waitFor());
        } catch (InterruptedException e) {
            process.destroy();
            throw new IOException("interrupted", e);
        }
    }

    /** Ends the second JVM, and stays until it is gone, so that nothing comes after the first one's end. */
    private static void end(Process process) {
        process.destroy();
        try {
            process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static OptionalInt stay(Terminal terminal, String reason, String advice) {
        terminal.warning(reason + ", so that the work is done without the Vector API, slowly; " + advice);
        quietKernels();
        return OptionalInt.empty();
    }

    /** Keeps the kernels from logging what the terminal has just been told, where the JVM has java.logging. */
    private static void quietKernels() {
        try {
            Class<?> level = Class.forName("java.util.logging.Level");
            Class<?> logger = Class.forName("java.util.logging.Logger");
            kernelLogger = logger.getMethod("getLogger", String.class).invoke(null, "leanvit.kernels");
            logger.getMethod("setLevel", level).invoke(kernelLogger, level.getField("OFF").get(null));
        } catch (ReflectiveOperationException e) {
            // Then it is said twice.
        }
    }

    private static List<String> command(Path java, JvmOptions options, List<String> arguments, boolean fastStart) {
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.add("--add-modules=" + MODULE);
        command.add("-D" + FIRST + "=" + ProcessHandle.current().pid());
        command.add("-D" + TERMINAL + "=" + Terminal.isStderrTerminal());
        command.add("-Djava.awt.headless=true");
        if (fastStart) {
            command.addAll(FAST_START);
            // The serial collector starts fastest; two at once would be an error.
            if (options.words().stream().noneMatch(option -> option.matches("-XX:\\+Use\\w*GC"))) {
                command.add("-XX:+UseSerialGC");
            }
        }
        command.addAll(options.words());
        Module module = Main.class.getModule();
        command.addAll(module.isNamed() ? List.of("-m", module.getName() + "/" + Main.class.getName())
                : List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    /**
     * Passes on what a JVM writes to stderr, as it comes. Left out is what it says itself at its start: that it uses an
     * incubator module, and which options it picked up, which the first JVM has said. What cannot be written, as on a
     * full disk, is lost, and nothing else: that JVM's work goes on, and what it says later may find room.
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
        byte[] bytes = line.toString().getBytes(StandardCharsets.ISO_8859_1);
        for (int count = bytes.length; count >= 0; count = in.read(bytes)) {
            try {
                err.write(bytes, 0, count);
            } catch (IOException e) {
                // Lost.
            }
            bytes = bytes.length < BUFFER_BYTES ? new byte[BUFFER_BYTES] : bytes;
        }
    }

    /** Returns whether the line is one of the {@link #BANNERS}, or may become one as it goes on. */
    private static boolean beginsBanner(CharSequence line) {
        String text = line.toString();
        return BANNERS.stream().anyMatch(banner -> banner.startsWith(text) || text.startsWith(banner));
    }

    /**
     * Makes this JVM, if it is the second one, end when the first one is gone, as after a kill that cannot be passed
     * on.
     */
    static void watchFirst() {
        Long pid = first();
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
