package leanvit.app.serve;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import leanvit.vit.json.JsonWriter;

/** What a client gets. */
record Reply(int status, String type, byte[] body, Map<String, String> headers) {

    private static final int OK = 200;
    private static final String JSON = "application/json";

    static Reply of(String type, byte[] body) {
        return new Reply(OK, type, body, Map.of());
    }

    static Reply json(JsonWriter json) {
        return of(JSON, json.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Says what is wrong, in OpenAI's shape. */
    static Reply of(Problem problem) {
        JsonWriter json = new JsonWriter().beginObject().name("error").beginObject()
                .name("message").value(problem.getMessage())
                .name("type")
                .value(problem.status() < Problem.INTERNAL_ERROR ? "invalid_request_error" : "server_error")
                .name("code").value(problem.kind())
                .endObject().endObject();
        return failed(problem, json);
    }

    /** Says what is wrong, in the shape of the Open Inference Protocol. */
    static Reply ofInference(Problem problem) {
        return failed(problem, new JsonWriter().beginObject().name("error").value(problem.getMessage()).endObject());
    }

    private static Reply failed(Problem problem, JsonWriter json) {
        return new Reply(problem.status(), JSON, json.toString().getBytes(StandardCharsets.UTF_8), problem.headers());
    }
}
