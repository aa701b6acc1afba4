package leanvit.app.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import leanvit.vit.json.JsonWriter;

/**
 * What a command accepts, declared once: {@link #parse} checks a command line against it and {@link #help} says it.
 * Options are written {@code --name value} or {@code --name=value}, in any order, also between the operands; after
 * {@code --} everything is an operand.
 */
final class Syntax {

    private static final int MAX_THREADS = 1024;
    private static final int HELP_WIDTH = 100;
    private static final int HELP_COLUMN = 30;

    private final String command;
    private final String operands;
    private final String summary;
    private final Map<String, Option> options = new LinkedHashMap<>();
    private final Set<String> repeated = new HashSet<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> examples = new ArrayList<>();
    /** Whether an option takes a SPEC, so that help tells the methods. */
    private boolean methods;

    /** Turns an option's text into its value. */
    private interface Reader {
        /** Returns the value, or null where the text is none. */
        Object read(String text);
    }

    /**
     * An option.
     *
     * @param metavar  what help calls the value; null for a flag
     * @param expected what a value must be, for the message
     * @param fallback the value where the option is not given; null for none
     */
    private record Option(String name, String metavar, String expected, Reader reader, Object fallback, String help) {
    }

    /**
     * Begins a command's syntax.
     *
     * @param command  its name
     * @param operands what stands beside the options, for help: {@code "IMAGE..."}, {@code "[FOLDER]"} where it may be
     *                 left out, or empty where nothing may
     * @param summary  what it does, a phrase
     */
    Syntax(String command, String operands, String summary) {
        this.command = command;
        this.operands = operands;
        this.summary = summary;
    }

    /** Adds an option without a value. */
    Syntax flag(String name, String help) {
        return add(new Option(name, null, "", null, null, help));
    }

    /** Adds an option whose value is any text. */
    Syntax text(String name, String metavar, String help) {
        return text(name, metavar, null, help);
    }

    /** Adds an option whose value is any text but an empty one, with what it is where it is not given. */
    Syntax text(String name, String metavar, String fallback, String help) {
        return add(new Option(name, metavar, metavar, text -> text.isEmpty() ? null : text, fallback, help));
    }

    /** Adds an option whose value is any text but an empty one, and which may be repeated. */
    Syntax texts(String name, String metavar, String help) {
        repeated.add(name);
        return text(name, metavar, help);
    }

    /**
     * Adds an option whose value is a whole number from {@code least} to {@code most}; {@code fallback} may be null.
     */
    Syntax whole(String name, String metavar, int least, int most, Integer fallback, String help) {
        return add(new Option(name, metavar, "a whole number from " + least + " to " + most,
                text -> wholeNumber(text, least, most), fallback, help));
    }

    /** Adds an option whose value is whole numbers from {@code least} to {@code most} with commas between them. */
    Syntax wholes(String name, String metavar, int least, int most, String help) {
        return add(new Option(name, metavar,
                "whole numbers from " + least + " to " + most + " with commas between them",
                text -> {
                    List<Integer> numbers = new ArrayList<>();
                    for (String part : text.split(",", -1)) {
                        Integer number = wholeNumber(part, least, most);
                        if (number == null) {
                            return null;
                        }
                        numbers.add(number);
                    }
                    return List.copyOf(numbers);
                }, null, help));
    }

    /** Adds an option whose value is a number from {@code least} to {@code most}; {@code fallback} may be null. */
    Syntax number(String name, String metavar, double least, double most, Double fallback, String help) {
        return add(new Option(name, metavar, "a number from " + plain(least) + " to " + plain(most), text -> {
            // Not what Double.parseDouble takes beside numbers: "NaN", "1f", "0x1p3", blanks.
            if (!text.matches("[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")) {
                return null;
            }
            double number = Double.parseDouble(text);
            return number >= least && number <= most ? number : null;
        }, fallback, help));
    }

    /** Adds {@code --model} and {@code --reducer}, which {@link Models} reads. */
    Syntax model() {
        text("--model", "DIR", "the model's directory, with config.json and model.safetensors; "
                + "default: a small demo model that is built in");
        return reducer();
    }

    /** Adds {@code --reducer}, which {@link Models} reads. */
    Syntax reducer() {
        methods = true;
        return text("--reducer", "SPEC", "none", "how tokens are reduced; the methods are listed below");
    }

    /** Adds {@code --reducers}, which {@link Models} reads. */
    Syntax reducers() {
        methods = true;
        return text("--reducers", "SPECS", "reducers with ; between them, such as \"none;tome:r=8;pomt:r=56\"; "
                + "default: each method as its paper sets it; the methods are listed below");
    }

    /** Adds {@code --json}. */
    Syntax json() {
        return flag("--json", "print the result as one JSON value");
    }

    /** Adds a paragraph to the help. */
    Syntax note(String text) {
        notes.add(text);
        return this;
    }

    /** Adds an example to the help: what stands after the command. */
    Syntax example(String arguments) {
        examples.add(arguments);
        return this;
    }

