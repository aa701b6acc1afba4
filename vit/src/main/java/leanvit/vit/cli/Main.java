package leanvit.vit.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;

/** The program: finds the command, runs it, and turns what goes wrong into one line and an exit status. */
public final class Main {

    /** All commands, in the order of the help. */
    private static final List<Command> COMMANDS = List.of(
            new ClassifyCommand(),
            new CompareCommand(),
            new CalibrateCommand());

    private Main() {
    }

    /** Runs a command line and exits. */
    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    /**
     * Runs a command line.
     *
     * @return the exit status
     */
    static int run(String[] arguments, PrintStream out, PrintStream err) {
        Terminal terminal = new Terminal(out, err, false);
        List<String> words = Arrays.asList(arguments);
        Command command = null;
        Options options = null;
        try {
            if (words.isEmpty() || words.get(0).equals("--help") || words.get(0).equals("-h")) {
                out.print(help());
                return words.isEmpty() ? Command.WRONG_USAGE : Command.DONE;
            }
            command = find(words);
            Syntax syntax = command.syntax();
            options = syntax.parse(words.subList(syntax.command().split(" ").length, words.size()));
            if (options.has("--help")) {
                out.print(syntax.help());
                return Command.DONE;
            }
            return command.run(options, terminal);
        } catch (UsageException e) {
            terminal.error(e.getMessage() + " (see leanvit " + (command == null ? "" : command.syntax().command() + " ")
                    + "--help)");
            return Command.WRONG_USAGE;
        } catch (IOException | RuntimeException e) {
            terminal.error(e.getMessage());
            if (options != null && options.has("--verbose")) {
                terminal.stackTrace(e);
            }
            return Command.FAILED;
        }
    }

    /** Returns the command that the first word, or the first words, name. */
    private static Command find(List<String> words) throws UsageException {
        for (Command command : COMMANDS) {
            List<String> name = List.of(command.syntax().command().split(" "));
            if (words.size() >= name.size() && words.subList(0, name.size()).equals(name)) {
                return command;
            }
        }
        throw new UsageException("unknown command " + words.get(0));
    }

    private static String help() {
        StringBuilder help = new StringBuilder("Usage: leanvit COMMAND [OPTION...]\n\nCommands:\n");
        for (Command command : COMMANDS) {
            Syntax syntax = command.syntax();
            help.append(String.format("  %-12s%s%n", syntax.command(), syntax.summary()));
        }
        return help.toString();
    }
}
