package leanvit.vit.cli;

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
    /** Set in the second JVM, so that there is never a third; says whether the first one's stderr is a terminal. */
    private static final String SECOND = "leanvit.terminal";
    private static final List<String> BANNERS =
            List.of("WARNING: Using incubator module", "Picked up ", "NOTE: Picked up ");
    private static final int PARENT_CHECK_MILLIS = 1000;

    private Launcher() {
    }

    /** Returns whether this JVM lacks the module, and a second one would have it. */
    static boolean isNeeded() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty() && System.getProperty(SECOND) == null
                && ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /** Returns whether progress can be shown: whether stderr, of the first JVM, is a terminal. */
    static boolean isInteractive() {
        String second = System.getProperty(SECOND);
        return second == null ? Terminal.isStderrTerminal() : Boolean.parseBoolean(second);
    }

    /**
     * Runs the program in a second JVM, and returns its exit status. Where this JVM is told to end, the second one is, too.
     *
     * @throws IOException if the second JVM cannot be started
     */
    static int run(List<String> arguments) throws IOException {
        Process process = new ProcessBuilder(command(arguments)).redirectInput(Redirect.INHERIT)
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

    private static List<String> command(List<String> arguments) {
        List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
        List<String> command = new ArrayList<>();
        command.add(String.join(File.separator, System.getProperty("java.home"), "bin", "java"));
        command.add("--add-modules=" + MODULE);
        command.add("-D" + SECOND + "=" + Terminal.isStderrTerminal());
        command.add("-Djava.awt.headless=true");
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
        if (System.getProperty(SECOND) == null) {
            return;
        }
        Thread watch = new Thread(() -> {
            try {
                // Looking up the parent costs some milliseconds; a short command ends before.
                Thread.sleep(PARENT_CHECK_MILLIS);
                ProcessHandle first = ProcessHandle.current().parent().orElse(null);
                while (first != null && first.isAlive()) {
                    Thread.sleep(PARENT_CHECK_MILLIS);
                }
                if (first != null) {
                    Runtime.getRuntime().halt(Command.FAILED);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "leanvit-watch");
        watch.setDaemon(true);
        watch.start();
    }
}
