package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models in a cache laid out as huggingface_hub lays it out. */
class HubCacheTest {

    private static final Path NAME = Path.of("no-such-org", "model-1.0");

    @TempDir
    private Path home;

    private Path cached;

    @BeforeEach
    void lay() throws IOException {
        cached = home.resolve(".cache/huggingface/hub/models--no-such-org--model-1.0");
    }

    private static Path snapshot(Path cached, String hash) throws IOException {
        Path snapshot = Files.createDirectories(cached.resolve("snapshots").resolve(hash));
        Files.createDirectories(cached.resolve("blobs"));
        TestModel.timm().write(Files.createDirectories(cached.resolve("written")));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Path blob = cached.resolve("blobs").resolve(hash + file.length());
            Files.move(cached.resolve("written").resolve(file), blob);
            Files.createSymbolicLink(snapshot.resolve(file), Path.of("../../blobs", blob.getFileName().toString()));
        }
        return snapshot;
    }

    private static void main(Path cached, String hash) throws IOException {
        Files.createDirectories(cached.resolve("refs"));
        Files.writeString(cached.resolve("refs/main"), hash);
    }

    private Path directory(Map<String, String> environment) throws IOException {
        return HubCache.directory(NAME, environment, home);
    }

    @Test
    void takesTheSnapshotThatMainNames() throws IOException {
        snapshot(cached, "abc");
        Path wanted = snapshot(cached, "def");
        main(cached, "def\n");
        assertThat(directory(Map.of())).isEqualTo(wanted);
        try (Checkpoint checkpoint = Checkpoint.open(wanted)) {
            assertThat(checkpoint.config().width()).isEqualTo(TestModel.WIDTH);
        }
    }

    @Test
    void takesTheOnlySnapshotWithoutMain() throws IOException {
        Path wanted = snapshot(cached, "abc");
        assertThat(directory(Map.of())).isEqualTo(wanted);
        snapshot(cached, "def");
        assertThatThrownBy(() -> directory(Map.of())).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("expected one snapshot").hasMessageEndingWith("came 2");
    }

    @Test
    void honoursTheVariablesOfPythonsHub() throws IOException {
        String name = "models--no-such-org--model-1.0";
        Path hub = snapshot(home.resolve("a").resolve(name), "abc");
        Path own = snapshot(home.resolve("b/hub").resolve(name), "abc");
        Path cache = snapshot(home.resolve("c/huggingface/hub").resolve(name), "abc");
        String a = home.resolve("a").toString();
        String b = home.resolve("b").toString();
        String c = home.resolve("c").toString();
        assertThat(directory(Map.of("HF_HUB_CACHE", a, "HF_HOME", b))).isEqualTo(hub);
        assertThat(directory(Map.of("HF_HOME", b, "XDG_CACHE_HOME", c, "HF_HUB_CACHE", ""))).isEqualTo(own);
        assertThat(directory(Map.of("XDG_CACHE_HOME", c))).isEqualTo(cache);
    }

    @Test
    void leavesPathsAsTheyAre() throws IOException {
        Path there = Files.createDirectories(home.resolve("x/y"));
        assertThat(HubCache.directory(there, Map.of(), home)).isEqualTo(there);
        Path deep = Path.of("no", "such", "path");
        assertThat(HubCache.directory(deep, Map.of(), home)).isEqualTo(deep);
        assertThat(HubCache.directory(Path.of("no-such-name"), Map.of(), home)).isEqualTo(Path.of("no-such-name"));
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> directory(Map.of())).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no such directory, and the hub's cache has no such model: " + cached);
        Path snapshot = snapshot(cached, "abc");
        main(cached, "../abc");
        assertThatThrownBy(() -> directory(Map.of())).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("the snapshot that it names is missing");
        main(cached, "abc");
        Files.delete(cached.resolve("blobs/abc17"));
        assertThatThrownBy(() -> Checkpoint.open(snapshot)).isInstanceOf(InvalidInputException.class)
                .hasMessage(snapshot.resolve("model.safetensors") + ": a link to a file that is missing: "
                        + Path.of("../../blobs/abc17"));
        Files.delete(cached.resolve("blobs/abc11"));
        assertThatThrownBy(() -> Checkpoint.open(snapshot)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(snapshot.resolve("config.json") + ": a link to a file that is missing: ");
    }
}
