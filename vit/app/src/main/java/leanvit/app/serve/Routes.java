package leanvit.app.serve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which endpoint answers which method on which path. Immutable once it is made. */
final class Routes {

    /**
     * A route.
     *
     * @param path    such as {@code /v2/models/{model}/infer}; a part in braces is any one
     * @param open    whether it needs no token
     * @param warm    whether it waits until models are warm: what runs them
     */
    record Route(String method, String path, boolean open, boolean warm, Endpoint endpoint) {
    }

    private final List<Route> routes = new ArrayList<>();

    Routes add(String method, String path, boolean open, boolean warm, Endpoint endpoint) {
        routes.add(new Route(method, path, open, warm, endpoint));
        return this;
    }

    /**
     * Finds the route of a request, and tells it the parts of its path.
     *
     * @throws Problem if there is none for the path, or none for the method
     */
    Route find(Request request) throws Problem {
        List<String> methods = new ArrayList<>();
        String method = request.method().equals("HEAD") ? "GET" : request.method();
        for (Route route : routes) {
            Map<String, String> parts = match(route.path(), request.path());
            if (parts != null && route.method().equals(method)) {
                request.parts(parts);
                return route;
            }
            if (parts != null) {
                methods.add(route.method().equals("GET") ? "GET, HEAD" : route.method());
            }
        }
        if (methods.isEmpty()) {
            throw Problem.notFound("there is nothing at this path; GET / shows a page, and /v2 what else there is");
        }
        throw new Problem(Problem.METHOD_NOT_ALLOWED, "method", "this path takes " + String.join(", ", methods))
                .with("Allow", String.join(", ", methods));
    }

    private static Map<String, String> match(String pattern, String path) {
        String[] expected = pattern.split("/", -1);
        String[] came = path.split("/", -1);
        if (expected.length != came.length) {
            return null;
        }
        Map<String, String> parts = new LinkedHashMap<>();
        for (int i = 0; i < expected.length; i++) {
            if (expected[i].startsWith("{")) {
                parts.put(expected[i].substring(1, expected[i].length() - 1), came[i]);
            } else if (!expected[i].equals(came[i])) {
                return null;
            }
        }
        return parts;
    }
}
