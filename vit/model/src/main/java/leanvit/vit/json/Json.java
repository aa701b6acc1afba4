package leanvit.vit.json;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict JSON reader (RFC 8259) for text that nobody vouches for.
 *
 * <p>An object becomes a {@code Map<String, Object>} in the text's order, an array a {@code List<Object>}, a string a
 * {@code String}, a number a {@code Long} where it is written as an integer that fits one and else a finite
 * {@code Double}, and {@code true}, {@code false}, {@code null} what they say.
 *
 * <p>Refused with a {@link JsonException} that gives line and column: anything outside the grammar (comments, trailing
 * commas, NaN, a byte order mark), text after the value, a key twice in one object, invalid UTF-8, unpaired surrogates,
 * a number beyond a double, and what only a hostile file has: nesting deeper than {@value #MAX_DEPTH}, a number longer
 * than {@value #MAX_NUMBER_LENGTH} characters, a string longer than {@value #MAX_STRING_LENGTH} bytes, or values that
 * together would take more than {@value #MAX_RETAINED} bytes of heap (about a million values).
 *
 * <p>Time is linear in the text. All methods are safe to call from several threads at once.
 */
public final class Json {

    static final int MAX_DEPTH = 64;
    static final int MAX_NUMBER_LENGTH = 400;
    static final int MAX_STRING_LENGTH = 16 << 20;
    static final long MAX_RETAINED = 128L << 20;

    /** About what a boxed number, its place in a list or map and its share of the container take. */
    private static final int BYTES_PER_VALUE = 100;

    private static final String MAX_LONG = Long.toString(Long.MAX_VALUE);

    private final byte[] text;
    private final long mostRetained;
    private int at;
    private long retained;
    private CharsetDecoder decoder;

    private Json(byte[] text, long mostRetained) {
        this.text = text;
        this.mostRetained = mostRetained;
    }

    /**
     * Reads the one value of a UTF-8 text.
     *
     * @throws JsonException if the text is not one JSON value, as the class says
     */
    public static Object parse(byte[] utf8) throws JsonException {
        return parse(utf8, MAX_RETAINED);
    }

    /**
     * {@link #parse(byte[])} for values that together take no more than {@code mostRetained} bytes of heap, some 100 a
     * value and 2 a character.
     */
    public static Object parse(byte[] utf8, long mostRetained) throws JsonException {
        Json json = new Json(utf8, mostRetained);
        json.skipSpace();
        Object value = json.value(0);
        json.skipSpace();
        if (json.at < utf8.length) {
            throw json.error("expected the end of the text, came " + json.here());
        }
        return value;
    }

    /**
     * Reads the one value of a text.
     *
     * @throws JsonException if the text is not one JSON value, as the class says
     */
    public static Object parse(String text) throws JsonException {
        try {
            ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[utf8.remaining()];
            utf8.get(bytes);
            return parse(bytes);
        } catch (CharacterCodingException e) {
            throw new JsonException("an unpaired surrogate in the text");
        }
    }

    private Object value(int depth) throws JsonException {
        if (at == text.length) {
            throw error("expected a value, came " + here());
        }
        retain(BYTES_PER_VALUE);
        switch (text[at]) {
            case '{':
                return object(depth + 1);
            case '[':
                return array(depth + 1);
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                if (text[at] == '-' || isDigit(text[at])) {
                    return number();
                }
                throw error("expected a value, came " + here());
        }
    }

    private Map<String, Object> object(int depth) throws JsonException {
        enter(depth);
        Map<String, Object> members = new LinkedHashMap<>();
        if (skip('}')) {
            return members;
        }
        do {
            skipSpace();
            int start = at;
            if (at == text.length || text[at] != '"') {
                throw error("expected a key in quotes, came " + here());
            }
            String key = string();
            if (members.containsKey(key)) {
                at = start;
                throw error("the key " + JsonWriter.quoteShort(key) + " twice in one object");
            }
            skipSpace();
            expect(':');
            skipSpace();
            members.put(key, value(depth));
            skipSpace();
        } while (skip(','));
        expect('}');
        return members;
    }

    private List<Object> array(int depth) throws JsonException {
        enter(depth);
        List<Object> elements = new ArrayList<>();
        if (skip(']')) {
            return elements;
        }
        do {
            skipSpace();
            elements.add(value(depth));
            skipSpace();
        } while (skip(','));
        expect(']');
        return elements;
    }

    private void enter(int depth) throws JsonException {
        if (depth > MAX_DEPTH) {
            throw error("nested deeper than " + MAX_DEPTH);
        }
        at++;
        skipSpace();
    }

    private Object word(String word, Object value) throws JsonException {
        int start = at;
        for (int i = 0; i < word.length(); i++, at++) {
            if (at == text.length || text[at] != word.charAt(i)) {
                at = start;
                throw error("expected a value, came " + here());
            }
        }
        return value;
    }

    private Number number() throws JsonException {
        int start = at;
        skip('-');
        int firstDigit = at;
        digits();
        if (text[firstDigit] == '0' && at > firstDigit + 1) {
            at = firstDigit;
            throw error("a number with a leading zero");
        }
        int integerEnd = at;
        if (skip('.')) {
            digits();
        }
        if (skip('e') || skip('E')) {
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        if (at - start > MAX_NUMBER_LENGTH) {
            at = start;
            throw error("a number of more than " + MAX_NUMBER_LENGTH + " characters");
        }
        String literal = new String(text, start, at - start, StandardCharsets.ISO_8859_1);
        if (at == integerEnd && fitsLong(literal.substring(firstDigit - start))) {
            return Long.valueOf(literal);
        }
        double number = Double.parseDouble(literal);
        if (Double.isInfinite(number)) {
            at = start;
            throw error("a number beyond the range of a double");
        }
        return number;
    }

    /** Without a failed parse, whose exception a hostile file could ask for a million times. */
    private static boolean fitsLong(String digits) {
        return digits.length() < MAX_LONG.length()
                || digits.length() == MAX_LONG.length() && digits.compareTo(MAX_LONG) <= 0;
    }

    private void digits() throws JsonException {
        if (at == text.length || !isDigit(text[at])) {
            throw error("expected a digit, came " + here());
        }
        while (at < text.length && isDigit(text[at])) {
            at++;
        }
    }

    private String string() throws JsonException {
        int start = ++at;
        StringBuilder unescaped = null;
        int plain = start;
        boolean ascii = true;
        while (true) {
            if (at == text.length) {
                at = start - 1;
                throw error("a string without its closing quote");
            }
            byte b = text[at];
            if (b == '"') {
                break;
            } else if (b == '\\') {
                unescaped = unescaped == null ? new StringBuilder() : unescaped;
                unescaped.append(decode(plain, at, ascii));
                unescape(unescaped);
                plain = at;
                ascii = true;
            } else if (b >= 0 && b < 0x20) {
                throw error("a control character in a string; expected an escape such as \\n");
            } else {
                ascii &= b >= 0;
                at++;
            }
            if (at - start > MAX_STRING_LENGTH) {
                at = start - 1;
                throw error("a string of more than " + MAX_STRING_LENGTH + " bytes");
            }
        }
        String tail = decode(plain, at, ascii);
        at++;
        String whole = unescaped == null ? tail : unescaped.append(tail).toString();
        retain(2L * whole.length());
        return whole;
    }

    private String decode(int from, int to, boolean ascii) throws JsonException {
        if (ascii) {
            return new String(text, from, to - from, StandardCharsets.ISO_8859_1);
        }
        if (decoder == null) {
            decoder = StandardCharsets.UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
        }
        ByteBuffer bytes = ByteBuffer.wrap(text, from, to - from);
        CharBuffer chars = CharBuffer.allocate(to - from);
        CoderResult result = decoder.reset().decode(bytes, chars, true);
        if (result.isError()) {
            at = bytes.position();
            throw error("invalid UTF-8");
        }
        return chars.flip().toString();
    }

    private void unescape(StringBuilder out) throws JsonException {
        int start = at;
        at++;
        byte b = at < text.length ? text[at] : 0;
        at++;
        switch (b) {
            case '"', '\\', '/' -> out.append((char) b);
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'n' -> out.append('\n');
            case 'r' -> out.append('\r');
            case 't' -> out.append('\t');
            case 'u' -> {
                char unit = hex(start);
                out.append(unit);
                if (Character.isSurrogate(unit)) {
                    boolean paired = Character.isHighSurrogate(unit) && at + 1 < text.length
                            && text[at] == '\\' && text[at + 1] == 'u';
                    if (paired) {
                        at += 2;
                        char low = hex(start);
                        out.append(low);
                        paired = Character.isLowSurrogate(low);
                    }
                    if (!paired) {
                        at = start;
                        throw error("an escaped surrogate without its partner");
                    }
                }
            }
            default -> {
                at = start;
                throw error("an unknown escape in a string");
            }
        }
    }

    private char hex(int escape) throws JsonException {
        int unit = 0;
        for (int i = 0; i < 4; i++, at++) {
            int digit = at < text.length ? Character.digit(text[at], 16) : -1;
            if (digit < 0) {
                at = escape;
                throw error("expected four hexadecimal digits after \\u");
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    private void skipSpace() {
        while (at < text.length
                && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
            at++;
        }
    }

    private boolean skip(char c) {
        if (at < text.length && text[at] == c) {
            at++;
            return true;
        }
        return false;
    }


    private void expect(char c) throws JsonException {
        if (!skip(c)) {
            throw error("expected '" + c + "', came " + here());
        }
    }

    private void retain(long bytes) throws JsonException {
        retained += bytes;
        if (retained > mostRetained) {
            throw error("values of more than " + mostRetained + " bytes in one text");
        }
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private String here() {
        if (at == text.length) {
            return "the end of the text";
        }
        int b = text[at] & 0xff;
        return b > 0x20 && b < 0x7f ? "'" + (char) b + "'" : String.format("byte 0x%02x", b);
    }

    private JsonException error(String problem) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < at; i++) {
            if (text[i] == '\n') {
                line++;
                column = 1;
            } else {
                column++;
            }
        }
        return new JsonException("line " + line + ", column " + column + ": " + problem);
    }
}
