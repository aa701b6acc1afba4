package leanvit.vit.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;
import leanvit.vit.json.JsonWriter;

/**
 * A JSON object of a settings file, read field by field with errors that name file and field. A field that is null
 * counts as absent, as it does for the Python classes that write these files.
 *
 * @param path what stands before a field's name in messages: empty, or such as {@code model_args.}
 */
record Fields(Path file, String path, Map<?, ?> members) {

    /** Reads a file's text as one JSON object. */
    static Fields parse(Path file, byte[] text) throws InvalidInputException {
        if (text.length == 0) {
            throw new InvalidInputException(file, "the file is empty; expected a JSON object");
        }
        try {
            if (Json.parse(text) instanceof Map<?, ?> members) {
                return new Fields(file, "", members);
            }
            throw new InvalidInputException(file, "expected a JSON object");
        } catch (JsonException e) {
            throw new InvalidInputException(file, "cannot be read as JSON: " + e.getMessage(), e);
        }
    }

    Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        members.keySet().forEach(name -> names.add((String) name));
        return names;
    }

    /** Returns a line for each field that is not null and not among the known ones. */
    List<String> unknown(Set<String> known) {
        List<String> lines = new ArrayList<>();
        for (String name : names()) {
            if (has(name) && !known.contains(name)) {
                lines.add(error(name, "not known; it is ignored").getMessage());
            }
        }
        return lines;
    }

    boolean has(String name) {
        return members.get(name) != null;
    }

    /** Returns the object of that name, empty if it is absent. */
    Fields object(String name) throws InvalidInputException {
        Object value = members.get(name);
        if (value == null || value instanceof Map) {
            return new Fields(file, path + name + ".", value == null ? Map.of() : (Map<?, ?>) value);
        }
        throw expected(name, "an object");
    }

    /** Returns whether the field is an object (rather than absent or a plain value). */
    boolean isObject(String name) {
        return members.get(name) instanceof Map;
    }

    boolean isList(String name) {
        return members.get(name) instanceof List;
    }

    int integer(String name, int min, int max, int absent) throws InvalidInputException {
        Object value = members.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof Long number && number >= min && number <= max) {
            return number.intValue();
        }
        throw expected(name, "an integer from " + min + " to " + max);
    }

    /** Returns a number in {@code (min, max]}. */
    double number(String name, double min, double max, double absent) throws InvalidInputException {
        Object value = members.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof Number number && number.doubleValue() > min && number.doubleValue() <= max) {
            return number.doubleValue();
        }
        throw expected(name, "a number over " + min + " and at most " + max);
    }

    boolean flag(String name, boolean absent) throws InvalidInputException {
        Object value = members.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw expected(name, "true or false");
    }

    /** Returns a flag, or null if it is absent. */
    Boolean flagOrNull(String name) throws InvalidInputException {
        return has(name) ? Boolean.valueOf(flag(name, false)) : null;
    }

    String string(String name, String absent) throws InvalidInputException {
        Object value = members.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof String text) {
            return text;
        }
        throw expected(name, "a string");
    }

    /** Returns the strings of a list, empty if it is absent. */
    List<String> strings(String name) throws InvalidInputException {
        Object value = members.get(name);
        List<String> strings = new ArrayList<>();
        if (value == null) {
            return strings;
        }
        if (!(value instanceof List<?> elements)) {
            throw expected(name, "a list of strings");
        }
        for (Object element : elements) {
            if (!(element instanceof String text)) {
                throw expected(name, "a list of strings");
            }
            strings.add(text);
        }
        return strings;
    }

    /** Returns a list of exactly {@code count} integers from {@code min} to {@code max}. */
    int[] integers(String name, int count, int min, int max) throws InvalidInputException {
        String wanted = "a list of " + count + " integers from " + min + " to " + max;
        if (!(members.get(name) instanceof List<?> elements) || elements.size() != count) {
            throw expected(name, wanted);
        }
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            if (!(elements.get(i) instanceof Long number) || number < min || number > max) {
                throw expected(name, wanted);
            }
            numbers[i] = number.intValue();
        }
        return numbers;
    }

    /** Returns a list of exactly {@code count} numbers in {@code (min, max]}. */
    float[] numbers(String name, int count, double min, double max, float[] absent) throws InvalidInputException {
        if (!has(name)) {
            return absent.clone();
        }
        String wanted = "a list of " + count + " numbers over " + min + " and at most " + max;
        if (!(members.get(name) instanceof List<?> elements) || elements.size() != count) {
            throw expected(name, wanted);
        }
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            if (!(elements.get(i) instanceof Number number) || !(number.floatValue() > min)
                    || number.floatValue() > max) {
                throw expected(name, wanted);
            }
            numbers[i] = number.floatValue();
        }
        return numbers;
    }

    /** Returns the error that a field is not what it must be; the message quotes what it is. */
    InvalidInputException expected(String name, String wanted) {
        return error(name, "expected " + wanted + ", came " + came(name));
    }

    /** Returns the error that a field says something this library does not do. */
    InvalidInputException unsupported(String name) {
        return error(name, came(name) + " is not supported");
    }

    InvalidInputException error(String name, String problem) {
        boolean plain = name.length() < 100 && name.chars().allMatch(c -> c > 0x20 && c < 0x7f);
        return new InvalidInputException(file, path + (plain ? name : JsonWriter.quoteShort(name)) + ": " + problem);
    }

    private String came(String name) {
        Object value = members.get(name);
        if (value instanceof String text) {
            return JsonWriter.quoteShort(text);
        }
        String text = value == null ? "nothing" : new JsonWriter().tree(value).toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "...";
    }
}
