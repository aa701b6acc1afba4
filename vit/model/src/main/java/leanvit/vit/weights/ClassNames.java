package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;

/**
 * The classes' names as settings files hold them: a list, an object from index to name ({@code id2label}), or an object
 * from name to index ({@code label2id}). A name may be any plain value; a class whose name is null, or that has none,
 * goes by its index.
 */
final class ClassNames {

    private ClassNames() {
    }

    /** Returns the names of {@code count} classes, which may be fewer or more than the list or object has. */
    static List<String> byIndex(Fields fields, String name, int count) throws InvalidInputException {
        String[] names = new String[count];
        if (fields.isList(name)) {
            List<?> values = (List<?>) fields.members().get(name);
            for (int i = 0; i < Math.min(count, values.size()); i++) {
                names[i] = text(fields, name, values.get(i));
            }
        } else {
            for (Map.Entry<?, ?> entry : fields.object(name).members().entrySet()) {
                put(fields, name, names, entry.getKey(), text(fields, name, entry.getValue()));
            }
        }
        return complete(names);
    }

    /** Returns the names of {@code count} classes from an object from name to index. */
    static List<String> byName(Fields fields, String name, int count) throws InvalidInputException {
        String[] names = new String[count];
        for (Map.Entry<?, ?> entry : fields.object(name).members().entrySet()) {
            put(fields, name, names, entry.getValue(), (String) entry.getKey());
        }
        return complete(names);
    }

    /** Returns how many entries the list or object of that name has; 0 if it is absent. */
    static int size(Fields fields, String name) throws InvalidInputException {
        return fields.isList(name) ? ((List<?>) fields.members().get(name)).size()
                : fields.object(name).members().size();
    }

    /** Gives each class without a name its index. */
    static List<String> complete(String[] names) {
        List<String> complete = new ArrayList<>(names.length);
        for (int i = 0; i < names.length; i++) {
            complete.add(names[i] == null || names[i].isEmpty() ? Integer.toString(i) : names[i]);
        }
        return complete;
    }

    private static void put(Fields fields, String name, String[] names, Object index, String label)
            throws InvalidInputException {
        String digits = String.valueOf(index).strip();
        if (!digits.matches("-?[0-9]{1,9}")) {
            throw fields.expected(name, "a class's index with each name");
        }
        int at = Integer.parseInt(digits);
        if (at >= 0 && at < names.length) {
            names[at] = label;
        }
    }

    private static String text(Fields fields, String name, Object value) throws InvalidInputException {
        if (value instanceof Map || value instanceof List) {
            throw fields.expected(name, "a plain value as a class's name");
        }
        return value == null ? null : value.toString();
    }
}
