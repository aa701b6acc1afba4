package leanvit.app.serve;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a body of {@code multipart/form-data} (RFC 7578, in the framing of RFC 2046, section 5.1.1).
 *
 * @param name    the field's name
 * @param file    the file's name as the client has it, for messages alone; null where the part is no file
 * @param content the part's bytes
 */
record Multipart(String name, String file, byte[] content) {

    private static final int MOST_PARTS = 1000;
    private static final int MOST_HEADERS = 8 << 10;
    private static final Pattern BOUNDARY =
            Pattern.compile("(?i);\\s*boundary=(?:\"([^\"]{1,70})\"|([^\\s;\"]{1,70}))");
    private static final Pattern DISPOSITION = Pattern.compile("(?i)^content-disposition:\\s*form-data\\s*(;.*)$");
    private static final Pattern PARAMETER =
            Pattern.compile("(?i);\\s*(name|filename)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s;\"]*))");

    /**
     * Takes a body apart.
     *
     * @param type the header {@code Content-Type}
     * @throws Problem if it is not what the header says
     */
    static List<Multipart> read(String type, byte[] body) throws Problem {
        Matcher boundary = BOUNDARY.matcher(type);
        if (!boundary.find()) {
            throw Problem.badRequest("multipart/form-data has no boundary");
        }
        String text = boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
        byte[] delimiter = ("\r\n--" + text).getBytes(StandardCharsets.ISO_8859_1);
        List<Multipart> parts = new ArrayList<>();
        // The first delimiter may stand at the very beginning, without its line end.
        int at = startsWith(body, 0, delimiter, 2) ? delimiter.length - 2 : next(body, 0, delimiter) + delimiter.length;
        while (true) {
            if (at + 2 <= body.length && body[at] == '-' && body[at + 1] == '-') {
                return parts;
            }
            while (at < body.length && (body[at] == ' ' || body[at] == '\t')) {
                at++;
            }
            if (at + 2 > body.length || body[at] != '\r' || body[at + 1] != '\n') {
                throw Problem.badRequest("multipart/form-data: a boundary without its line end");
            }
            int end = next(body, at, delimiter);
            parts.add(part(body, at + 2, Math.max(at + 2, end)));
            if (parts.size() > MOST_PARTS) {
                throw Problem.tooLarge("more than " + MOST_PARTS + " parts");
            }
            at = end + delimiter.length;
        }
    }

    private static Multipart part(byte[] body, int from, int to) throws Problem {
        int at = from;
        String name = null;
        String file = null;
        while (true) {
            int line = at;
            while (line + 1 < to && !(body[line] == '\r' && body[line + 1] == '\n')) {
                line++;
            }
            if (line + 1 >= to || line - from > MOST_HEADERS) {
                throw Problem.badRequest("multipart/form-data: a part whose headers do not end");
            }
            String header = new String(body, at, line - at, StandardCharsets.UTF_8);
            at = line + 2;
            if (header.isEmpty()) {
                break;
            }
            Matcher disposition = DISPOSITION.matcher(header);
            if (disposition.matches()) {
                Matcher parameter = PARAMETER.matcher(disposition.group(1));
                while (parameter.find()) {
                    String value = parameter.group(2) == null ? parameter.group(3) : parameter.group(2);
                    if (parameter.group(1).toLowerCase(Locale.ROOT).equals("name")) {
                        name = value;
                    } else {
                        file = value;
                    }
                }
            }
        }
        if (name == null) {
            throw Problem.badRequest("multipart/form-data: a part without a name");
        }
        return new Multipart(name, file, Arrays.copyOfRange(body, at, to));
    }

    private static int next(byte[] body, int from, byte[] delimiter) throws Problem {
        for (int at = from; at + delimiter.length <= body.length; at++) {
            if (body[at] == '\r' && startsWith(body, at, delimiter, 0)) {
                return at;
            }
        }
        throw Problem.badRequest("multipart/form-data: the last boundary is missing");
    }

    private static boolean startsWith(byte[] body, int at, byte[] what, int skip) {
        return at + what.length - skip <= body.length
                && Arrays.equals(body, at, at + what.length - skip, what, skip, what.length);
    }
}
