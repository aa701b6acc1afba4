package leanvit.vit.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JsonWriterTest {

    @Test
    void writesNestedValuesWithTheirCommas() {
        String text = new JsonWriter().beginArray()
                .beginObject().name("file").value("cat.png").name("classes").beginArray()
                .beginObject().name("index").value(281).name("probability").value(0.5f).endObject()
                .beginObject().endObject().endArray()
                .name("tokens").beginArray().value(197L).value(189).endArray().name("ok").value(true).endObject()
                .nullValue().value((String) null).beginArray().endArray().endArray().toString();
        assertThat(text).isEqualTo("[{\"file\":\"cat.png\",\"classes\":[{\"index\":281,\"probability\":0.5},{}],"
                + "\"tokens\":[197,189],\"ok\":true},null,null,[]]");
    }

    @Test
    void writesNumbersThatReadBackTheSameAndNoNaN() {
        String text = new JsonWriter().beginArray().value(0.1).value(0.1f).value(1e-30).value(Double.MAX_VALUE)
                .value(Double.NaN).value(Float.NEGATIVE_INFINITY).value(Double.POSITIVE_INFINITY)
                .value(Long.MIN_VALUE).endArray().toString();
        assertThat(text).isEqualTo("[0.1,0.1,1.0E-30,1.7976931348623157E308,null,null,null,-9223372036854775808]");
    }

    @Test
    void escapesWhatNeedsIt() {
        assertThat(JsonWriter.quote("a\"b\\c\n\r\t\b\f\u0000\u001f\u007f\u2028\u00e9\ud83d\ude00\ud800x\udc00"))
                .isEqualTo("\"a\\\"b\\\\c\\n\\r\\t\\b\\f"
                        + "\\u0000\\u001f\\u007f\\u2028\u00e9\ud83d\ude00\\ud800x\\udc00\"");
        assertThat(JsonWriter.quoteShort("x".repeat(121))).isEqualTo("\"" + "x".repeat(120) + "...\"");
        assertThat(JsonWriter.quoteShort("x".repeat(120))).isEqualTo("\"" + "x".repeat(120) + "\"");
    }

    @Test
    void writesTrees() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("ints", new int[] {1, 2});
        tree.put("longs", new long[] {3});
        tree.put("floats", new float[] {0.5f, Float.NaN});
        tree.put("doubles", new double[] {});
        tree.put("list", List.of("a", 1, 2.5f, (short) 3, (byte) 4, 5L, false));
        assertThat(new JsonWriter().tree(tree).toString()).isEqualTo("{\"ints\":[1,2],\"longs\":[3],"
                + "\"floats\":[0.5,null],\"doubles\":[],\"list\":[\"a\",1,2.5,3,4,5,false]}");
        assertThatThrownBy(() -> new JsonWriter().tree(new Object())).isInstanceOf(IllegalArgumentException.class);
    }

    static List<Consumer<JsonWriter>> misuses() {
        return List.of(
                JsonWriter::toString,
                writer -> writer.beginObject().toString(),
                writer -> writer.beginObject().value(1),
                writer -> writer.beginObject().name("a").name("b"),
                writer -> writer.beginObject().name("a").endObject(),
                writer -> writer.beginObject().endArray(),
                writer -> writer.beginArray().endObject(),
                writer -> writer.beginArray().name("a"),
                writer -> writer.endArray(),
                writer -> writer.name("a"),
                writer -> writer.value(1).value(2));
    }

    @ParameterizedTest
    @MethodSource("misuses")
    void refusesWhatIsNoSingleValue(Consumer<JsonWriter> misuse) {
        assertThatThrownBy(() -> misuse.accept(new JsonWriter())).isInstanceOf(IllegalStateException.class);
    }
}
