package leanvit.app.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.VitConfig;

/**
 * The Open Inference Protocol's (KServe v2) description of a model and its inference: one input, {@code pixels}
 * ({@code FP32}, normalised) or {@code picture} ({@code BYTES}: whole JPEG and PNG files), and the outputs
 * {@code logits}, {@code embedding}, {@code label}, {@code probability} and {@code tokens}. The parameter
 * {@code reducer} is a SPEC.
 */
final class Infer {

    private static final String BINARY_SIZE = "Inference-Header-Content-Length";
    private static final String VERSION = "1";
    private static final String PIXELS = "pixels";
    private static final String PICTURE = "picture";
    private static final String FP32 = "FP32";
    private static final String BYTES = "BYTES";
    private static final List<String> CLASSIFIER = List.of("logits", "embedding", "label", "probability", "tokens");
    private static final List<String> HEADLESS = List.of("embedding", "tokens");
    private static final List<String> USUAL = List.of("logits", "embedding");

    private final Desks desks;
    private final Work work;

    Infer(Desks desks, Work work) {
        this.desks = desks;
        this.work = work;
    }

    private Desk desk(Request request) throws Problem {
        request.allow();
        Desk desk = desks.named(request.part("model"));
        String version = request.part("version");
        if (version != null && !version.equals(VERSION)) {
            throw Problem.notFound("model " + desk.name() + " has the version " + VERSION + " alone");
        }
        return desk;
    }

    private static List<String> outputs(Desk desk) {
        return desk.usual().model().config().classes() == 0 ? HEADLESS : CLASSIFIER;
    }

    /** Answers {@code GET /v2/models/{model}}. */
    Reply describe(Request request) throws Problem {
        Desk desk = desk(request);
        VitConfig config = desk.usual().model().config();
        JsonWriter json = new JsonWriter().beginObject().name("name").value(desk.name())
                .name("versions").tree(List.of(VERSION)).name("platform").value("leanvit").name("inputs").beginArray();
        tensor(json, PIXELS, FP32, -1, 3, config.imageHeight(), config.imageWidth());
        tensor(json, PICTURE, BYTES, -1);
        json.endArray().name("outputs").beginArray();
        for (String output : outputs(desk)) {
            switch (output) {
                case "logits" -> tensor(json, output, FP32, -1, config.classes());
                case "embedding" -> tensor(json, output, FP32, -1, config.width());
                case "label" -> tensor(json, output, BYTES, -1);
                case "probability" -> tensor(json, output, FP32, -1);
                default -> tensor(json, output, "INT32", -1, config.depth());
            }
        }
        return Reply.json(json.endArray().endObject());
    }

    private static void tensor(JsonWriter json, String name, String type, int... shape) {
        json.beginObject().name("name").value(name).name("datatype").value(type).name("shape").tree(shape).endObject();
    }

    /** Answers {@code GET /v2/models/{model}/ready}. */
    Reply ready(Request request) throws Problem {
        return Reply.json(new JsonWriter().beginObject().name("name").value(desk(request).name()).name("ready")
                .value(true).endObject());
    }

    /** Answers {@code POST /v2/models/{model}/infer}. */
    Reply infer(Request request) throws Problem, IOException {
        Desk desk = desk(request);
        if (!List.of("", "application/json", "application/octet-stream").contains(request.type())) {
            throw new Problem(Problem.UNSUPPORTED_MEDIA_TYPE, "media_type", "the body is of type "
                    + JsonWriter.quoteShort(request.type())
                    + ", expected application/json or application/octet-stream");
        }
        byte[] body = request.body();
        int jsonLength = jsonLength(request.header(BINARY_SIZE), body.length);
        Fields fields = Fields.of("", work.json(jsonLength == body.length ? body : Arrays.copyOf(body, jsonLength),
                request.end())).allow("id", "parameters", "inputs", "outputs");
        Fields parameters = fields.object("parameters").allow("reducer", "binary_data_output");
        Classifier classifier = desk.reducer(parameters.text("reducer"));
        Map<String, Boolean> wanted = wanted(desk, fields, parameters.flag("binary_data_output"));
        List<Picture> pictures = pictures(fields, body, jsonLength, classifier);
        List<Classification> answers = new ArrayList<>();
        for (Work.Answer answer : work.answer(classifier, pictures, wanted.containsKey("label")
                || wanted.containsKey("probability") ? 1 : 0, request.end())) {
            if (answer.problem() != null) {
                throw answer.problem();
            }
            answers.add(answer.classification());
        }
        return reply(desk, fields.text("id"), answers, wanted);
    }

    private static int jsonLength(String header, int body) throws Problem {
        if (header == null) {
            return body;
        }
        if (!header.matches("[0-9]{1,9}") || Integer.parseInt(header) > body) {
            throw Problem.badRequest(BINARY_SIZE + ": expected a whole number from 0 to the body's " + body + " bytes");
        }
        return Integer.parseInt(header);
    }

