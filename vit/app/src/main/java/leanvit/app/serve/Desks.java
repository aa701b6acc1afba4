package leanvit.app.serve;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.vit.json.JsonWriter;

/** All models that are served; the first is what a request gets that names none. Immutable. */
final class Desks {

    private final Map<String, Desk> byName = new LinkedHashMap<>();

    Desks(List<Desk> desks) {
        desks.forEach(desk -> byName.put(desk.name(), desk));
    }

    Collection<Desk> all() {
        return byName.values();
    }

    /**
     * Returns a model.
     *
     * @param name null for the first
     * @throws Problem if there is none of that name
     */
    Desk named(String name) throws Problem {
        Desk desk = name == null ? byName.values().iterator().next() : byName.get(name);
        if (desk == null) {
            throw Problem.notFound("there is no model " + JsonWriter.quoteShort(name) + "; there are "
                    + String.join(", ", byName.keySet()));
        }
        return desk;
    }
}
