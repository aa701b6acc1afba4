package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import leanvit.app.draw.ReductionPicture;
import leanvit.reducers.Reducers;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.Prediction;
import leanvit.vit.image.Pictures;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonWriter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every endpoint: the answers are the library's own, and what cannot be answered gets its status and a sentence. */
@Timeout(120)
class ServerTest {

    private static final int MOST_BODY = 4 << 20;
    private static final String TOME = "tome:r=16";

    private static Served served;
    private static byte[] cup;
    private static byte[] car;

    @BeforeAll
    static void start() throws IOException {
        Classifier classifier = Served.demo();
        served = Served.start(classifier, Served.settings(classifier, List.of(Reducers.parse(TOME)), 8, MOST_BODY));
        cup = Served.picture("cup");
        car = Served.picture("car");
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void assertClasses(Object answer, Classification expected) {
        List<?> classes = (List<?>) Served.at(answer, "classes");
        assertThat(classes).hasSize(expected.predictions().size());
        for (int i = 0; i < classes.size(); i++) {
            Prediction prediction = expected.predictions().get(i);
            assertThat(classes.get(i)).isEqualTo(Map.of("index", (long) prediction.index(), "label",
                    prediction.label(), "probability", prediction.probability()));
        }
        assertThat(Served.at(answer, "macs")).isEqualTo(expected.macs());
    }

    @Test
    void aPictureIsClassifiedAsTheLibraryDoes() throws IOException {
        Map<String, Object> plain = Served.json(served.post("/v1/classify", "image/png", cup));
        assertClasses(Served.at(plain, "data", 0), served.classifier.run(Picture.of(cup), 5));
        assertThat(plain).containsEntry("model", "demo").containsEntry("reducer", "none")
                .containsEntry("input_tokens", 145L);
        Classifier tome = served.classifier.with(Reducers.parse(TOME));
        // As curl sends it.
        Map<String, Object> reduced = Served.json(served.post("/v1/classify?reducer=tome%3Ar%3D16&top=2&model=demo",
                "application/x-www-form-urlencoded", cup));
        assertClasses(Served.at(reduced, "data", 0), tome.run(Picture.of(cup), 2));
        assertThat(Served.at(reduced, "data", 0, "tokens")).isEqualTo(List.of(129L, 113L, 97L, 81L, 65L, 49L));
    }

    @Test
    void manyPicturesAreOneRequestAndABrokenOneIsThatOnesError() throws IOException {
        String json = new JsonWriter().beginObject().name("input").beginArray().value(base64(cup))
                .value("data:image/png;base64," + base64(car)).value("AAAA").endArray().name("top").value(1)
                .name("reducer").value(TOME).endObject().toString();
        Map<String, Object> answers = Served.json(served.postJson("/v1/classify", json));
        Classifier tome = served.classifier.with(Reducers.parse(TOME));
        assertClasses(Served.at(answers, "data", 0), tome.run(Picture.of(cup), 1));
        assertClasses(Served.at(answers, "data", 1), tome.run(Picture.of(car), 1));
        assertThat(Served.at(answers, "data", 2, "error")).isEqualTo("input[2]: is not a JPEG or PNG picture");
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        part(form, "name=\"top\"", "3".getBytes(StandardCharsets.UTF_8));
        part(form, "name=\"a\"; filename=\"cup.png\"\r\nContent-Type: image/png", cup);
        part(form, "name=\"b\"; filename=\"bad.png\"", new byte[] {'\r', '\n', '-', '-', 'x'});
        part(form, "name=\"c\"; filename=\"car.png\"", car);
        form.writeBytes("--xYz--\r\n".getBytes(StandardCharsets.UTF_8));
        answers = Served.json(served.post("/v1/classify", "multipart/form-data; boundary=xYz", form.toByteArray()));
        assertClasses(Served.at(answers, "data", 0), served.classifier.run(Picture.of(cup), 3));
        assertThat(Served.at(answers, "data", 1, "error")).asString().startsWith("bad.png: is not a JPEG");
        assertClasses(Served.at(answers, "data", 2), served.classifier.run(Picture.of(car), 3));
    }

    private static void part(ByteArrayOutputStream form, String disposition, byte[] content) {
        form.writeBytes(("--xYz\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(content);
        form.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void visualizeGivesTheDrawing() throws IOException {
        HttpResponse<byte[]> png =
                served.post("/v1/classify?visualize=png&reducer=" + TOME, "application/octet-stream", cup);
        assertThat(png.headers().firstValue("Content-Type")).contains("image/png");
        Classifier tome = served.classifier.with(Reducers.parse(TOME));
        assertThat(png.body()).isEqualTo(Pictures.png(ReductionPicture.draw(tome, tome.trace(Picture.of(cup), 1),
                ReductionPicture.usualBlocks(tome.reducer(), tome.model().shape()))));
    }

    @Test
    void embeddingsHaveOpenAisShape() throws IOException {
        float[] expected = served.classifier.embed(cup);
        String floats = new JsonWriter().beginObject().name("model").value("demo").name("input").value(base64(cup))
                .name("dimensions").value(96).name("user").value("u").endObject().toString();
        Map<String, Object> answer = Served.json(served.postJson("/v1/embeddings", floats));
        assertThat(answer).containsEntry("object", "list").containsEntry("model", "demo")
                .containsEntry("usage", Map.of("prompt_tokens", 145L, "total_tokens", 145L));
        List<?> values = (List<?>) Served.at(answer, "data", 0, "embedding");
        assertThat(values).hasSize(96);
        for (int i = 0; i < 96; i++) {
            assertThat(((Number) values.get(i)).floatValue()).isEqualTo(expected[i]);
        }
        String packed = new JsonWriter().beginObject().name("encoding_format").value("base64").name("input")
                .beginArray().value(base64(car)).value(base64(cup)).endArray().endObject().toString();
        answer = Served.json(served.postJson("/v1/embeddings", packed));
        float[] unpacked = new float[96];
        ByteBuffer.wrap(Base64.getDecoder().decode((String) Served.at(answer, "data", 1, "embedding")))
                .order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(unpacked);
        assertThat(unpacked).isEqualTo(expected);
        assertThat(Served.at(answer, "data", 1, "index")).isEqualTo(1L);
        HttpResponse<byte[]> broken =
                served.postJson("/v1/embeddings", "{\"input\":[\"" + base64(cup) + "\",\"AAAA\"]}");
        assertThat(broken.statusCode()).isEqualTo(422);
        assertThat(Served.at(Served.json(broken), "error", "message"))
                .isEqualTo("input[1]: is not a JPEG or PNG picture");
    }

    @Test
    void theOpenInferenceProtocolDescribesItself() throws IOException {
        assertThat(Served.json(served.get("/v2"))).containsEntry("name", "leanvit")
                .containsEntry("extensions", List.of("binary_tensor_data"));
        assertThat(Served.json(served.get("/v2/health/live"))).containsEntry("live", true);
        assertThat(Served.json(served.get("/v2/health/ready"))).containsEntry("ready", true);
        assertThat(Served.json(served.get("/v2/models/demo/versions/1/ready"))).containsEntry("ready", true);
        Map<String, Object> model = Served.json(served.get("/v2/models/demo"));
        assertThat(model).containsEntry("versions", List.of("1"));
        assertThat(Served.at(model, "inputs", 0))
                .isEqualTo(Map.of("name", "pixels", "datatype", "FP32", "shape", List.of(-1L, 3L, 96L, 96L)));
        assertThat(Served.at(model, "outputs", 0))
                .isEqualTo(Map.of("name", "logits", "datatype", "FP32", "shape", List.of(-1L, 16L)));
        HttpResponse<byte[]> none = served.get("/v2/models/none");
        assertThat(none.statusCode()).isEqualTo(404);
        assertThat(Served.json(none)).containsEntry("error", "there is no model \"none\"; there are demo");
    }

    @Test
    void tensorsGoInAndOutAsJson() throws IOException {
        float[] pixels = input(cup);
        String json = new JsonWriter().beginObject().name("id").value("42").name("parameters").beginObject()
                .name("reducer").value(TOME).endObject().name("inputs").beginArray().beginObject().name("name")
                .value("pixels").name("datatype").value("FP32").name("shape").tree(List.of(1, 3, 96, 96)).name("data")
                .tree(pixels).endObject().endArray().endObject().toString();
        Map<String, Object> answer = Served.json(served.postJson("/v2/models/demo/infer", json));
        Classification expected = served.classifier.with(Reducers.parse(TOME)).run(Picture.ofInput(pixels), 1);
        assertThat(answer).containsEntry("id", "42").containsEntry("model_name", "demo");
        assertThat(Served.at(answer, "outputs", 0, "shape")).isEqualTo(List.of(1L, 16L));
        assertThat(floats(Served.at(answer, "outputs", 0, "data"))).isEqualTo(expected.logits());
        assertThat(floats(Served.at(answer, "outputs", 1, "data"))).isEqualTo(expected.embedding());
        String pictures = new JsonWriter().beginObject().name("inputs").beginArray().beginObject().name("name")
                .value("picture").name("datatype").value("BYTES").name("shape").tree(List.of(2)).name("data")
                .beginArray().value(base64(cup)).value(base64(car)).endArray().endObject().endArray().name("outputs")
                .beginArray().beginObject().name("name").value("label").endObject().beginObject().name("name")
                .value("tokens").endObject().endArray().endObject().toString();
        answer = Served.json(served.postJson("/v2/models/demo/versions/1/infer", pictures));
        assertThat(Served.at(answer, "outputs", 0, "data")).isEqualTo(List.of("cup", "car"));
        assertThat(Served.at(answer, "outputs", 1, "shape")).isEqualTo(List.of(2L, 6L));
    }

    @Test
    void tensorsGoInAndOutAsBytes() throws IOException {
        ByteBuffer pixels = ByteBuffer.allocate(2 * 4 * 27648).order(ByteOrder.LITTLE_ENDIAN);
        pixels.asFloatBuffer().put(input(cup)).put(input(car));
        HttpResponse<byte[]> response = infer("{\"parameters\":{\"binary_data_output\":true},\"inputs\":[{\"name\":"
                + "\"pixels\",\"datatype\":\"FP32\",\"shape\":[2,3,96,96],\"parameters\":{\"binary_data_size\":"
                + pixels.capacity() + "}}],\"outputs\":[{\"name\":\"logits\"},{\"name\":\"label\"},{\"name\":"
                + "\"probability\",\"parameters\":{\"binary_data\":false}}]}", pixels.array());
        int length = Integer.parseInt(response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
        Object header = Json.parse(new String(response.body(), 0, length, StandardCharsets.UTF_8));
        assertThat(Served.at(header, "outputs", 0, "parameters", "binary_data_size")).isEqualTo(2L * 16 * 4);
        ByteBuffer bytes = ByteBuffer.wrap(response.body(), length, response.body().length - length).slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] picture : List.of(cup, car)) {
            for (float logit : served.classifier.run(Picture.of(picture), 0).logits()) {
                assertThat(bytes.getFloat()).isEqualTo(logit);
            }
        }
        assertThat(bytes.getInt()).isEqualTo(3);
        assertThat(new String(response.body(), response.body().length - 10, 3, StandardCharsets.UTF_8))
                .isEqualTo("cup");
        assertThat((double) Served.at(header, "outputs", 2, "data", 0)).isGreaterThan(0.9);
        ByteBuffer files = ByteBuffer.allocate(8 + cup.length + car.length).order(ByteOrder.LITTLE_ENDIAN);
        files.putInt(cup.length).put(cup).putInt(car.length).put(car);
        response = infer("{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[2,1],\"parameters\":"
                + "{\"binary_data_size\":" + files.capacity() + "}}]}", files.array());
        assertThat(floats(Served.at(Served.json(response), "outputs", 1, "data")))
                .startsWith(served.classifier.embed(cup)).endsWith(served.classifier.embed(car));
    }

    private static HttpResponse<byte[]> infer(String json, byte[] binary) throws IOException {
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(header);
        body.writeBytes(binary);
        return served.send(served.request("/v2/models/demo/infer")
                .header("Content-Type", "application/octet-stream")
                .header("Inference-Header-Content-Length", Integer.toString(header.length))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())));
    }

    private static float[] input(byte[] picture) throws IOException {
        float[] pixels = new float[27648];
        new leanvit.vit.image.Preprocessor(served.classifier.preprocessing())
                .apply(Pictures.decode(java.nio.file.Path.of("x"), picture), pixels, 0);
        return pixels;
    }

    private static float[] floats(Object list) {
        List<?> numbers = (List<?>) list;
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = ((Number) numbers.get(i)).floatValue();
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"inputs\":[]}| inputs: expected one tensor, pixels or picture",
        "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP32\",\"shape\":[1,3,96,95],\"data\":[]}]}"
                + "| inputs[0].shape: expected [-1, 3, 96, 96]",
        "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP32\",\"shape\":[1,3,96,96],\"data\":[1]}]}"
                + "| inputs[0] has 1 values, its shape 27648",
        "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP16\",\"shape\":[1,3,96,96],\"data\":[1]}]}"
                + "| inputs[0]: expected pixels of FP32 or picture of BYTES",
        "{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[-1],\"data\":[1]}]}"
                + "| inputs[0].shape: expected whole numbers, none negative",
        "{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[65536,65536],\"data\":[1]}]}"
                + "| inputs[0].shape: expected fewer elements",
        "{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[0],\"data\":[]}]}"
                + "| inputs[0].shape: expected at least one picture",
        "{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"BYTES\",\"shape\":[1],\"parameters\":"
                + "{\"binary_data_size\":7}}]}| inputs[0].parameters.binary_data_size: expected the 0 bytes that "
                + "follow the JSON",
        "{\"parameters\":{\"priority\":1}}| parameters.\"priority\" is not known here, expected reducer, "
                + "binary_data_output",
        "[1]| the body is no JSON object",
    })
    void inferencesThatCannotBeAreRefused(String body, String message) throws IOException {
        HttpResponse<byte[]> response = served.postJson("/v2/models/demo/infer", body);
        assertThat(Served.json(response)).isEqualTo(Map.of("error", message));
        assertThat(response.statusCode()).isEqualTo(400);
    }

