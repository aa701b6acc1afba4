package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import leanvit.kernels.Gemm;
import leanvit.reducers.Reducers;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Pictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's own reducer: one source file and a line in META-INF/services, in a jar of its own on the class path. The
 * command line, started as users start it (it begins a second JVM by itself), knows it like the library's own.
 */
class OwnReducerJarTest {

    private static final Path CUP = Cli.PICTURES.resolve("cup.png");

    private static final String SOURCE = """
            package own;

            import java.util.List;
            import java.util.Set;
            import leanvit.reducers.LayerTokens;
            import leanvit.reducers.ModelShape;
            import leanvit.reducers.Need;
            import leanvit.reducers.ReducerMethod;
            import leanvit.reducers.Settings;
            import leanvit.reducers.TensorFiles;
            import leanvit.reducers.TokenMap;
            import leanvit.reducers.TokenReducer;

            public record EverySecond(int layer) implements TokenReducer {
                public String spec() { return "every-second:layer=" + layer; }
                public boolean reducesAt(ModelShape model, int block) { return block == layer; }
                public Set<Need> needs() { return Set.of(); }
                public void reduce(LayerTokens tokens, TokenMap map) {
                    for (int i = 0; i < tokens.count(); i++) {
                        if (i < tokens.prefix() || (i - tokens.prefix()) % 2 == 0) map.keep(i);
                        else map.drop(i);
                    }
                }

                public static final class Method implements ReducerMethod {
                    public String name() { return "every-second"; }
                    public String summary() { return "Every second patch is dropped, whatever it shows."; }
                    public List<Key> keys() { return List.of(new Key("layer", "the block that drops them", "0")); }
                    public String example() { return "every-second:layer=2"; }
                    public TokenReducer parse(Settings settings, TensorFiles files) {
                        return new EverySecond(settings.whole("layer", 0));
                    }
                }
            }
            """;

    @TempDir
    private static Path folder;
    private static Path jar;

    @BeforeAll
    static void makeTheJar() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source/own")).resolve("EverySecond.java");
        Files.writeString(source, SOURCE);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-cp",
                String.join(File.pathSeparator, place(Reducers.class), place(Gemm.class)), "-d", classes.toString(),
                source.toString())).isZero();
        Path services = Files.createDirectories(classes.resolve("META-INF/services"));
        Files.writeString(services.resolve("leanvit.reducers.ReducerMethod"), "own.EverySecond$Method\n");
        jar = folder.resolve("own.jar");
        try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(path).toString().replace(File.separatorChar, '/')));
                Files.copy(path, out);
            }
        }
    }

    /** Where a class was loaded from. */
    private static String place(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
    }

    private record Ran(int status, String out, String err) {
    }

    /** Runs {@code java -cp leanvit:own.jar leanvit.app.cli.Main ARGUMENTS}, without any option for the JVM. */
    private static Ran run(Object... arguments) throws IOException, InterruptedException {
        return runWith(jar, arguments);
    }

    private static Ran runWith(Path own, Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                String.join(File.pathSeparator, place(Main.class), place(VisionTransformer.class),
                place(Reducers.class), place(Gemm.class), own.toString()), Main.class.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path out = Files.createTempFile(folder, "out", ".txt");
        Path err = Files.createTempFile(folder, "err", ".txt");
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void helpTellsIt() throws Exception {
        for (String command : new String[] {"classify", "compare", "info", "bench", "run"}) {
            assertThat(run(command, "--help").out()).as(command)
                    .contains("every-second:layer=2", "Every second patch is dropped", "the block that drops them");
        }
    }

    @Test
    void itClassifiesAndDraws() throws Exception {
        Path plain = folder.resolve("plain.png");
        Path drawn = folder.resolve("drawn.png");
        Ran ran = run("classify", CUP, "--reducer", "every-second:layer=3", "--json", "--visualize", drawn);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("\"tokens\":[145,145,145,73,73,73]");
        run("classify", CUP, "--reducer", "topk:keep=0.5,layers=3", "--visualize", plain);
        assertThat(Pictures.read(drawn).samples()).isNotEqualTo(Pictures.read(plain).samples());
    }

    @Test
    void compareAndInfoHaveItAmongTheUsual() throws Exception {
        Ran info = run("info", "--model", Cli.DEMO, "--json");
        assertThat(info.out()).contains("\"every-second:layer=2\"", "\"tome:r=12\"");
        Ran compare = run("compare", Cli.PICTURES, "--reducers", "none;every-second;tome:r=4", "--json");
        assertThat(compare.status()).as(compare.err()).isZero();
        assertThat(compare.out()).contains("\"every-second:layer=0\"", "\"tome:r=4\"");
    }

    /** All else works, and whoever names reducers, or leaves it to the program, is told. */
    @Test
    void aBrokenRegistrationIsOneWarning() throws Exception {
        Path broken = folder.resolve("broken");
        Path services = Files.createDirectories(broken.resolve("META-INF/services"));
        Files.writeString(services.resolve("leanvit.reducers.ReducerMethod"), "own.Missing$Method\n");
        Ran classify = runWith(broken, "classify", CUP, "--reducer", "tome:r=4", "--top", "1");
        assertThat(classify.status()).isZero();
        assertThat(classify.out()).contains("cup");
        assertThat(classify.err()).matches("leanvit: warning: a registered method cannot be used: "
                + "[^\n]*own.Missing.Method not found\n");
        Ran info = runWith(broken, "info", "--model", Cli.DEMO);
        assertThat(info.err()).isEqualTo(classify.err());
        assertThat(info.out()).contains("tome:r=12");
        assertThat(runWith(broken, "info", "--help").out().replaceAll("\\s+", " "))
                .contains("Note: a registered method cannot be used: ");
    }

    @Test
    void whatIsWrongIsSaidInItsName() throws Exception {
        Ran ran = run("classify", CUP, "--reducer", "every-second:r=3");
        assertThat(ran.err()).isEqualTo("leanvit: --reducer: every-second: unknown key 'r', it has layer "
                + "(see leanvit classify --help)\n");
        assertThat(ran.status()).isEqualTo(2);
        ran = run("classify", CUP, "--reducer", "second");
        assertThat(ran.err()).contains("known are none, tome, ltmp, etps, dtps, evit, topk, pomt, tome-kth, "
                + "tome-random, every-second ");
    }
}
