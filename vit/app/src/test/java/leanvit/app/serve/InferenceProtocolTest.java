package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import leanvit.vit.Picture;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonWriter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The examples of the Open Inference Protocol's text (KServe, "Predict Protocol, version 2", with its extension for
 * binary data), with this server's tensors in place of its {@code input0} and {@code output0}; and what it requires of
 * every answer.
 */
@Timeout(120)
class InferenceProtocolTest {

    private static final String INFER = "/v2/models/demo/infer";
    private static final Set<String> TYPES = Set.of("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16",
            "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES");

    private static Served served;
    private static float[] pixels;

    @BeforeAll
    static void start() throws IOException {
        served = Served.start(Served.demo(), Served.settings(Served.demo(), List.of(), 8, 4 << 20));
        pixels = new float[2 * 3 * 96 * 96];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i % 251 / 125f - 1;
        }
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    /** Returns the example's request: an id, a tensor of two rows, one output by name. */
    private static String request(Object data, String... outputs) {
        JsonWriter json = new JsonWriter().beginObject().name("id").value("42").name("inputs").beginArray()
                .beginObject().name("name").value("pixels").name("shape").tree(List.of(2, 3, 96, 96))
                .name("datatype").value("FP32").name("data").tree(data).endObject().endArray();
        if (outputs.length > 0) {
            json.name("outputs").tree(Arrays.stream(outputs).map(name -> Map.of("name", name)).toList());
        }
        return json.endObject().toString();
    }

    private static Set<String> keys(Object object) {
        return ((Map<?, ?>) object).keySet().stream().map(String.class::cast).collect(Collectors.toSet());
    }

    /** Checks an answer as the protocol's $inference_response, and returns the named output. */
    private static Map<?, ?> output(Object answer, String name) {
        assertThat(keys(answer)).isSubsetOf("model_name", "model_version", "id", "parameters",
                "outputs");
        assertThat(Served.at(answer, "model_name")).isEqualTo("demo");
        Map<?, ?> found = null;
        for (Object each : (List<?>) Served.at(answer, "outputs")) {
            Map<?, ?> output = (Map<?, ?>) each;
            assertThat(keys(output)).isSubsetOf("name", "shape", "datatype", "parameters", "data");
            assertThat(TYPES).contains((String) output.get("datatype"));
            long elements = ((List<?>) output.get("shape")).stream().mapToLong(side -> (Long) side)
                    .reduce(1, (a, b) -> a * b);
            if (output.get("data") instanceof List<?> values) {
                assertThat(values).hasSize((int) elements);
            }
            found = output.get("name").equals(name) ? output : found;
        }
        assertThat(found).as(name).isNotNull();
        return found;
    }

    @Test
    void anInferenceAsInItsFirstExample() throws IOException {
        HttpResponse<byte[]> response = served.postJson(INFER, request(pixels, "logits"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        Map<String, Object> answer = Served.json(response);
        assertThat(answer).containsEntry("id", "42");
        assertThat((List<?>) answer.get("outputs")).hasSize(1);
        Map<?, ?> logits = output(answer, "logits");
        assertThat(logits.get("datatype")).isEqualTo("FP32");
        assertThat(logits.get("shape")).isEqualTo(List.of(2L, 16L));
        float[] second = Arrays.copyOfRange(pixels, pixels.length / 2, pixels.length);
        float[] expected = served.classifier.run(Picture.ofInput(second), 0).logits();
        for (int i = 0; i < expected.length; i++) {
            assertThat(((Number) Served.at(logits, "data", 16 + i)).floatValue()).isEqualTo(expected[i]);
        }
    }

    /** "In the case of multi-dimensional tensors data is in row-major order", nested by its shape or flat. */
    @Test
    void dataMayBeNestedAsItsShapeIs() throws IOException {
        float[][][][] nested = new float[2][3][96][96];
        for (int i = 0; i < pixels.length; i++) {
            nested[i / 27648][i / 9216 % 3][i / 96 % 96][i % 96] = pixels[i];
        }
        List<Object> images = Arrays.stream(nested).map(image -> (Object) Arrays.stream(image)
                .map(channel -> List.of((Object[]) channel)).toList()).toList();
        HttpResponse<byte[]> flat = served.postJson(INFER, request(pixels, "logits", "tokens"));
        assertThat(served.postJson(INFER, request(images, "logits", "tokens")).body()).isEqualTo(flat.body());
        assertThat(Served.at(Served.json(flat), "outputs", 0, "name")).isEqualTo("logits");
        assertThat(Served.at(Served.json(flat), "outputs", 1, "name")).isEqualTo("tokens");
    }

    @Test
    void withoutOutputsTheModelsOwnAreGiven() throws IOException {
        Map<String, Object> answer = Served.json(served.postJson(INFER, request(pixels)));
        output(answer, "logits");
        output(answer, "embedding");
    }

    /** The example of the extension: the JSON, whose length a header tells, and the tensors' bytes behind it. */
    @Test
    void binaryTensorsAsInItsExample() throws IOException {
        byte[] picture = Served.picture("cup");
        byte[] json = ("{ \"inputs\" : [ { \"name\" : \"picture\", \"shape\" : [ 1 ], "
                + "\"datatype\" : \"BYTES\", \"parameters\" : { \"binary_data_size\" : " + (4 + picture.length)
                + " } } ], \"outputs\" : [ { \"name\" : \"label\", \"parameters\" : { \"binary_data\" : true } }, "
                + "{ \"name\" : \"logits\", \"parameters\" : { \"binary_data\" : true } } ] }")
                .getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(json);
        body.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(picture.length).array());
        body.writeBytes(picture);
        HttpResponse<byte[]> response = served.send(served.request(INFER)
                .header("Content-Type", "application/octet-stream")
                .header("Inference-Header-Content-Length", Integer.toString(json.length))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())));
        assertThat(response.headers().firstValue("Content-Type")).contains("application/octet-stream");
        int length = Integer.parseInt(response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
        Object answer = Json.parse(Arrays.copyOf(response.body(), length));
        assertThat(Served.at(output(answer, "label"), "parameters", "binary_data_size")).isEqualTo(7L);
        assertThat(Served.at(output(answer, "logits"), "parameters", "binary_data_size")).isEqualTo(64L);
        assertThat(keys(output(answer, "logits"))).doesNotContain("data");
        ByteBuffer tensors = ByteBuffer.wrap(response.body(), length, response.body().length - length).slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(tensors.getInt()).isEqualTo(3);
        byte[] label = new byte[3];
        tensors.get(label);
        assertThat(label).asString(StandardCharsets.UTF_8).isEqualTo("cup");
        for (float logit : served.classifier.run(Picture.of(picture), 0).logits()) {
            assertThat(tensors.getFloat()).isEqualTo(logit);
        }
        assertThat(tensors.hasRemaining()).isFalse();
    }

