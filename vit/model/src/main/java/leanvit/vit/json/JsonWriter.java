package leanvit.vit.json;

import java.util.Map;

/**
 * Writes JSON (RFC 8259) on one line, value by value:
 * {@code new JsonWriter().beginObject().name("top1").value(161).endObject().toString()}.
 * Commas come by themselves. A number that is NaN or infinite, which JSON has not, becomes {@code null}.
 *
 * <p>Calls that do not make up one JSON value in the end (a value without a name inside an object, an end that does not
 * fit) are an {@link IllegalStateException}. Not safe for use by several threads at once.
 */
public final class JsonWriter {

    /** What names and strings of others may take up in a one-line message. */
    private static final int MAX_SHORT_LENGTH = 120;

    private final StringBuilder out = new StringBuilder();
    /** The open containers, outermost first: '{' or '['; a ':' on top says that a name waits for its value. */
    private final StringBuilder open = new StringBuilder();
    private boolean comma;

    /** Makes a writer that as yet has no value. */
    public JsonWriter() {
    }

    /** Opens an object. */
    public JsonWriter beginObject() {
        return begin('{');
    }

    /** Closes the innermost container, an object. */
    public JsonWriter endObject() {
        return end('{', '}');
    }

    /** Opens an array. */
    public JsonWriter beginArray() {
        return begin('[');
    }

    /** Closes the innermost container, an array. */
    public JsonWriter endArray() {
        return end('[', ']');
    }

    /** Writes the name of an object's next value. */
    public JsonWriter name(String name) {
        if (top() != '{') {
            throw new IllegalStateException("a name outside an object: " + name);
        }
        separate();
        quote(name, out).append(':');
        open.append(':');
        comma = false;
        return this;
    }

    /** Writes a string, or {@code null}. */
    public JsonWriter value(String value) {
        before();
        if (value == null) {
            out.append("null");
        } else {
            quote(value, out);
        }
        return after();
    }

    /** Writes an integer. */
    public JsonWriter value(long value) {
        before();
        out.append(value);
        return after();
    }

    /** Writes a number with the digits that tell it from its neighbours, or {@code null} where it is not finite. */
    public JsonWriter value(double value) {
        before();
        if (Double.isFinite(value)) {
            out.append(value);
        } else {
            out.append("null");
        }
        return after();
    }

    /** Writes a number with the digits that tell it from its neighbours, or {@code null} where it is not finite. */
    public JsonWriter value(float value) {
        before();
        if (Float.isFinite(value)) {
            out.append(value);
        } else {
            out.append("null");
        }
        return after();
    }

    /** Writes {@code true} or {@code false}. */
    public JsonWriter value(boolean value) {
        before();
        out.append(value);
        return after();
    }

    /** Writes {@code null}. */
    public JsonWriter nullValue() {
        return value((String) null);
    }

    /**
     * Writes a tree of maps (with string keys, in their order), iterables, arrays of {@code int}, {@code long},
     * {@code float} or {@code double}, strings, numbers, booleans and nulls, such as {@link Json} reads.
     *
     * @throws IllegalArgumentException if the tree holds anything else
     */
    public JsonWriter tree(Object value) {
        if (value == null) {
            return nullValue();
        } else if (value instanceof String text) {
            return value(text);
        } else if (value instanceof Boolean bool) {
            return value(bool.booleanValue());
        } else if (value instanceof Float number) {
            return value(number.floatValue());
        } else if (value instanceof Double number) {
            return value(number.doubleValue());
        } else if (value instanceof Long || value instanceof Integer || value instanceof Short
                || value instanceof Byte) {
            return value(((Number) value).longValue());
        } else if (value instanceof Map<?, ?> map) {
            beginObject();
            map.forEach((key, element) -> name((String) key).tree(element));
            return endObject();
        } else if (value instanceof Iterable<?> list) {
            beginArray();
            list.forEach(this::tree);
            return endArray();
        } else if (value instanceof int[] numbers) {
            beginArray();
            for (int number : numbers) {
                value(number);
            }
            return endArray();
        } else if (value instanceof long[] numbers) {
            beginArray();
            for (long number : numbers) {
                value(number);
            }
            return endArray();
        } else if (value instanceof float[] numbers) {
            beginArray();
            for (float number : numbers) {
                value(number);
            }
            return endArray();
        } else if (value instanceof double[] numbers) {
            beginArray();
            for (double number : numbers) {
                value(number);
            }
            return endArray();
        }
        throw new IllegalArgumentException("JSON has no " + value.getClass().getName());
    }

    /**
     * Returns the text.
     *
     * @throws IllegalStateException if no value was written or one is still open
     */
    @Override
    public String toString() {
        if (open.length() > 0 || out.length() == 0) {
            throw new IllegalStateException("an unfinished JSON value: " + shorten(out.toString()));
        }
        return out.toString();
    }

    /** Returns a text in quotes, with the escapes that JSON asks for. */
    public static String quote(String text) {
        return quote(text, new StringBuilder()).toString();
    }

    /**
     * Returns a text in quotes and on one line, cut where it is long: for messages that name a key or a tensor of a
     * file that nobody vouches for.
     */
    public static String quoteShort(String text) {
        return quote(shorten(text));
    }

    private static String shorten(String text) {
        return text.length() <= MAX_SHORT_LENGTH ? text : text.substring(0, MAX_SHORT_LENGTH) + "...";
    }

    private static StringBuilder quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (needsEscape(text, i)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"');
    }

    /** Control characters, the two line ends that only Unicode has, and surrogates that UTF-8 cannot write. */
    private static boolean needsEscape(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        if (Character.isLowSurrogate(c)) {
            return i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
        }
        return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
    }

    private JsonWriter begin(char container) {
        before();
        out.append(container);
        open.append(container);
        comma = false;
        return this;
    }

    private JsonWriter end(char container, char close) {
        if (top() != container) {
            throw new IllegalStateException("'" + close + "' does not close " + shorten(out.toString()));
        }
        open.setLength(open.length() - 1);
        out.append(close);
        return after();
    }

    private void before() {
        if (top() == '{' || open.length() == 0 && out.length() > 0) {
            throw new IllegalStateException("no place for a value after " + shorten(out.toString()));
        }
        separate();
    }

    private JsonWriter after() {
        if (top() == ':') {
            open.setLength(open.length() - 1);
        }
        comma = true;
        return this;
    }

    private void separate() {
        if (comma) {
            out.append(',');
        }
    }

    private char top() {
        return open.length() == 0 ? 0 : open.charAt(open.length() - 1);
    }
}
