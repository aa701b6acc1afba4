package leanvit.app.serve;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import leanvit.vit.RefusedException;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;

/** A request that gets no answer: a status, a word for the meters, and a sentence for the client. */
final class Problem extends Exception {

    static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    static final int NOT_FOUND = 404;
    static final int METHOD_NOT_ALLOWED = 405;
    static final int REQUEST_TIMEOUT = 408;
    static final int LENGTH_REQUIRED = 411;
    static final int CONTENT_TOO_LARGE = 413;
    static final int UNSUPPORTED_MEDIA_TYPE = 415;
    static final int UNPROCESSABLE = 422;
    static final int TOO_MANY_REQUESTS = 429;
    static final int INTERNAL_ERROR = 500;
    static final int UNAVAILABLE = 503;

    private static final long serialVersionUID = 1L;
    private static final String RETRY_SECONDS = "1";

    private final int status;
    private final String kind;
    private final transient Map<String, String> headers = new LinkedHashMap<>();

    Problem(int status, String kind, String message) {
        super(message);
        this.status = status;
        this.kind = kind;
    }

    static Problem badRequest(String message) {
        return new Problem(BAD_REQUEST, "bad_request", message);
    }

    static Problem notFound(String message) {
        return new Problem(NOT_FOUND, "not_found", message);
    }

    static Problem tooLarge(String message) {
        return new Problem(CONTENT_TOO_LARGE, "too_large", message);
    }

    /** Something that another time will do. */
    static Problem unavailable(String kind, String message) {
        return new Problem(UNAVAILABLE, kind, message).with("Retry-After", RETRY_SECONDS);
    }

    /**
     * Returns what a failure of the library means to a client.
     *
     * @param failure as a future has it
     */
    static Problem of(Throwable failure) {
        if (failure instanceof ExecutionException && failure.getCause() != null) {
            return of(failure.getCause());
        }
        if (failure instanceof Problem problem) {
            return problem;
        }
        if (failure instanceof InvalidInputException || failure instanceof IllegalArgumentException) {
            return new Problem(UNPROCESSABLE, "invalid_picture", failure.getMessage());
        }
        if (failure instanceof NoRoomException) {
            return unavailable("no_room", failure.getMessage());
        }
        if (failure instanceof OutOfMemoryError) {
            return unavailable("no_room", "there is no memory for this now");
        }
        if (failure instanceof RefusedException refusal) {
            return switch (refusal.reason()) {
                case QUEUE_FULL -> new Problem(TOO_MANY_REQUESTS, "queue_full", refusal.getMessage())
                        .with("Retry-After", RETRY_SECONDS);
                case DEADLINE -> unavailable("deadline", refusal.getMessage());
                default -> unavailable("refused", refusal.getMessage());
            };
        }
        return new Problem(INTERNAL_ERROR, "internal", "internal error: " + failure.getClass().getSimpleName());
    }

    Problem with(String header, String value) {
        headers.put(header, value);
        return this;
    }

    int status() {
        return status;
    }

    /** Returns a word that counts it, such as {@code queue_full}. */
    String kind() {
        return kind;
    }

    Map<String, String> headers() {
        return headers;
    }
}