    /** A failure is a status of its kind and an object with the one field {@code error}, a text. */
    @ParameterizedTest
    @ValueSource(strings = {
        // The protocol's own example: tensors that this model does not have.
        "{ \"id\" : \"42\", \"inputs\" : [ { \"name\" : \"input0\", \"shape\" : [ 2, 2 ], \"datatype\" : \"UINT32\", "
                + "\"data\" : [ 1, 2, 3, 4 ] }, { \"name\" : \"input1\", \"shape\" : [ 3 ], \"datatype\" : \"BOOL\", "
                + "\"data\" : [ true ] } ], \"outputs\" : [ { \"name\" : \"output0\" } ] }",
        "{ \"inputs\" : [ { \"name\" : \"pixels\", \"shape\" : [ 2, 2 ], \"datatype\" : \"FP32\", "
                + "\"data\" : [ [ 1, 2 ], [ 4, 5 ] ] } ] }",
        "{ \"id\" : \"42\"",
        "",
    })
    void failuresHaveAnErrorAlone(String body) throws IOException {
        HttpResponse<byte[]> response = served.postJson(INFER, body);
        assertThat(response.statusCode()).isEqualTo(400);
        Map<String, Object> answer = Served.json(response);
        assertThat(answer).containsOnlyKeys("error");
        assertThat(answer.get("error")).isInstanceOf(String.class).asString().isNotBlank();
    }

    @Test
    void whatIsNotThereIsNotFound() throws IOException {
        for (String path : List.of("/v2/models/mymodel", "/v2/models/mymodel/ready", "/v2/models/demo/versions/7",
                "/v2/models/demo/versions/7/ready")) {
            HttpResponse<byte[]> response = served.get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(404);
            assertThat(Served.json(response)).as(path).containsOnlyKeys("error");
        }
        String body = new JsonWriter().beginObject().name("inputs").beginArray().beginObject().name("name")
                .value("picture").name("shape").tree(List.of(1)).name("datatype").value("BYTES").name("data")
                .beginArray().value(Base64.getEncoder().encodeToString(Served.picture("car"))).endArray().endObject()
                .endArray().endObject().toString();
        assertThat(served.postJson("/v2/models/mymodel/infer", body).statusCode()).isEqualTo(404);
        assertThat(served.postJson("/v2/models/demo/versions/1/infer", body).statusCode()).isEqualTo(200);
    }

    @Test
    void metadataHasWhatTheProtocolRequires() throws IOException {
        Map<String, Object> server = Served.json(served.get("/v2"));
        assertThat(server).containsOnlyKeys("name", "version", "extensions");
        assertThat(server.get("version")).isInstanceOf(String.class);
        for (String path : List.of("/v2/models/demo", "/v2/models/demo/versions/1")) {
            Map<String, Object> model = Served.json(served.get(path));
            assertThat(model.keySet()).contains("name", "platform", "inputs", "outputs")
                    .isSubsetOf("name", "versions", "platform", "inputs", "outputs", "parameters");
            for (String side : List.of("inputs", "outputs")) {
                for (Object tensor : (List<?>) model.get(side)) {
                    assertThat(keys(tensor)).isEqualTo(Set.of("name", "datatype", "shape"));
                    assertThat(TYPES).contains((String) Served.at(tensor, "datatype"));
                    assertThat((List<?>) Served.at(tensor, "shape")).allMatch(sizes -> (Long) sizes >= -1);
                }
            }
        }
    }
}
