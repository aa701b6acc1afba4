package leanvit.vit.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import leanvit.vit.io.InvalidInputException;

/**
 * Models in the hub's cache, where Python's huggingface_hub puts what it downloads: {@code org/name} lies in
 * {@code models--org--name/snapshots/<hash>}, and {@code refs/main} has the hash. Nothing is ever downloaded here.
 */
final class HubCache {

    private static final String MODEL = "[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}";

    private HubCache() {
    }

    /**
     * Returns the directory of a model: the path itself where there is such, else the snapshot of a model of that name
     * in the cache.
     *
     * @throws InvalidInputException if the path may be a model's name and the cache has no whole snapshot of it
     */
    static Path directory(Path model) throws IOException {
        return directory(model, System.getenv(), Path.of(System.getProperty("user.home", "")));
    }

    static Path directory(Path model, Map<String, String> environment, Path home) throws IOException {
        String name = model.toString().replace('\\', '/');
        if (Files.exists(model) || model.isAbsolute() || !name.matches(MODEL)) {
            return model;
        }
        Path cached = cache(environment, home).resolve("models--" + name.replace("/", "--"));
        Path snapshots = cached.resolve("snapshots");
        if (!Files.isDirectory(snapshots)) {
            throw new InvalidInputException(model, "no such directory, and the hub's cache has no such model: "
                    + cached + " (models are not downloaded here: huggingface-cli download " + name + ")");
        }
        Path main = cached.resolve("refs").resolve("main");
        if (Files.isRegularFile(main)) {
            String hash = Files.readString(main).strip();
            Path snapshot = hash.matches("[A-Za-z0-9_.-]{1,128}") ? snapshots.resolve(hash) : snapshots;
            if (snapshot.equals(snapshots) || !Files.isDirectory(snapshot)) {
                throw new InvalidInputException(main, "the snapshot that it names is missing: " + snapshot);
            }
            return snapshot;
        }
        try (Stream<Path> all = Files.list(snapshots)) {
            List<Path> found = all.filter(Files::isDirectory).toList();
            if (found.size() != 1) {
                throw new InvalidInputException(snapshots, "expected one snapshot, since " + main
                        + " is missing, came " + found.size());
            }
            return found.get(0);
        }
    }

    /** Returns where the cache lies, by the variables that huggingface_hub reads. */
    private static Path cache(Map<String, String> environment, Path home) {
        for (String variable : List.of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")) {
            if (!environment.getOrDefault(variable, "").isEmpty()) {
                return Path.of(environment.get(variable));
            }
        }
        String own = environment.getOrDefault("HF_HOME", "");
        String all = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path hub = !own.isEmpty() ? Path.of(own)
                : (all.isEmpty() ? home.resolve(".cache") : Path.of(all)).resolve("huggingface");
        return hub.resolve("hub");
    }
}
