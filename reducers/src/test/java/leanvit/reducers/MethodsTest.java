package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Methods that a class loader brings: a user's own beside the library's, and what is broken among them. */
class MethodsTest {

    private static final List<String> OWN = List.of("none", "tome", "ltmp", "etps", "dtps", "evit", "topk", "pomt",
            "tome-kth", "tome-random");

    @TempDir
    private Path folder;

    /** A method that keeps all, in one source file; what differs from test to test is put in. */
    private static String source(String type, String name, String spec) {
        return """
                package own;
                import java.util.List;
                import java.util.Set;
                import leanvit.reducers.*;
                public record %1$s(int layer, String label) implements TokenReducer {
                    public String spec() { return %3$s; }
                    public boolean reducesAt(ModelShape model, int block) { return block == layer; }
                    public Set<Need> needs() { return Set.of(); }
                    public void reduce(LayerTokens tokens, TokenMap map) { map.identity(tokens.count()); }
                    public static final class Method implements ReducerMethod {
                        public String name() { return "%2$s"; }
                        public String summary() { return "Mine: nothing happens."; }
                        public List<Key> keys() { return List.of(new Key("layer", "the block", ""),
                                new Key("label", "any text", "none")); }
                        public String example() { return "%2$s:layer=1"; }
                        public TokenReducer parse(Settings settings, TensorFiles files) {
                            return new %1$s(settings.whole("layer"),
                                    settings.has("label") ? settings.text("label") : "x");
                        }
                    }
                }
                """.formatted(type, name, spec);
    }

    private static final String GOOD = "\"%s:layer=\" + layer + \",label=\" + Settings.quote(label)";

    private void compile(String type, String source) throws IOException {
        Path file = Files.createDirectories(folder.resolve("own")).resolve(type + ".java");
        Files.writeString(file, source);
        String classPath = System.getProperty("java.class.path");
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-cp", classPath,
                "-d", folder.toString(), file.toString());
        assertThat(status).isZero();
    }

    private void register(String... classes) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.write(services.resolve(ReducerMethod.class.getName()), List.of(classes));
    }

    private interface Body {
        void run() throws Exception;
    }

    /** Runs with a context class loader that sees the folder. */
    private void inLoader(Body body) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            body.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static List<String> names() {
        return Reducers.methods().stream().map(ReducerMethod::name).toList();
    }

    @Test
    void theLibrarysOwnAreRegistered() {
        assertThat(names()).containsExactlyElementsOf(OWN);
        assertThat(Reducers.problems()).isEmpty();
        for (ReducerMethod method : Reducers.methods()) {
            assertThat(method.summary()).endsWith(".");
            assertThat(method.keys()).extracting(ReducerMethod.Key::name).doesNotHaveDuplicates();
            assertThat(method.keys()).allMatch(key -> !key.meaning().isEmpty());
        }
    }

    /** On the module path {@code provides} counts, on the class path the file: they say the same. */
    @Test
    void moduleAndServicesFileNameTheSame() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("src/main/java/module-info.java"))) {
            String module = String.join(" ", lines.toList());
            List<String> provided = new ArrayList<>();
            for (String name : module.substring(module.indexOf(" with ") + 6, module.lastIndexOf(';')).split(",")) {
                provided.add("leanvit.reducers." + name.strip().replace('.', '$'));
            }
            assertThat(Reducers.methods()).extracting(method -> method.getClass().getName())
                    .containsExactlyElementsOf(provided);
        }
    }

    @Test
    void aUsersOwnIsFoundAndItsSpecReadsBack() throws Exception {
        compile("Mine", source("Mine", "mine", GOOD.formatted("mine")));
        register("own.Mine$Method");
        inLoader(() -> {
            assertThat(names()).startsWith("none", "tome").endsWith("mine").hasSize(OWN.size() + 1);
            TokenReducer mine = Reducers.parse("mine:layer=2,label=\"a,b;c\"");
            assertThat(mine.spec()).isEqualTo("mine:layer=2,label=\"a,b;c\"");
            assertThat(Reducers.parse(mine.spec())).isEqualTo(mine);
            assertThat(Reducers.parseAll("none;" + mine.spec() + ";tome:r=8", path -> null).get(1)).isEqualTo(mine);
            assertThat(Reducers.describe("mine:layer=2")).isEqualTo("Mine: nothing happens.");
            assertThat(Reducers.usual(new ModelShape(12, 192, 3, 1, 196))).extracting(TokenReducer::spec)
                    .contains("mine:layer=1,label=x", "tome:r=8");
            assertThatThrownBy(() -> Reducers.parse("mine")).hasMessage("mine: needs layer, such as mine:layer=1");
            assertThatThrownBy(() -> Reducers.parse("mine:r=1")).hasMessageContaining("it has layer, label");
        });
        assertThatThrownBy(() -> Reducers.parse("mine:layer=2")).hasMessageContaining("unknown reducer 'mine'");
    }

    @Test
    void aBrokenOneIsNamedAndTheOthersWork() throws Exception {
        compile("Mine", source("Mine", "mine", GOOD.formatted("mine")));
        compile("Bad", source("Bad", "Not a name", "\"x\""));
        register("own.Missing", "own.Bad$Method", "own.Mine", "own.Mine$Method");
        inLoader(() -> {
            assertThat(Reducers.parse("mine:layer=2")).isNotNull();
            assertThat(Reducers.parse("tome:r=8")).isNotNull();
            assertThat(Reducers.problems()).hasSize(3).anyMatch(line -> line.contains("own.Missing"))
                    .anyMatch(line -> line.contains("own.Bad$Method: name() is 'Not a name'"))
                    .anyMatch(line -> line.contains("own.Mine not a subtype")).noneMatch(line -> line.contains("\n"));
            assertThatThrownBy(() -> Reducers.parse("missing:r=1")).isInstanceOf(InvalidSpecException.class)
                    .hasMessageContaining("unknown reducer 'missing'").hasMessageContaining("own.Missing not found");
        });
    }

    @Test
    void aNameTakenTwiceIsRefusedAndTheOthersWork() throws Exception {
        compile("Mine", source("Mine", "tome", GOOD.formatted("tome")));
        register("own.Mine$Method");
        inLoader(() -> {
            assertThatThrownBy(() -> Reducers.parse("tome:r=8")).isInstanceOf(InvalidSpecException.class).hasMessage(
                    "the name 'tome' is taken twice, by leanvit.reducers.ToMe$Method and by own.Mine$Method: one of "
                            + "them needs another name");
            assertThat(Reducers.problems()).hasSize(1);
            assertThat(Reducers.parse("topk:r=8")).isNotNull();
        });
        assertThat(Reducers.parse("tome:r=8")).isNotNull();
    }

    @Test
    void aSpecThatDoesNotReadBackIsRefused() throws Exception {
        compile("Mine", source("Mine", "mine", "\"other:layer=1\""));
        compile("Wrong", source("Wrong", "wrong", "\"wrong:depth=1\""));
        register("own.Mine$Method", "own.Wrong$Method");
        inLoader(() -> {
            assertThatThrownBy(() -> Reducers.parse("mine:layer=1")).hasMessageContaining("does not read back");
            assertThatThrownBy(() -> Reducers.parse("wrong:layer=1")).hasMessageContaining("unknown key 'depth'");
        });
    }
}
