package leanvit.reducers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The settings of a SPEC, {@code key=value,key=value}, with their values read as what they have to be. */
final class SpecText {

    /** What Float and Double also take ("NaN", "0x1p3", "1f", blanks) is no number in a SPEC. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");

    private final Map<String, String> values = new LinkedHashMap<>();

    private SpecText() {
    }

    /** Takes apart what stands after the name and its colon. */
    static SpecText of(String settings) {
        SpecText text = new SpecText();
        for (String setting : settings.split(",", -1)) {
            text.add(setting);
        }
        return text;
    }

    /** What a name alone says. */
    static SpecText empty() {
        return new SpecText();
    }

    private void add(String setting) {
        int equals = setting.indexOf('=');
        if (equals <= 0) {
            throw new InvalidSpecException(quoted(setting) + " is not key=value");
        }
        String key = setting.substring(0, equals);
        String value = setting.substring(equals + 1);
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

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** Refuses keys other than these. */
    void allow(String... keys) {
        for (String key : values.keySet()) {
            if (!List.of(keys).contains(key)) {
                throw new InvalidSpecException("unknown key " + quoted(key)
                        + (keys.length == 0 ? ", it has none" : ", it has " + String.join(", ", keys)));
            }
        }
    }

    /** Returns the text of {@code key}, or refuses the SPEC with an example of one that has it. */
    String text(String key, String example) {
        String value = values.get(key);
        if (value == null) {
            throw new InvalidSpecException("needs " + key + ", such as " + example);
        }
        return value;
    }

    boolean onOff(String key, boolean otherwise) {
        String value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.equals("on") && !value.equals("off")) {
            throw new InvalidSpecException(key + "=" + quoted(value) + " is not on or off");
        }
        return value.equals("on");
    }

    int whole(String key, String example) {
        return whole(key, text(key, example), text(key, example));
    }

    List<Integer> wholes(String key, String example) {
        return list(key, example, item -> whole(key, item, text(key, example)));
    }

    double number(String key, String example) {
        return number(key, text(key, example), text(key, example));
    }

    List<Double> numbers(String key, String example) {
        return list(key, example, item -> number(key, item, text(key, example)));
    }

    /** Returns the numbers of {@code key}, or null where it is not given. */
    float[] floats(String key) {
        if (!has(key)) {
            return null;
        }
        // Not by way of double, which would round twice.
        List<Float> list = list(key, "", item -> {
            number(key, item, text(key, ""));
            return Float.parseFloat(item);
        });
        float[] floats = new float[list.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = list.get(i);
        }
        return floats;
    }

    private <T> List<T> list(String key, String example, Function<String, T> item) {
        List<T> list = new ArrayList<>();
        for (String text : text(key, example).split("/", -1)) {
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
