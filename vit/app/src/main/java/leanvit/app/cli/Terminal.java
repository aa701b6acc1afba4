package leanvit.app.cli;

import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a command writes: results to {@code out}, everything else to {@code err}. For one thread. */
final class Terminal {

    private static final long PROGRESS_NANOS = 100_000_000L;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean interactive;
    private long lastProgress;
    private int progressLength;

    /**
     * Makes a terminal.
     *
     * @param interactive whether {@code err} is one, so that it gets progress lines
     */
    Terminal(PrintStream out, PrintStream err, boolean interactive) {
        this.out = out;
        this.err = err;
        this.interactive = interactive;
        lastProgress = System.nanoTime() - PROGRESS_NANOS;
    }

    /**
     * Returns whether this process's stderr is a terminal. Where the system does not tell (it does on Linux), whether
     * the console is one, which is about stdin and stdout.
     */
    static boolean isStderrTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return isTerminal(System.console());
        }
    }

    /** Since Java 22 there is a console without a terminal, too, and it says which it is. */
    private static boolean isTerminal(Console console) {
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** Returns where results go. */
    PrintStream out() {
        return out;
    }

    /** Writes {@code leanvit: message} as one line. */
    void error(String message) {
        endProgress();
        err.println("leanvit: " + oneLine(message));
    }

    /** Writes {@code leanvit: message} as one line that is no error: what a program that runs for long has to say. */
    void notice(String message) {
        error(message);
    }

    /** Writes {@code leanvit: warning: message} as one line. */
    void warning(String message) {
        error("warning: " + message);
    }

    /** Writes a stack trace. */
    void stackTrace(Throwable problem) {
        endProgress();
        problem.printStackTrace(err);
    }

    /**
     * Shows a progress line, such as {@code 12 of 200 pictures}, over the one before; for a person at a terminal only.
     */
    void progress(String line) {
        long now = System.nanoTime();
        if (!interactive || now - lastProgress < PROGRESS_NANOS) {
            return;
        }
        lastProgress = now;
        String text = oneLine(line);
        err.print("\r" + text + " ".repeat(Math.max(0, progressLength - text.length())));
        err.flush();
        progressLength = text.length();
    }

    /** Takes the progress line away. */
    void endProgress() {
        if (progressLength > 0) {
            err.print("\r" + " ".repeat(progressLength) + "\r");
            err.flush();
            progressLength = 0;
        }
    }

    /** Line ends and control characters, which a file's name may hold, become question marks. */
    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
    }
}
