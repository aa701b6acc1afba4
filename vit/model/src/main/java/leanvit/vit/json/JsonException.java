package leanvit.vit.json;

import java.io.IOException;

/**
 * A text is not the JSON that {@link Json} takes. The message says where (line, column) and what is wrong, in one line.
 */
public final class JsonException extends IOException {

    private static final long serialVersionUID = 1L;

    JsonException(String message) {
        super(message);
    }
}