    @Test
    void statusesSayWhatIsWrong() throws IOException {
        assertProblem(served.get("/nothing"), 404, "not_found");
        HttpResponse<byte[]> method = served.get("/v1/classify");
        assertProblem(method, 405, "method");
        assertThat(method.headers().firstValue("Allow")).contains("POST");
        assertProblem(served.post("/v1/classify", "text/plain", cup), 415, "media_type");
        assertProblem(served.post("/v1/classify", "application/x-www-form-urlencoded", new byte[] {'a', '=', 'b'}), 415,
                "media_type");
        assertProblem(served.post("/v1/classify", "image/png", new byte[] {1, 2}), 422, "invalid_picture");
        assertProblem(served.post("/v1/classify", "image/png", new byte[0]), 422, "invalid_picture");
        assertProblem(served.post("/v1/classify", "image/png", new byte[MOST_BODY + 1]), 413, "too_large");
        assertProblem(served.post("/v1/classify?reducer=tome:r=99", "image/png", cup), 400, "bad_request");
        assertProblem(served.post("/v1/classify?model=none", "image/png", cup), 404, "not_found");
        assertProblem(served.post("/v1/classify?top=0", "image/png", cup), 400, "bad_request");
        assertProblem(served.post("/v1/classify?tip=1", "image/png", cup), 400, "bad_request");
        assertProblem(served.post("/v1/classify?top=1&top=2", "image/png", cup), 400, "bad_request");
        assertProblem(served.post("/v1/classify?visualize=gif", "image/png", cup), 400, "bad_request");
        assertProblem(served.postJson("/v1/classify", "{\"input\":"), 400, "bad_request");
        assertProblem(served.postJson("/v1/classify", "{\"input\":[1]}"), 400, "bad_request");
        assertProblem(served.postJson("/v1/classify", "{\"input\":[\"?\"]}"), 400, "bad_request");
        assertProblem(served.postJson("/v1/classify", "{\"input\":[\"http://a/b.png\"]}"), 400, "bad_request");
        assertProblem(served.postJson("/v1/embeddings", "{\"input\":[\"AAAA\"],\"dimensions\":7}"), 400,
                "bad_request");
        assertProblem(served.post("/v1/classify", "multipart/form-data; boundary=b", cup), 400, "bad_request");
        List<String> nine = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            nine.add(base64(cup));
        }
        assertProblem(served.postJson("/v1/classify", new JsonWriter().beginObject().name("input").tree(nine)
                .endObject().toString()), 413, "too_large");
        HttpResponse<byte[]> chunked = served.send(served.request("/v1/classify").header("Content-Type", "image/png")
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(cup))));
        assertProblem(chunked, 411, "no_length");
    }

    private static void assertProblem(HttpResponse<byte[]> response, int status, String code) throws IOException {
        assertThat(response.statusCode()).as(Served.text(response)).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(Served.at(Served.json(response), "error", "code")).isEqualTo(code);
        assertThat((String) Served.at(Served.json(response), "error", "message")).isNotBlank().doesNotContain("\n");
    }

    @Test
    void headIsGetWithoutTheBody() throws IOException {
        HttpResponse<byte[]> head =
                served.send(served.request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void thePageNeedsNothingFromElsewhere() throws IOException {
        HttpResponse<byte[]> page = served.get("/");
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; ");
        assertThat(Served.text(page)).startsWith("<!DOCTYPE html>").doesNotContain("http:").doesNotContain("https:")
                .doesNotContain("src=\"/").contains("v1/classify");
        Map<String, Object> models = Served.json(served.get("/v1/models"));
        assertThat(Served.at(models, "data", 0, "reducers")).isEqualTo(List.of("none", TOME));
    }

    @Test
    void halfARequestHarmsNobody() throws IOException {
        assertThat(served.raw("nonsense\r\n\r\n".getBytes(StandardCharsets.UTF_8))).contains("400");
        assertThat(served.raw("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
                .getBytes(StandardCharsets.UTF_8))).isEmpty();
        assertThat(served.raw(new byte[0])).isEmpty();
        assertThat(served.post("/v1/classify", "image/png", cup).statusCode()).isEqualTo(200);
    }
}