    private Syntax add(Option option) {
        options.put(option.name, option);
        return this;
    }

    /** Adds what every command has, after the command's own. */
    private Map<String, Option> all() {
        if (!options.containsKey("--help")) {
            if (!options.containsKey("--threads")) {
                whole("--threads", "N", 1, MAX_THREADS, 1, "threads; they do not change the answers");
            }
            flag("--verbose", "show stack traces of errors");
            flag("--help", "show this help");
        }
        return options;
    }

    String command() {
        return command;
    }

    String summary() {
        return summary;
    }

    /**
     * Checks a command line.
     *
     * @param arguments what stands after the command's name
     */
    Options parse(List<String> arguments) throws UsageException {
        Map<String, Object> values = new LinkedHashMap<>();
        List<String> files = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--")) {
                files.addAll(arguments.subList(i + 1, arguments.size()));
                break;
            }
            if (!argument.startsWith("-") || argument.equals("-")) {
                files.add(argument);
                continue;
            }
            int equals = argument.indexOf('=');
            String name = argument.equals("-h") ? "--help" : equals < 0 ? argument : argument.substring(0, equals);
            Option option = all().get(name);
            if (option == null) {
                throw new UsageException("unknown option " + JsonWriter.quoteShort(name)
                        + Spelling.hint(name, all().keySet()));
            }
            if (values.containsKey(name) && !repeated.contains(name)) {
                throw new UsageException(name + " is given twice");
            }
            if (option.metavar == null) {
                if (equals >= 0) {
                    throw new UsageException(name + " takes no value");
                }
                values.put(name, true);
                continue;
            }
            String text = equals >= 0 ? argument.substring(equals + 1) : null;
            if (text == null && i + 1 < arguments.size() && !arguments.get(i + 1).startsWith("--")) {
                text = arguments.get(++i);
            }
            if (text == null) {
                throw new UsageException(name + " needs a value: " + option.expected);
            }
            Object value = option.reader.read(text);
            if (value == null) {
                throw new UsageException(name + ": expected " + option.expected + ", came "
                        + JsonWriter.quoteShort(text));
            }
            if (repeated.contains(name)) {
                List<Object> all = new ArrayList<>((List<?>) values.getOrDefault(name, List.of()));
                all.add(value);
                value = List.copyOf(all);
            }
            values.put(name, value);
        }
        boolean help = values.containsKey("--help");
        if (!help && operands.isEmpty() && !files.isEmpty()) {
            throw new UsageException("unexpected argument " + JsonWriter.quoteShort(files.get(0)));
        }
        if (!help && !operands.isEmpty() && !operands.startsWith("[") && files.isEmpty()) {
            throw new UsageException("expected " + operands);
        }
        return new Options(values, defaults(), files);
    }

    private Map<String, Object> defaults() {
        Map<String, Object> defaults = new LinkedHashMap<>();
        all().forEach((name, option) -> defaults.put(name, option.fallback));
        return defaults;
    }

    /** Returns the help, lines that end with a line feed. */
    String help() {
        StringBuilder help = new StringBuilder("Usage: leanvit ").append(command);
        help.append(operands.isEmpty() ? "" : " " + operands).append(" [OPTION...]\n\n");
        wrap(help, summary, 0);
        for (String note : notes) {
            help.append('\n');
            wrap(help, note, 0);
        }
        help.append("\nOptions:\n");
        for (Option option : all().values()) {
            StringBuilder line = new StringBuilder("  ").append(option.name);
            line.append(option.metavar == null ? "" : " " + option.metavar);
            if (line.length() > HELP_COLUMN - 2) {
                help.append(line).append('\n');
                line.setLength(0);
            }
            help.append(line).append(" ".repeat(HELP_COLUMN - line.length()));
            wrap(help, option.help + (option.fallback == null ? "" : " (default: " + option.fallback + ")"),
                    HELP_COLUMN);
        }
        if (methods) {
            ReducerHelp.append(help, HELP_COLUMN);
        }
        if (!examples.isEmpty()) {
            help.append("\nExamples:\n");
            examples.forEach(example ->
                    help.append("  leanvit ").append(command).append(' ').append(example).append('\n'));
        }
        return help.toString();
    }

    /** Appends a text by words; the first line goes on where the help stands, the others are indented. */
    static void wrap(StringBuilder help, String text, int indent) {
        int column = indent;
        for (String word : text.split(" ")) {
            if (column > indent && column + 1 + word.length() > HELP_WIDTH) {
                help.append('\n').append(" ".repeat(indent));
                column = indent;
            } else if (column > indent) {
                help.append(' ');
                column++;
            }
            help.append(word);
            column += word.length();
        }
        help.append('\n');
    }

    private static Integer wholeNumber(String text, int least, int most) {
        if (!text.matches("[+-]?[0-9]{1,18}")) {
            return null;
        }
        long number = Long.parseLong(text);
        return number >= least && number <= most ? (int) number : null;
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? String.format(Locale.ROOT, "%.0f", number) : Double.toString(number);
    }
}
