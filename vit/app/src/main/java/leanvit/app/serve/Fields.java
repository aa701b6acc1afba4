package leanvit.app.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import leanvit.vit.json.JsonWriter;

/** An object of a request's JSON, read strictly: a value of another kind than expected, or a name that nobody reads. */
record Fields(String where, Map<String, Object> values) {

    /**
     * Takes a value for an object.
     *
     * @param where what messages call it; empty for the whole body
     * @throws Problem if it is none
     */
    @SuppressWarnings("unchecked")
    static Fields of(String where, Object value) throws Problem {
        if (!(value instanceof Map)) {
            throw Problem.badRequest((where.isEmpty() ? "the body" : where) + " is no JSON object");
        }
        return new Fields(where, (Map<String, Object>) value);
    }

    /**
     * Refuses names that nobody reads.
     *
     * @throws Problem naming the first
     */
    Fields allow(String... names) throws Problem {
        for (String name : values.keySet()) {
            if (!List.of(names).contains(name)) {
                throw Problem.badRequest(path(JsonWriter.quoteShort(name)) + " is not known here, expected "
                        + String.join(", ", names));
            }
        }
        return this;
    }

    private String path(String name) {
        return where.isEmpty() ? name : where + "." + name;
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    /** Returns a text, or null where there is none. */
    String text(String name) throws Problem {
        Object value = values.get(name);
        if (value != null && !(value instanceof String)) {
            throw expected(name, "a text");
        }
        return (String) value;
    }

    /** Returns whether a flag is set. */
    boolean flag(String name) throws Problem {
        Object value = values.get(name);
        if (value != null && !(value instanceof Boolean)) {
            throw expected(name, "true or false");
        }
        return Boolean.TRUE.equals(value);
    }

    /** Returns a whole number in a range, or what it is where there is none. */
    int whole(String name, int least, int most, int fallback) throws Problem {
        Object value = values.get(name);
        if (value == null) {
            return fallback;
        }
        if (!(value instanceof Long number) || number < least || number > most) {
            throw expected(name, "a whole number from " + least + " to " + most);
        }
        return number.intValue();
    }

    /** Returns a list, or none where there is none. */
    @SuppressWarnings("unchecked")
    List<Object> list(String name) throws Problem {
        Object value = values.get(name);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List)) {
            throw expected(name, "a list");
        }
        return (List<Object>) value;
    }

    /** Returns the objects of a list. */
    List<Fields> objects(String name) throws Problem {
        List<Fields> objects = new ArrayList<>();
        for (Object value : list(name)) {
            objects.add(of(path(name) + "[" + objects.size() + "]", value));
        }
        return objects;
    }

    /** Returns an object, an empty one where there is none. */
    Fields object(String name) throws Problem {
        return has(name) ? of(path(name), values.get(name)) : new Fields(path(name), Map.of());
    }

    Problem expected(String name, String what) {
        return Problem.badRequest(path(name) + ": expected " + what);
    }
}
