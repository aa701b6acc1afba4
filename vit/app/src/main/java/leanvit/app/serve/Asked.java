package leanvit.app.serve;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.vit.Picture;
import leanvit.vit.json.JsonWriter;

/**
 * What a request with pictures asks for, however it says it: a raw body, {@code multipart/form-data}, or JSON with
 * base64 or data URLs. Settings come from the query, and from the form or the JSON; where both say something, they must
 * agree.
 *
 * @param model    the model's name, or null
 * @param reducer  a SPEC, or null
 * @param settings what else the form or the JSON says
 * @param pictures at least one
 */
record Asked(String model, String reducer, Fields settings, List<Picture> pictures) {

    private static final List<String> RAW =
            List.of("", "application/octet-stream", "application/x-www-form-urlencoded");
    private static final String INPUT = "input";

    /**
     * Reads a request.
     *
     * @param names what JSON and forms may say beside model, reducer and input
     * @throws Problem if it cannot be read, or is of a type that is not
     */
    static Asked read(Request request, Work work, String... names) throws Problem, IOException {
        String type = request.type();
        if (type.equals("application/json")) {
            return json(request, work, names);
        }
        if (type.equals("multipart/form-data")) {
            return form(request, names);
        }
        if (!type.startsWith("image/") && !RAW.contains(type)) {
            throw new Problem(Problem.UNSUPPORTED_MEDIA_TYPE, "media_type", "the body is of type "
                    + JsonWriter.quoteShort(type) + ", expected a picture, multipart/form-data or application/json");
        }
        byte[] body = request.body();
        if (type.equals("application/x-www-form-urlencoded") && !looksLikePicture(body)) {
            // What curl calls any file; a form is none.
            throw new Problem(Problem.UNSUPPORTED_MEDIA_TYPE, "media_type",
                    "the body is a form, expected a picture, multipart/form-data or application/json");
        }
        return new Asked(request.query("model"), request.query("reducer"), new Fields("", Map.of()),
                List.of(Picture.of(body)));
    }

    private static boolean looksLikePicture(byte[] body) {
        return body.length > 2 && (body[0] & 0xff) == 0xff && (body[1] & 0xff) == 0xd8
                || body.length > 2 && (body[0] & 0xff) == 0x89 && body[1] == 'P';
    }

    private static Asked json(Request request, Work work, String... names) throws Problem, IOException {
        List<String> allowed = new ArrayList<>(List.of("model", "reducer", INPUT));
        allowed.addAll(List.of(names));
        Fields fields = Fields.of("", work.json(request.body(), request.end())).allow(allowed.toArray(String[]::new));
        Object input = fields.values().get(INPUT);
        List<Object> inputs = input instanceof String ? List.of(input) : fields.list(INPUT);
        if (inputs.isEmpty()) {
            throw Problem.badRequest("input: expected a picture in base64 or as a data URL, or a list of them");
        }
        List<Picture> pictures = new ArrayList<>();
        for (Object each : inputs) {
            String name = INPUT + "[" + pictures.size() + "]";
            if (!(each instanceof String text)) {
                throw Problem.badRequest(name + ": expected a picture in base64 or as a data URL");
            }
            pictures.add(Picture.of(decode(name, text)).named(name));
        }
        return new Asked(agreed(request, fields, "model"), agreed(request, fields, "reducer"), fields, pictures);
    }

    private static Asked form(Request request, String... names) throws Problem, IOException {
        List<String> allowed = new ArrayList<>(List.of("model", "reducer"));
        allowed.addAll(List.of(names));
        Map<String, Object> settings = new LinkedHashMap<>();
        List<Picture> pictures = new ArrayList<>();
        for (Multipart part : Multipart.read(request.header("Content-Type"), request.body())) {
            if (part.file() != null || part.name().equals(INPUT)) {
                String name = part.file() == null || part.file().isEmpty() ? INPUT + "[" + pictures.size() + "]"
                        : part.file();
                pictures.add(Picture.of(part.content()).named(name));
            } else {
                String text = new String(part.content(), StandardCharsets.UTF_8);
                // A form has texts alone.
                settings.put(part.name(), text.matches("[0-9]{1,9}") ? (Object) Long.valueOf(text) : text);
            }
        }
        if (pictures.isEmpty()) {
            throw Problem.badRequest("multipart/form-data: no part is a file");
        }
        Fields fields = new Fields("", settings).allow(allowed.toArray(String[]::new));
        return new Asked(agreed(request, fields, "model"), agreed(request, fields, "reducer"), fields, pictures);
    }

    private static String agreed(Request request, Fields fields, String name) throws Problem {
        String query = request.query(name);
        String field = fields.text(name);
        if (query != null && field != null && !query.equals(field)) {
            throw Problem.badRequest("the query and the body name two values of " + name);
        }
        return field == null ? query : field;
    }

    /**
     * Decodes a picture's text: base64, or a data URL of it.
     *
     * @param name what messages call it
     */
    static byte[] decode(String name, String text) throws Problem {
        String base64 = text;
        if (text.startsWith("data:")) {
            int comma = text.indexOf(',');
            if (comma < 0 || !text.substring(0, comma).endsWith(";base64")) {
                throw Problem.badRequest(name + ": a data URL without ;base64,");
            }
            base64 = text.substring(comma + 1);
        } else if (text.startsWith("http:") || text.startsWith("https:")) {
            throw Problem.badRequest(name + ": this server fetches nothing; send the picture itself, in base64");
        }
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(name + ": is not base64");
        }
    }

    /**
     * Returns a number that the query or the body gives.
     *
     * @param fallback what it is where neither does
     */
    static int whole(Request request, Fields fields, String name, int least, int most, int fallback) throws Problem {
        String query = request.query(name);
        if (query == null) {
            return fields.whole(name, least, most, fallback);
        }
        if (!query.matches("[0-9]{1,9}") || Integer.parseInt(query) < least || Integer.parseInt(query) > most) {
            throw Problem.badRequest(name + ": expected a whole number from " + least + " to " + most);
        }
        return Integer.parseInt(query);
    }
}
