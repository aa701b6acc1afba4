package leanvit.vit.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    static Object[][] values() {
        return new Object[][] {
            {"null", null}, {" true\n", true}, {"\tfalse\r", false}, {"0", 0L}, {"-0", 0L}, {"12", 12L}, {"-7", -7L},
            {"9223372036854775807", Long.MAX_VALUE}, {"-9223372036854775807", -Long.MAX_VALUE},
            {"9223372036854775808", 0x1p63}, {"4611686018427387904", 1L << 62},
            {"123456789012345678901234567890", 1.2345678901234568e29},
            {"0.5", 0.5}, {"-1.25e2", -125.0}, {"1E+2", 100.0}, {"1e-400", 0.0}, {"-0.0", -0.0}, {"1.0", 1.0},
            {"\"\"", ""}, {"\"a b\"", "a b"}, {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
            {"\"\\u0041\\u00e9\\uD83D\\uDE00x\"", "A\u00e9\ud83d\ude00x"},
            {"\"\u00e9\u4e2d\ud83d\ude00\"", "\u00e9\u4e2d\ud83d\ude00"},
            {"\"\u00e9\\n\u4e2d\"", "\u00e9\n\u4e2d"}, {"\"\u007f\"", "\u007f"},
            {"[]", List.of()}, {"[ ]", List.of()}, {"[1,[2 , 3], \"4\"]", List.of(1L, List.of(2L, 3L), "4")},
            {"{}", Map.of()}, {"{ \"a\" : {\"b\":[ ]} }", Map.of("a", Map.of("b", List.of()))},
        };
    }

    @ParameterizedTest
    @MethodSource("values")
    void readsEveryKindOfValue(String text, Object expected) throws JsonException {
        assertThat(Json.parse(text)).isEqualTo(expected);
        assertThat(Json.parse(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(expected);
    }

    @Test
    void keepsTheOrderOfAnObject() throws JsonException {
        assertThat(((Map<?, ?>) Json.parse("{\"z\":1,\"a\":null,\"m\":3}")).keySet().toArray())
                .containsExactly("z", "a", "m");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "                | line 1, column 1: expected a value, came the end of the text",
        "~ \n  ~         | line 2, column 3: expected a value, came the end of the text",
        "nul             | line 1, column 1: expected a value, came 'n'",
        "True            | line 1, column 1: expected a value, came 'T'",
        "NaN             | line 1, column 1: expected a value, came 'N'",
        "-Infinity       | line 1, column 2: expected a digit, came 'I'",
        "1 2             | line 1, column 3: expected the end of the text, came '2'",
        "{} }            | line 1, column 4: expected the end of the text, came '}'",
        "nullx           | line 1, column 5: expected the end of the text, came 'x'",
        "01              | line 1, column 1: a number with a leading zero",
        "-01             | line 1, column 2: a number with a leading zero",
        "1.              | line 1, column 3: expected a digit, came the end of the text",
        ".5              | line 1, column 1: expected a value, came '.'",
        "+1              | line 1, column 1: expected a value, came '+'",
        "1e              | line 1, column 3: expected a digit, came the end of the text",
        "0x10            | line 1, column 2: expected the end of the text, came 'x'",
        "[1e999]         | line 1, column 2: a number beyond the range of a double",
        "[1,]            | line 1, column 4: expected a value, came ']'",
        "[1 2]           | line 1, column 4: expected ']', came '2'",
        "[,1]            | line 1, column 2: expected a value, came ','",
        "[               | line 1, column 2: expected a value, came the end of the text",
        "{'a':1}         | line 1, column 2: expected a key in quotes, came '''",
        "{\"a\":1,}      | line 1, column 8: expected a key in quotes, came '}'",
        "{\"a\" 1}       | line 1, column 6: expected ':', came '1'",
        "{\"a\":1        | line 1, column 7: expected '}', came the end of the text",
        "{\"a\":1,\"a\":2} | line 1, column 8: the key \"a\" twice in one object",
        "{\"a\":1,\"\\u0061\":2} | line 1, column 8: the key \"a\" twice in one object",
        "\"a             | line 1, column 1: a string without its closing quote",
        "\"a\\\"          | line 1, column 1: a string without its closing quote",
        "\"\\x41\"       | line 1, column 2: an unknown escape in a string",
        "\"\\u00g0\"     | line 1, column 2: expected four hexadecimal digits after \\u",
        "\"\\u00         | line 1, column 2: expected four hexadecimal digits after \\u",
        "\"\\ud800\"     | line 1, column 2: an escaped surrogate without its partner",
        "\"\\ud800\\u0041\" | line 1, column 2: an escaped surrogate without its partner",
        "\"\\udc00\\ud800\" | line 1, column 2: an escaped surrogate without its partner",
        "~\"a\tb\"~      | line 1, column 3: a control character in a string; expected an escape such as \\n",
        "/* */ 1         | line 1, column 1: expected a value, came '/'",
    })
    void refusesWhatIsNoJson(String text, String message) {
        assertThatThrownBy(() -> Json.parse(text == null ? "" : text))
                .isInstanceOf(JsonException.class).hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "80", "c0 80", "c3", "e0 80 80", "ed a0 80", "f4 90 80 80",
        "f8 88 80 80 80", "e4 b8"})
    void refusesInvalidUtf8(String hex) {
        byte[] bytes = new byte[hex.split(" ").length + 4];
        bytes[0] = '[';
        bytes[1] = '"';
        for (int i = 0; i < bytes.length - 4; i++) {
            bytes[2 + i] = (byte) Integer.parseInt(hex.split(" ")[i], 16);
        }
        bytes[bytes.length - 2] = '"';
        bytes[bytes.length - 1] = ']';
        assertThatThrownBy(() -> Json.parse(bytes)).isInstanceOf(JsonException.class)
                .hasMessageMatching("line 1, column \\d: invalid UTF-8");
    }

    @Test
    void refusesAByteOrderMarkAndAStringThatUtf8CannotHold() {
        assertThatThrownBy(() -> Json.parse("\ufeff{}")).isInstanceOf(JsonException.class)
                .hasMessage("line 1, column 1: expected a value, came byte 0xef");
        assertThatThrownBy(() -> Json.parse("\"\ud800\"")).isInstanceOf(JsonException.class);
    }

    @Test
    void nestsToItsLimitAndNoFurther() throws JsonException {
        Json.parse("[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH));
        assertThatThrownBy(() -> Json.parse("[".repeat(Json.MAX_DEPTH + 1))).isInstanceOf(JsonException.class)
                .hasMessage("line 1, column 65: nested deeper than 64");
        assertThatThrownBy(() -> Json.parse("{\"a\":".repeat(10_000_000))).isInstanceOf(JsonException.class)
                .hasMessageContaining("nested deeper than 64");
    }

    @Test
    void boundsWhatAHostileTextCanAskFor() {
        assertThatThrownBy(() -> Json.parse("1".repeat(Json.MAX_NUMBER_LENGTH + 1))).isInstanceOf(JsonException.class)
                .hasMessageContaining("a number of more than 400 characters");
        assertThatThrownBy(() -> Json.parse("[" + "0,".repeat(3_000_000))).isInstanceOf(JsonException.class)
                .hasMessageContaining("values of more than 134217728 bytes in one text");
        assertThatThrownBy(() -> Json.parse("\"" + "x".repeat(Json.MAX_STRING_LENGTH + 2) + "\""))
                .isInstanceOf(JsonException.class).hasMessageContaining("a string of more than 16777216 bytes");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void readsBackWhatTheWriterWrote(long seed) throws JsonException {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 300; i++) {
            Object tree = randomTree(random, 5);
            String text = new JsonWriter().tree(tree).toString();
            assertThat(Json.parse(text)).as("seed %d, %s", seed, text).isEqualTo(tree);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void throwsNothingElseOnBrokenText(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String alphabet = "{}[]\",:\\u0123456789abcdefE+-.truefalsn \n\u00e9\u4e2d";
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = new JsonWriter().tree(randomTree(random, 4)).toString().getBytes(StandardCharsets.UTF_8);
            for (int edits = random.nextInt(4); edits >= 0 && bytes.length > 0; edits--) {
                int at = random.nextInt(bytes.length);
                bytes[at] = random.nextBoolean() ? (byte) random.nextInt(256)
                        : (byte) alphabet.charAt(random.nextInt(alphabet.length()));
            }
            byte[] text = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            Throwable thrown = catchThrowable(() -> Json.parse(text));
            if (thrown != null) {
                assertThat(thrown).as("seed %d, case %d, %s", seed, i, Arrays.toString(text))
                        .isInstanceOf(JsonException.class);
                assertThat(thrown.getMessage()).doesNotContain("\n").hasSizeLessThan(1000);
            }
        }
    }

    private static Object randomTree(SplittableRandom random, int depth) {
        switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0:
                return null;
            case 1:
                return random.nextBoolean();
            case 2:
                return random.nextLong() >> random.nextInt(64);
            case 3:
                double number = Double.longBitsToDouble(random.nextLong());
                return Double.isFinite(number) ? number : 0.1;
            case 4, 5:
                return randomText(random);
            case 6:
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    list.add(randomTree(random, depth - 1));
                }
                return list;
            default:
                Map<String, Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    map.put(randomText(random), randomTree(random, depth - 1));
                }
                return map;
        }
    }

    private static String randomText(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            int codePoint = random.nextInt(random.nextBoolean() ? 0x80 : random.nextBoolean() ? 0x2100 : 0x110000);
            text.appendCodePoint(codePoint >= 0xd800 && codePoint < 0xe000 ? '\\' : codePoint);
        }
        return text.toString();
    }
}
