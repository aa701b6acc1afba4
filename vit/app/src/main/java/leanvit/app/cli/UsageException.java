package leanvit.app.cli;

/** A command line that cannot be. The message is one line that names the option, what was expected and what came. */
final class UsageException extends Exception {

    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
