package leanvit.vit.io;

import java.io.IOException;

/**
 * There is not enough memory for this now, though nothing is wrong with the input: the same call may succeed when
 * others are done. What a service answers with "try again later", where {@link InvalidInputException} is the client's
 * own fault. The message is one line: which file, what it needs, what there is.
 */
public class NoRoomException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Makes an exception whose message is {@code name: problem}. */
    public NoRoomException(String name, String problem) {
        super(name + ": " + problem);
    }

    /** Makes an exception whose message is {@code name: problem}, with its cause. */
    public NoRoomException(String name, String problem, Throwable cause) {
        super(name + ": " + problem, cause);
    }
}
