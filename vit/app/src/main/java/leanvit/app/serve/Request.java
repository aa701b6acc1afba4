package leanvit.app.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import leanvit.vit.json.JsonWriter;

/** What a client asks. For one thread. */
final class Request {

    private final HttpExchange exchange;
    private final BodyRoom.Share room;
    private final long end;
    private final Map<String, String> query;
    /** The parts of the path that its route names. */
    private Map<String, String> parts = Map.of();

    /**
     * Makes a request.
     *
     * @param end when its body must have come and its answer be there, by {@link System#nanoTime}
     * @throws Problem if its query cannot be read
     */
    Request(HttpExchange exchange, BodyRoom.Share room, long end) throws Problem {
        this.exchange = exchange;
        this.room = room;
        this.end = end;
        query = parsed(exchange.getRequestURI().getRawQuery());
    }

    private static Map<String, String> parsed(String raw) throws Problem {
        Map<String, String> query = new LinkedHashMap<>();
        if (raw == null || raw.isEmpty()) {
            return query;
        }
        for (String pair : raw.split("&")) {
            int equals = pair.indexOf('=');
            try {
                String name = URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), StandardCharsets.UTF_8);
                String value = equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
                if (query.put(name, value) != null) {
                    throw Problem.badRequest("the query names " + quoted(name) + " twice");
                }
            } catch (IllegalArgumentException e) {
                throw Problem.badRequest("the query cannot be decoded");
            }
        }
        return query;
    }

    private static String quoted(String text) {
        return JsonWriter.quoteShort(text);
    }

    /** Returns when its answer must be there, by {@link System#nanoTime}. */
    long end() {
        return end;
    }

    void parts(Map<String, String> named) {
        parts = named;
    }

    /** Returns a part of the path. */
    String part(String name) {
        return parts.get(name);
    }

    String method() {
        return exchange.getRequestMethod();
    }

    String path() {
        return exchange.getRequestURI().getPath();
    }

    /** Returns a header, or null. */
    String header(String name) {
        return exchange.getRequestHeaders().getFirst(name);
    }

    /** Returns the content type without its parameters, in lower case; empty where there is none. */
    String type() {
        String header = header("Content-Type");
        return header == null ? "" : header.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    /** Returns what the query says of a name, or null. */
    String query(String name) {
        return query.get(name);
    }

    /**
     * Refuses names in the query that nobody reads.
     *
     * @throws Problem naming the first
     */
    void allow(String... names) throws Problem {
        for (String name : query.keySet()) {
            if (!List.of(names).contains(name)) {
                throw Problem.badRequest("the query has " + quoted(name) + ", expected "
                        + (names.length == 0 ? "none" : String.join(", ", names)));
            }
        }
    }

    /**
     * Reads the body.
     *
     * @throws Problem if it has no length, is too long or comes too slowly
     */
    byte[] body() throws Problem, IOException {
        Headers headers = exchange.getRequestHeaders();
        String length = headers.getFirst("Content-Length");
        if (length == null) {
            throw new Problem(Problem.LENGTH_REQUIRED, "no_length", "a body needs a Content-Length")
                    .with("Connection", "close");
        }
        long bytes = Long.parseLong(length); // the server has looked at it
        if (bytes > room.most()) {
            drain(bytes);
            throw Problem.tooLarge("a body of " + bytes + " bytes, at most " + room.most() + " are taken")
                    .with("Connection", "close");
        }
        return room.read(exchange.getRequestBody(), (int) bytes, end);
    }

    /** Reads what a client is sending all the same, in vain, so that it gets to read why: some of it. */
    private void drain(long bytes) throws IOException {
        byte[] nothing = new byte[16 << 10];
        InputStream in = exchange.getRequestBody();
        long left = Math.min(bytes, 4L * room.most());
        while (left > 0 && System.nanoTime() - end < 0) {
            int count = in.read(nothing);
            if (count < 0) {
                return;
            }
            left -= count;
        }
    }
}
