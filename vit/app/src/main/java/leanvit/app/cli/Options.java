package leanvit.app.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;
import leanvit.vit.json.JsonWriter;

/** A command line that {@link Syntax} checked. Names are as they are written, such as {@code --model}. */
final class Options {

    private static final Pattern OTHER_PICTURE = Pattern.compile("(?i).*[.](jpe?g|gif|webp|bmp|tiff?|svg|pdf)");

    private final Map<String, Object> given;
    private final Map<String, Object> defaults;
    private final List<String> operands;

    Options(Map<String, Object> given, Map<String, Object> defaults, List<String> operands) {
        this.given = given;
        this.defaults = defaults;
        this.operands = List.copyOf(operands);
    }

    /** Returns whether the option was given. */
    boolean has(String name) {
        value(name);
        return given.containsKey(name);
    }

    /** Returns an option's text; null where it was not given and has no default. */
    String text(String name) {
        return (String) value(name);
    }

    /** Returns the texts of an option that may be repeated; none where it was not given. */
    @SuppressWarnings("unchecked")
    List<String> texts(String name) {
        List<String> texts = (List<String>) value(name);
        return texts == null ? List.of() : texts;
    }

    /** Returns an option's whole number, which was given or has a default. */
    int whole(String name) {
        return (Integer) value(name);
    }

    /** Returns an option's whole numbers; null where it was not given. */
    @SuppressWarnings("unchecked")
    List<Integer> wholes(String name) {
        return (List<Integer>) value(name);
    }

    /** Returns an option's number, which was given or has a default. */
    double number(String name) {
        return (Double) value(name);
    }

    /** Returns an option's text as a path; null where it was not given. */
    Path path(String name) throws UsageException {
        return text(name) == null ? null : path(name + ": ", text(name));
    }

    /** Returns an operand as a path. */
    Path operandPath(int i) throws UsageException {
        return path("", operands.get(i));
    }

    /** Returns all operands as paths. */
    List<Path> operandPaths() throws UsageException {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            paths.add(operandPath(i));
        }
        return paths;
    }

    private static Path path(String before, String text) throws UsageException {
        try {
            return Launcher.path(text);
        } catch (InvalidPathException e) {
            throw new UsageException(before + JsonWriter.quoteShort(text) + " cannot be a path here: "
                    + e.getReason());
        }
    }

    /**
     * Returns where an option's picture is to be written, as PNG; null where it was not given.
     *
     * @throws UsageException        if the name is one of another format
     * @throws InvalidInputException if it cannot become a file
     */
    Path png(String name) throws UsageException, InvalidInputException {
        Path file = path(name);
        if (file != null) {
            if (OTHER_PICTURE.matcher(file.toString()).matches()) {
                throw new UsageException(name + ": expected a name that ends in .png, as it will be a PNG, came "
                        + JsonWriter.quoteShort(text(name)));
            }
            WholeFile.check(file);
        }
        return file;
    }

    /** Returns a path that must be given. */
    Path requiredPath(String name) throws UsageException {
        if (text(name) == null) {
            throw new UsageException(name + " is missing");
        }
        return path(name);
    }

    /** Returns what stood beside the options. */
    List<String> operands() {
        return operands;
    }

    private Object value(String name) {
        if (!defaults.containsKey(name)) {
            throw new IllegalStateException("no such option: " + name);
        }
        Object value = given.get(name);
        return value == null ? defaults.get(name) : value;
    }
}
