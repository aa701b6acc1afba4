package leanvit.vit.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import leanvit.vit.io.InvalidInputException;

/** Reads comma-separated values (RFC 4180, UTF-8): fields may stand in double quotes, and a doubled quote is one. */
final class Csv {

    /** What a list of pictures may take; ImageNet's 1.3 million training pictures take some 60 megabytes. */
    private static final int MAX_BYTES = 128 << 20;

    /**
     * A row.
     *
     * @param line   where it begins in the file, counted from 1
     * @param fields at least one
     */
    record Row(int line, List<String> fields) {
    }

    private final Path file;
    private final String text;
    private int at;
    private int line = 1;

    private Csv(Path file, String text) {
        this.file = file;
        this.text = text;
    }

    /** Reads a file's rows; blank lines are no rows. */
    static List<Row> read(Path file) throws IOException {
        Csv csv = new Csv(file, decode(file, bytes(file)));
        List<Row> rows = new ArrayList<>();
        while (csv.at < csv.text.length()) {
            Row row = csv.row();
            if (row.fields().size() > 1 || !row.fields().get(0).isBlank()) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static byte[] bytes(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file, Files.exists(file) ? "not a regular file" : "no such file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidInputException(file, "expected at most " + MAX_BYTES + " bytes, came more");
            }
            return bytes;
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(file, "may not be read: permission denied", e);
        }
    }

    private static String decode(Path file, byte[] bytes) throws InvalidInputException {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return text.startsWith("\ufeff") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file, "no valid UTF-8", e);
        }
    }

    private Row row() throws InvalidInputException {
        int first = line;
        List<String> fields = new ArrayList<>();
        do {
            fields.add(next() == '"' ? quoted() : plain());
        } while (take(','));
        if (!take('\n') && at < text.length()) {
            throw problem(line, "expected a comma or the line's end after the closing quote");
        }
        return new Row(first, fields);
    }

    private String plain() throws InvalidInputException {
        int from = at;
        while (next() != ',' && next() != '\n' && at < text.length()) {
            if (next() == '"') {
                throw problem(line, "a quote inside a field that does not begin with one");
            }
            at++;
        }
        return text.substring(from, at);
    }

    private String quoted() throws InvalidInputException {
        int first = line;
        StringBuilder field = new StringBuilder();
        at++;
        while (true) {
            if (at == text.length()) {
                throw problem(first, "a quote that nothing closes");
            }
            char c = text.charAt(at++);
            if (c == '"' && next() != '"') {
                return field.toString();
            }
            at += c == '"' ? 1 : 0;
            line += c == '\n' ? 1 : 0;
            field.append(c);
        }
    }

    /** Returns the next character; a carriage return with its line feed is a line feed, and 0 is the end. */
    private char next() {
        if (at == text.length()) {
            return 0;
        }
        char c = text.charAt(at);
        return c == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n' ? '\n' : c;
    }

    private boolean take(char expected) {
        if (at == text.length() || next() != expected) {
            return false;
        }
        at += text.charAt(at) == '\r' ? 2 : 1;
        line += expected == '\n' ? 1 : 0;
        return true;
    }

    private InvalidInputException problem(int line, String what) {
        return new InvalidInputException(file, "line " + line + ": " + what);
    }
}
