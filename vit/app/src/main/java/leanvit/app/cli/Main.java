package leanvit.app.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** The program: finds the command, runs it, and turns what goes wrong into one line and an exit status. */
public final class Main {

    /** All commands, in the order of the help. */
    private static final List<Command> COMMANDS = List.of(
            new ClassifyCommand(),
            new EmbedCommand(),
            new CompareCommand(),
            new RunCommand(),
            new BenchCommand(),
            new ServeCommand(),
            new InfoCommand(),
            new CalibrateCommand(),
            new TrainVitCommand(),
            new TrainLtmpCommand(),
            new TrainDtpsCommand(),
            new DataGenerateCommand());

    private static final int SUMMARY_COLUMN = 17;

    private final Terminal terminal;
    private final boolean mayStartAgain;

    private Main(Terminal terminal, boolean mayStartAgain) {
        this.terminal = terminal;
        this.mayStartAgain = mayStartAgain;
    }

    /** Runs a command line and exits. */
    public static void main(String[] arguments) {
        PrintStream out = stream(FileDescriptor.out);
        PrintStream err = stream(FileDescriptor.err);
        Launcher.watchFirst();
        int status = new Main(new Terminal(out, err, Launcher.isInteractive()), true).run(Arrays.asList(arguments));
        System.exit(status);
    }

    /**
     * Runs a command line in this JVM.
     *
     * @return the exit status
     */
    static int run(String[] arguments, PrintStream out, PrintStream err) {
        return new Main(new Terminal(out, err, false), false).run(Arrays.asList(arguments));
    }

    /** UTF-8, whatever the locale: JSON has to be, and labels are. */
    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new BufferedOutputStream(new FileOutputStream(descriptor)), true,
                StandardCharsets.UTF_8);
    }

    private int run(List<String> words) {
        Command command = null;
        boolean verbose = words.contains("--verbose");
        try {
            if (words.isEmpty()) {
                throw new UsageException("expected a command");
            }
            if (words.get(0).equals("--help") || words.get(0).equals("-h")) {
                terminal.out().print(help());
                return finished(Command.DONE);
            }
            if (words.get(0).equals("--version")) {
                terminal.out().println("leanvit " + InfoCommand.version());
                return finished(Command.DONE);
            }
            command = find(words);
            Syntax syntax = command.syntax();
            Options options = syntax.parse(words.subList(nameOf(command).size(), words.size()));
            if (options.has("--help")) {
                terminal.out().print(syntax.help());
                return finished(Command.DONE);
            }
            if (mayStartAgain && Launcher.isNeeded()) {
                OptionalInt status = Launcher.run(words, command.isShort(options), command.endsInOrder(), terminal);
                if (status.isPresent()) {
                    return status.getAsInt();
                }
            }
            return finished(command.run(options, terminal));
        } catch (UsageException e) {
            String name = command == null ? "" : command.syntax().command() + " ";
            return failed(e, e.getMessage() + " (see leanvit " + name + "--help)", verbose, Command.WRONG_USAGE);
        } catch (OutOfMemoryError e) {
            return failed(e, "out of memory: the Java heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB is too small for this; java -Xmx4g -jar ... gives it 4 GiB", verbose, Command.FAILED);
        } catch (IOException | RuntimeException | Error e) {
            return failed(e, message(e), verbose, Command.FAILED);
        }
    }

    /** Returns the status of a command that came to its end; a result that nobody received is a failure. */
    private int finished(int status) {
        if (terminal.out().checkError()) {
            terminal.error("the result could not be written to stdout");
            return Command.FAILED;
        }
        return status;
    }

    private int failed(Throwable problem, String message, boolean verbose, int status) {
        terminal.out().flush();
        terminal.error(message);
        if (verbose) {
            terminal.stackTrace(problem);
        }
        return status;
    }

    /** Returns what went wrong, for a user. */
    private static String message(Throwable problem) {
        if (problem instanceof UncheckedIOException unchecked) {
            return message(unchecked.getCause());
        }
        if (problem instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file";
        }
        if (problem instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied";
        }
        boolean explained = problem instanceof IOException || problem instanceof IllegalArgumentException
                || problem instanceof IllegalStateException;
        if (explained && problem.getMessage() != null) {
            return problem instanceof FileSystemException file && file.getReason() == null
                    ? file.getFile() + ": " + problem.getClass().getSimpleName() : problem.getMessage();
        }
        if (problem instanceof NoClassDefFoundError missing && missingModule(missing) != null) {
            return "this Java has no module " + missingModule(missing) + ", which this command needs; "
                    + "use a full JDK, or name the module to jlink --add-modules";
        }
        return "internal error: " + problem + " (--verbose shows where)";
    }

    /**
     * Returns the JDK's module that a missing class belongs to; null where it is not one of those that images leave
     * out.
     */
    private static String missingModule(NoClassDefFoundError missing) {
        String name = String.valueOf(missing.getMessage());
        return name.matches(".*(java/awt|javax/imageio)/.*") ? "java.desktop"
                : name.matches(".*(java/lang|javax)/management/.*") ? "java.management"
                : name.matches(".*com/sun/net/httpserver/.*") ? "jdk.httpserver"
                : name.matches(".*com/sun/management/.*") ? "jdk.management" : null;
    }

    /** Returns the command that the first word, or the first words, name. */
    private static Command find(List<String> words) throws UsageException {
        for (Command command : COMMANDS) {
            List<String> name = nameOf(command);
            if (words.size() >= name.size() && words.subList(0, name.size()).equals(name)) {
                return command;
            }
        }
        String word = words.get(0);
        throw new UsageException(word.startsWith("-") ? "expected a command, came " + word : "unknown command " + word
                + Spelling.hint(word, COMMANDS.stream().map(command -> command.syntax().command()).toList()));
    }

    private static List<String> nameOf(Command command) {
        return List.of(command.syntax().command().split(" "));
    }

    private static String help() {
        StringBuilder help = new StringBuilder("""
                LeanViT runs Vision Transformers with fewer tokens.

                Usage: leanvit COMMAND [OPTION...]

                Commands:
                """);
        for (Command command : COMMANDS) {
            Syntax syntax = command.syntax();
            help.append("  ").append(syntax.command())
                    .append(" ".repeat(SUMMARY_COLUMN - 2 - syntax.command().length()));
            Syntax.wrap(help, syntax.summary(), SUMMARY_COLUMN);
        }
        return help.append("""

                leanvit COMMAND --help tells a command's options; leanvit stands for java -jar leanvit.jar.
                leanvit --version tells the version.
                Exit status: 0 done, 1 it failed (one line on stderr says why), 2 wrong usage.

                Examples:
                  leanvit classify testdata/demo/pictures/cup.png
                  leanvit classify --model deit-tiny --reducer tome:r=8 --visualize merged.png cat.jpg
                  leanvit compare --model deit-tiny --reducers "none;tome:r=8;tome:r=16" pictures
                  leanvit info --model deit-tiny
                """).toString();
    }
}
