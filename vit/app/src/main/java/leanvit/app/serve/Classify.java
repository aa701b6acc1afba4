package leanvit.app.serve;

import java.io.IOException;
import java.util.List;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.Prediction;
import leanvit.vit.json.JsonWriter;

/** {@code POST /v1/classify}: what pictures show, and what it took; or a drawing of what became of their patches. */
final class Classify implements Endpoint {

    private static final int USUAL_TOP = 5;
    private static final int MOST_TOP = 1_000_000;
    private static final double NANOS_PER_MILLI = 1e6;

    private final Desks desks;
    private final Work work;

    Classify(Desks desks, Work work) {
        this.desks = desks;
        this.work = work;
    }

    @Override
    public Reply answer(Request request) throws Problem, IOException {
        request.allow("model", "reducer", "top", "visualize");
        Asked asked = Asked.read(request, work, "top", "visualize");
        Desk desk = desks.named(asked.model());
        Classifier classifier = desk.reducer(asked.reducer());
        if (classifier.model().config().classes() == 0) {
            throw Problem.badRequest("model " + desk.name() + " has no classifier; /v1/embeddings gives its features");
        }
        int top = Asked.whole(request, asked.settings(), "top", 1, MOST_TOP, USUAL_TOP);
        String visualize = request.query("visualize") == null ? asked.settings().text("visualize")
                : request.query("visualize");
        if (visualize != null) {
            if (!visualize.equals("png") || asked.pictures().size() > 1) {
                throw Problem.badRequest("visualize: expected png, and one picture");
            }
            return Reply.of("image/png", work.draw(classifier, asked.pictures().get(0), request.end()));
        }
        long start = System.nanoTime();
        List<Work.Answer> answers = work.answer(classifier, asked.pictures(), top, request.end());
        double millis = (System.nanoTime() - start) / NANOS_PER_MILLI;
        if (answers.size() == 1 && answers.get(0).problem() != null) {
            throw answers.get(0).problem();
        }
        return Reply.json(write(desk, classifier, answers, millis));
    }

    private static JsonWriter write(Desk desk, Classifier classifier, List<Work.Answer> answers, double millis) {
        JsonWriter json = new JsonWriter().beginObject().name("model").value(desk.name())
                .name("reducer").value(classifier.reducer().spec()).name("ms").value(millis)
                .name("dense_macs").value(desk.denseMacs())
                .name("input_tokens").value(classifier.model().shape().tokens()).name("data").beginArray();
        for (int i = 0; i < answers.size(); i++) {
            json.beginObject().name("index").value(i);
            if (answers.get(i).problem() != null) {
                json.name("error").value(answers.get(i).problem().getMessage());
            } else {
                Classification answer = answers.get(i).classification();
                json.name("classes").beginArray();
                for (Prediction prediction : answer.predictions()) {
                    json.beginObject().name("index").value(prediction.index()).name("label").value(prediction.label())
                            .name("probability").value(prediction.probability()).endObject();
                }
                json.endArray().name("tokens").tree(answer.tokens()).name("macs").value(answer.macs());
            }
            json.endObject();
        }
        return json.endArray().endObject();
    }
}
