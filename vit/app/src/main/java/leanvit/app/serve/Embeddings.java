package leanvit.app.serve;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import leanvit.vit.Classifier;
import leanvit.vit.json.JsonWriter;

/**
 * {@code POST /v1/embeddings}: feature vectors, in the shape of OpenAI's embeddings, whose clients have no place for a
 * picture's own error: a broken one is the request's.
 */
final class Embeddings implements Endpoint {

    private final Desks desks;
    private final Work work;

    Embeddings(Desks desks, Work work) {
        this.desks = desks;
        this.work = work;
    }

    @Override
    public Reply answer(Request request) throws Problem, IOException {
        request.allow("model", "reducer", "encoding_format");
        Asked asked = Asked.read(request, work, "encoding_format", "dimensions", "user");
        Desk desk = desks.named(asked.model());
        Classifier classifier = desk.reducer(asked.reducer());
        int width = classifier.model().shape().width();
        int dimensions = asked.settings().whole("dimensions", 1, Integer.MAX_VALUE, width);
        if (dimensions != width) {
            throw Problem.badRequest("dimensions: model " + desk.name() + " has " + width + ", and no fewer");
        }
        String format = request.query("encoding_format") == null ? asked.settings().text("encoding_format")
                : request.query("encoding_format");
        if (format != null && !format.equals("float") && !format.equals("base64")) {
            throw Problem.badRequest("encoding_format: expected float or base64");
        }
        List<Work.Answer> answers = work.answer(classifier, asked.pictures(), 0, request.end());
        JsonWriter json = new JsonWriter().beginObject().name("object").value("list")
                .name("model").value(desk.name()).name("data").beginArray();
        for (int i = 0; i < answers.size(); i++) {
            if (answers.get(i).problem() != null) {
                throw answers.get(i).problem();
            }
            float[] embedding = answers.get(i).classification().embedding();
            json.beginObject().name("object").value("embedding").name("index").value(i).name("embedding");
            if ("base64".equals(format)) {
                json.value(base64(embedding));
            } else {
                json.tree(embedding);
            }
            json.endObject();
        }
        long tokens = (long) answers.size() * classifier.model().shape().tokens();
        return Reply.json(json.endArray().name("usage").beginObject().name("prompt_tokens").value(tokens)
                .name("total_tokens").value(tokens).endObject().endObject());
    }

    /** Returns the bytes of float32, little-endian, as OpenAI's clients read them. */
    private static String base64(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
