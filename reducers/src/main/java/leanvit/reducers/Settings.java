package leanvit.reducers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The settings of a SPEC, {@code key=value,key=value}, for {@link ReducerMethod#parse}, which reads each value as what
 * it has to be. Every reader refuses a value that is not so by an {@link InvalidSpecException} that names the key, what
 * came and what was expected; a reader without a fallback also refuses a SPEC that lacks its key.
 *
 * <p>A value that begins with a double quote goes on to the next one, commas and semicolons included; {@code ""} in it
 * stands for one quote. Lists are written with {@code /}.
 */
public final class Settings {

    /** What Float and Double also take ("NaN", "0x1p3", "1f", blanks) is no number in a SPEC. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");
    private static final char QUOTE = '"';

    private final Map<String, String> values = new LinkedHashMap<>();
    private final String example;

    private Settings(String example) {
        this.example = example;
    }

    /**
     * Takes apart what stands after a SPEC's name and its colon.
     *
     * @param text   the settings; null where there is no colon
     * @param method whose keys they have to be
     */
    static Settings of(String text, ReducerMethod method) {
        Settings settings = new Settings(method.example());
        if (text != null) {
            for (String setting : split(text, ',')) {
                settings.add(setting);
            }
        }
        List<String> keys = method.keys().stream().map(ReducerMethod.Key::name).toList();
        for (String key : settings.values.keySet()) {
            if (!keys.contains(key)) {
                throw new InvalidSpecException("unknown key " + quoted(key)
                        + (keys.isEmpty() ? ", it has none" : ", it has " + String.join(", ", keys)));
            }
        }
        return settings;
    }

    /**
     * Splits a text at each {@code separator} outside quotes. A quote opens as a value's first character alone: after
     * the first {@code =} since a comma or a separator.
     */
    static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        boolean quoted = false;
        boolean inValue = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c == QUOTE && i + 1 < text.length() && text.charAt(i + 1) == QUOTE) {
                    i++;
                } else if (c == QUOTE) {
                    quoted = false;
                }
            } else if (c == separator || c == ',') {
                inValue = false;
                if (c == separator) {
                    parts.add(text.substring(start, i));
                    start = i + 1;
                }
            } else if (c == '=' && !inValue) {
                inValue = true;
                if (i + 1 < text.length() && text.charAt(i + 1) == QUOTE) {
                    quoted = true;
                    i++;
                }
            }
        }
        if (quoted) {
            throw new InvalidSpecException(quoted(text.substring(start)) + " has a quote that is not closed");
        }
        parts.add(text.substring(start));
        return parts;
    }

    /**
     * Returns a value as a SPEC has to write it, so that it reads back whatever characters it has: in quotes where it
     * needs them. For {@link TokenReducer#spec()}.
     */
    public static String quote(String value) {
        boolean plain = !value.isEmpty() && value.charAt(0) != QUOTE && value.indexOf(',') < 0
                && value.indexOf(';') < 0 && value.equals(value.strip()) && value.equals(value.trim());
        return plain ? value : QUOTE + value.replace("\"", "\"\"") + QUOTE;
    }

    private static String unquoted(String key, String value) {
        if (value.isEmpty() || value.charAt(0) != QUOTE) {
            return value;
        }
        StringBuilder text = new StringBuilder();
        int i = 1;
        while (value.charAt(i) != QUOTE || i + 1 < value.length() && value.charAt(i + 1) == QUOTE) {
            i += value.charAt(i) == QUOTE ? 1 : 0;
            text.append(value.charAt(i++));
        }
        if (i + 1 < value.length()) {
            throw new InvalidSpecException("key " + quoted(key) + " has " + quoted(value.substring(i + 1))
                    + " after its value's closing quote");
        }
        return text.toString();
    }

    private void add(String setting) {
        int equals = setting.indexOf('=');
        if (equals <= 0) {
            throw new InvalidSpecException(quoted(setting) + " is not key=value");
        }
        String key = setting.substring(0, equals);
        String value = unquoted(key, setting.substring(equals + 1));
        if (value.isEmpty()) {
            throw new InvalidSpecException("key " + quoted(key) + " has no value");
        }
        if (values.putIfAbsent(key, value) != null) {
            throw new InvalidSpecException("key " + quoted(key) + " is given twice");
        }
    }

    private static String quoted(String text) {
        return InvalidSpecException.quote(text);
    }

    /** Returns whether the SPEC has {@code key}. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** Returns the text of {@code key}. */
    public String text(String key) {
        String value = values.get(key);
        if (value == null) {
            throw new InvalidSpecException("needs " + key + ", such as " + example);
        }
        return value;
    }

    /** Returns whether {@code key} is {@code on} rather than {@code off}; {@code fallback} where it is not given. */
    public boolean onOff(String key, boolean fallback) {
        String value = values.get(key);
        if (value == null) {
            return fallback;
        }
        if (!value.equals("on") && !value.equals("off")) {
            throw new InvalidSpecException(key + "=" + quoted(value) + " is not on or off");
        }
        return value.equals("on");
    }

    /** Returns the whole number of {@code key}. */
    public int whole(String key) {
        return whole(key, text(key), text(key));
    }

    /** Returns the whole number of {@code key}, or {@code fallback} where it is not given. */
    public int whole(String key, int fallback) {
        return has(key) ? whole(key) : fallback;
    }

    /** Returns the whole numbers of {@code key}, at least one. */
    public List<Integer> wholes(String key) {
        return list(key, item -> whole(key, item, text(key)));
    }

    /** Returns the number of {@code key}. */
    public double number(String key) {
        return number(key, text(key), text(key));
    }

    /** Returns the number of {@code key}, or {@code fallback} where it is not given. */
    public double number(String key, double fallback) {
        return has(key) ? number(key) : fallback;
    }

    /** Returns the numbers of {@code key}, at least one. */
    public List<Double> numbers(String key) {
        return list(key, item -> number(key, item, text(key)));
    }

    /** Returns the numbers of {@code key} as the nearest floats, at least one. */
    public float[] floats(String key) {
        // Not by way of double, which would round twice.
        List<Float> list = list(key, item -> {
            number(key, item, text(key));
            return Float.parseFloat(item);
        });
        float[] floats = new float[list.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = list.get(i);
        }
        return floats;
    }

    /** Returns the r of {@code r=8}, {@code r=16,inflect=-1} or {@code r=8/8/4/0}, as a schedule. */
    Schedule removals() {
        List<Integer> r = wholes("r");
        if (has("inflect")) {
            if (r.size() > 1) {
                throw new InvalidSpecException("inflect goes with one r, not with a list of " + r.size());
            }
            return Schedule.inflected(r.get(0), number("inflect"));
        }
        return r.size() > 1 ? Schedule.perBlock(r) : Schedule.constant(r.get(0));
    }

    /** Returns the stages of {@code layers=3/6/9}, the quarters of the depth where it is not given. */
    Stages stages() {
        return has("layers") ? Stages.at(wholes("layers")) : Stages.AT_QUARTERS;
    }

    private <T> List<T> list(String key, Function<String, T> item) {
        List<T> list = new ArrayList<>();
        for (String text : text(key).split("/", -1)) {
            list.add(item.apply(text));
        }
        return list;
    }

    private static int whole(String key, String item, String all) {
        if (WHOLE.matcher(item).matches()) {
            try {
                return Integer.parseInt(item);
            } catch (NumberFormatException tooLarge) {
                throw new InvalidSpecException(key + "=" + quoted(all) + " is beyond " + Integer.MAX_VALUE);
            }
        }
        throw new InvalidSpecException(key + "=" + quoted(all) + ": " + quoted(item) + " is not a whole number");
    }

    private static double number(String key, String item, String all) {
        if (NUMBER.matcher(item).matches()) {
            return Double.parseDouble(item);
        }
        throw new InvalidSpecException(key + "=" + quoted(all) + ": " + quoted(item) + " is not a number");
    }
}
