package leanvit.reducers;

/**
 * A reducer that cannot be: its SPEC does not parse, a value is outside its range, or the model at hand lacks what it
 * asks for. The message is one line that names the value and says what is allowed.
 */
public final class InvalidSpecException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 60;

    /** Creates the exception with its one-line message. */
    public InvalidSpecException(String message) {
        super(message);
    }

    /** Returns {@code text} fit for a one-line message: in quotes, without control characters, cut where it is long. */
    static String quote(String text) {
        String cut = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        StringBuilder line = new StringBuilder(cut.length() + 2).append('\'');
        for (int i = 0; i < cut.length(); i++) {
            char c = cut.charAt(i);
            boolean breaksLine = Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
            line.append(breaksLine ? '?' : c);
        }
        return line.append('\'').toString();
    }
}