    /** Returns the outputs that are wanted, each with whether it goes after the JSON. */
    private static Map<String, Boolean> wanted(Desk desk, Fields fields, boolean binary) throws Problem {
        Map<String, Boolean> wanted = new LinkedHashMap<>();
        List<String> known = outputs(desk);
        for (Fields output : fields.objects("outputs")) {
            String name = output.allow("name", "parameters").text("name");
            Fields parameters = output.object("parameters").allow("binary_data");
            if (!known.contains(name)) {
                throw output.expected("name", "one of " + String.join(", ", known));
            }
            wanted.put(name, parameters.has("binary_data") ? parameters.flag("binary_data") : binary);
        }
        if (wanted.isEmpty()) {
            USUAL.stream().filter(known::contains).forEach(name -> wanted.put(name, binary));
        }
        return wanted;
    }

    private List<Picture> pictures(Fields fields, byte[] body, int jsonLength, Classifier classifier) throws Problem {
        List<Fields> inputs = fields.objects("inputs");
        if (inputs.size() != 1) {
            throw fields.expected("inputs", "one tensor, " + PIXELS + " or " + PICTURE);
        }
        Fields input = inputs.get(0).allow("name", "shape", "datatype", "parameters", "data");
        Fields parameters = input.object("parameters").allow("binary_data_size");
        byte[] binary = null;
        int rest = body.length - jsonLength;
        if (parameters.has("binary_data_size")) {
            int size = parameters.whole("binary_data_size", 0, Integer.MAX_VALUE, 0);
            if (size != rest) {
                throw parameters.expected("binary_data_size", "the " + rest + " bytes that follow the JSON");
            }
            if (input.has("data")) {
                throw input.expected("data", "none beside binary data");
            }
            binary = Arrays.copyOfRange(body, jsonLength, body.length);
        } else if (rest > 0) {
            throw Problem.badRequest(rest + " bytes follow the JSON that belong to no tensor");
        }
        int[] shape = InferTensors.shape(input);
        String name = input.text("name");
        String type = input.text("datatype");
        VitConfig config = classifier.model().config();
        List<Picture> pictures = new ArrayList<>();
        if (PICTURE.equals(name) && BYTES.equals(type)) {
            for (byte[] file : InferTensors.bytes(input, binary, InferTensors.elements(shape))) {
                pictures.add(Picture.of(file).named(PICTURE + "[" + pictures.size() + "]"));
            }
        } else if (PIXELS.equals(name) && FP32.equals(type)) {
            int[] image = {3, config.imageHeight(), config.imageWidth()};
            int sides = shape.length;
            if (sides < 3 || sides > 4 || !Arrays.equals(Arrays.copyOfRange(shape, sides - 3, sides), image)) {
                throw input.expected("shape", Arrays.toString(new int[] {-1, image[0], image[1], image[2]}));
            }
            float[] values = InferTensors.floats(input, binary, InferTensors.elements(shape));
            int length = InferTensors.elements(image);
            for (int from = 0; from < values.length; from += length) {
                pictures.add(Picture.ofInput(Arrays.copyOfRange(values, from, from + length)));
            }
        } else {
            throw Problem.badRequest(input.where() + ": expected " + PIXELS + " of " + FP32 + " or " + PICTURE + " of "
                    + BYTES);
        }
        if (pictures.isEmpty()) {
            throw input.expected("shape", "at least one picture");
        }
        return pictures;
    }

    private static Reply reply(Desk desk, String id, List<Classification> answers, Map<String, Boolean> wanted) {
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        JsonWriter json = new JsonWriter().beginObject().name("model_name").value(desk.name())
                .name("model_version").value(VERSION);
        if (id != null) {
            json.name("id").value(id);
        }
        json.name("outputs").beginArray();
        wanted.forEach((name, after) -> output(name, answers).write(json, after ? binary : null));
        Reply reply = Reply.json(json.endArray().endObject());
        if (!wanted.containsValue(true)) {
            return reply;
        }
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(reply.body());
        both.writeBytes(binary.toByteArray());
        return new Reply(reply.status(), "application/octet-stream", both.toByteArray(),
                Map.of(BINARY_SIZE, Integer.toString(reply.body().length)));
    }

    private static InferTensors.Output output(String name, List<Classification> answers) {
        int count = answers.size();
        return switch (name) {
            case "logits" -> floats(name, answers.stream().map(Classification::logits).toList());
            case "embedding" -> floats(name, answers.stream().map(Classification::embedding).toList());
            case "label" -> new InferTensors.Output(name, BYTES, new int[] {count},
                    answers.stream().map(answer -> answer.predictions().get(0).label()).toList());
            case "probability" -> {
                float[] values = new float[count];
                for (int i = 0; i < count; i++) {
                    values[i] = (float) answers.get(i).predictions().get(0).probability();
                }
                yield new InferTensors.Output(name, FP32, new int[] {count}, values);
            }
            default -> new InferTensors.Output(name, "INT32", new int[] {count, answers.get(0).tokens().length},
                    answers.stream().flatMapToInt(answer -> Arrays.stream(answer.tokens())).toArray());
        };
    }

    private static InferTensors.Output floats(String name, List<float[]> rows) {
        int length = rows.get(0).length;
        float[] all = new float[rows.size() * length];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, all, i * length, length);
        }
        return new InferTensors.Output(name, FP32, new int[] {rows.size(), length}, all);
    }
}
