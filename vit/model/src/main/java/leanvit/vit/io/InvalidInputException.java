package leanvit.vit.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that a user gave cannot be used: a checkpoint, a picture, a label list. The message is one line for that user:
 * which file, which tensor or field, what was expected, what came.
 */
public class InvalidInputException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Makes an exception whose message is {@code file: problem}. */
    public InvalidInputException(Path file, String problem) {
        super(file + ": " + problem);
    }

    /** Makes an exception whose message is {@code file: problem}, with its cause. */
    public InvalidInputException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }

    /** Makes an exception for input that is no file; its message is {@code name: problem}. */
    public InvalidInputException(String name, String problem) {
        super(name + ": " + problem);
    }

    /** Makes an exception for input that is no file, with its cause. */
    public InvalidInputException(String name, String problem, Throwable cause) {
        super(name + ": " + problem, cause);
    }
}
