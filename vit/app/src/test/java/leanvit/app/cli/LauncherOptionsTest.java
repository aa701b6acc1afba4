package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts the program with options, paths, pictures and JVMs that a second JVM might spoil. */
class LauncherOptionsTest {

    private static final Path HOME = Path.of(System.getProperty("java.home"));
    private static final String JAVA = HOME.resolve("bin/java").toString();
    private static final String CLASSES = System.getProperty("java.class.path");
    private static final Path CUP = Cli.PICTURES.resolve("cup.png").toAbsolutePath();

    @TempDir
    private Path directory;

    private Cli run(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        Path err = directory.resolve("stderr.txt");
        builder.redirectError(err.toFile());
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Cli(process.exitValue(), out, Files.readString(err));
    }

    private Cli info(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(JAVA));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", CLASSES, Main.class.getName(), "info"));
        return run(command.toArray(String[]::new));
    }

    /** Checks that the first JVM did the work, and said so in one line. */
    private static void assertStayed(Cli cli, String claim) {
        assertThat(cli.err().lines().filter(line -> line.startsWith("leanvit: "))).containsExactly("leanvit: warning: "
                + claim + " holds for one JVM alone, so that the work is done without the Vector API, slowly; "
                + "add --add-modules jdk.incubator.vector to java");
        assertThat(cli.err()).doesNotContain("scalar kernels");
        assertThat(cli.out()).contains("the module jdk.incubator.vector is missing");
        assertThat(cli.status()).isZero();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aPortOfJmxIsOpenedOnce() throws Exception {
        String port = "-Dcom.sun.management.jmxremote.port=" + freePort();
        assertStayed(info(port, "-Dcom.sun.management.jmxremote.ssl=false",
                "-Dcom.sun.management.jmxremote.authenticate=false"), port);
    }

    @Test
    void aDebuggerSeesTheWork() throws Exception {
        String agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + freePort();
        assertStayed(info(agent), agent);
    }

    /** An agent, for {@link #anAgentIsLoadedOnce}. */
    public static final class Agent {
        /** Says that it was loaded. */
        public static void premain(String arguments) {
            System.out.println("agent loaded");
        }
    }

    @Test
    void anAgentIsLoadedOnce() throws Exception {
        Path jar = jar(directory.resolve("agent.jar"), "Premain-Class", Agent.class.getName());
        Cli cli = info("-javaagent:" + jar);
        assertStayed(cli, "-javaagent:" + jar);
        assertThat(cli.out().split("agent loaded", -1)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xlog:gc+init:file=x.log", "-XX:DumpLoadedClassList=x.classlist",
        "-XX:StartFlightRecording=filename=x.jfr"})
    void aFileIsWrittenByOneJvm(String option) throws Exception {
        assertStayed(info(option), option);
        assertThat(Cli.files(directory)).anyMatch(name -> name.startsWith("x."));
    }

    @Test
    void aFileForEachProcessIsNoClaim() throws Exception {
        assertThat(info("-Xlog:gc+init:file=x%p.log").succeeded().out()).doesNotContain("is missing");
        assertThat(Cli.files(directory).stream().filter(name -> name.matches("x[0-9]+[.]log"))).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "-agentlib:jdwp=server=y true", "-agentpath:/x/libprofiler.so=start true", "-javaagent:a.jar true",
            "-Xrunjdwp:server=y true", "-Dcom.sun.management.jmxremote.port=9010 true",
            "-Dcom.sun.management.jmxremote.rmi.port=9010 true", "-Dcom.sun.management.jmxremote.port=0 false",
            "-Dcom.sun.management.jmxremote false", "-Dcom.sun.management.config.file=m.properties true",
            "-Xlog:gc*:file=gc.log true", "-Xlog:gc:gc.log:uptime true", "-Xlog:gc:file=gc-%p.log false",
            "-Xlog:gc false", "-Xlog:gc:stdout false", "-Xlog:gc:stderr:uptime false", "-Xlog:gc::uptime false",
            "-Xlog:disable false", "-Xloggc:gc.log true", "-XX:StartFlightRecording true",
            "-XX:FlightRecorderOptions=stackdepth=9 false", "-XX:StartFlightRecording:filename=a.jfr true",
            "-XX:ArchiveClassesAtExit=a.jsa true", "-XX:SharedArchiveFile=a.jsa false",
            "-XX:AOTCacheOutput=a.aot true", "-XX:AOTCache=a.aot false", "-XX:AOTMode=record true",
            "-XX:PerfMapFile=a.map true", "-XX:+DumpPerfMapAtExit false", "-XX:LogFile=vm-%p.log false",
            "-XX:LogFile=vm.log true", "-XX:ErrorFile=e.log false", "-XX:HeapDumpPath=h false", "-Xmx1g false",
    })
    void whatClaimsSomethingIsKnown(String option, boolean claims) {
        assertThat(new JvmOptions(List.of("-Xss1m", option), false).claim(Map.of())).isEqualTo(claims ? option : null);
        Map<String, String> environment = Map.of("JAVA_TOOL_OPTIONS", "-Xss1m " + option);
        assertThat(new JvmOptions(List.of(), true).claim(environment)).isEqualTo(claims ? option : null);
        assertThat(new JvmOptions(List.of(), false).claim(environment)).isNull();
    }

    @Test
    void theCommandLineShowsTheOptions() {
        List<String> arguments = List.of("info", "--json");
        assertThat(JvmOptions.before(arguments, List.of("-Xss1m", "-jar", "a.jar", "info", "--json")))
                .containsExactly("-Xss1m");
        assertThat(JvmOptions.before(arguments, List.of("-cp", "a", "Main", "info", "--json")))
                .containsExactly("-cp", "a");
        assertThat(JvmOptions.before(arguments, List.of("@file"))).isNull();
        assertThat(JvmOptions.before(arguments, List.of("@file", "Main", "info", "--json"))).isNull();
    }

    @Test
    void optionsOfTheEnvironmentHoldOnce() throws Exception {
        Process process = null;
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(JAVA, "-Dfrom=line", "-cp", CLASSES, Main.class.getName(), "bench",
                    "--seconds", "300");
            builder.environment().putAll(Map.of("JAVA_TOOL_OPTIONS", "-Dfrom=tool", "JDK_JAVA_OPTIONS", "-Dfrom=jdk",
                    "_JAVA_OPTIONS", "-Dfrom=last"));
            process = builder.redirectErrorStream(true).redirectOutput(directory.resolve("out.txt").toFile()).start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            List<String> words = List.of();
            while (words.isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(20);
                words = process.descendants().flatMap(child ->
                        child.info().arguments().stream().flatMap(Arrays::stream))
                        .filter(word -> word.startsWith("-Dfrom=")).toList();
            }
            assertThat(words).containsExactly("-Dfrom=tool", "-Dfrom=jdk", "-Dfrom=line", "-Dfrom=last");
        } finally {
            if (process != null) {
                process.destroy();
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).as("as a shell knows the end by SIGTERM").isEqualTo(143);
            }
        }
        assertThat(Files.readString(directory.resolve("out.txt")).split("Picked up JAVA_TOOL_OPTIONS", -1)).hasSize(2);
    }

    @Test
    void stderrStaysOpenInTheFirstJvm() throws Exception {
        Cli cli = info("-XX:+UseSerialGC", "-Xlog:exit*:stderr");
        assertThat(cli.err().lines().filter(line -> line.contains(" Metaspace "))).as("a line of each JVM").hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sp ace", "semi;colon", "per%41cent", "plus+", "a:b"})
    void aJarMayLieAnywhere(String name) throws Exception {
        Path place = Files.createDirectory(directory.resolve(name));
        Path jar = jar(place.resolve("leanvit.jar"), "Main-Class", Main.class.getName());
        Path link = Files.createSymbolicLink(directory.resolve("link.jar"), jar);
        // Java itself finds no class in a jar with a colon in the path that it is given; from inside, it does.
        String command = name.contains(":") ? "cd '" + name + "' && exec \"$0\" -jar leanvit.jar info"
                : "\"$0\" -jar '" + jar + "' info && exec \"$0\" -jar '" + link + "' info";
        assertThat(run("bash", "-c", command, JAVA).succeeded().out()).contains("kernels").doesNotContain("missing");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPictureComesFromWhereverTheShellSays() throws Exception {
        String leanvit = "\"$0\" -cp \"$1\" " + Main.class.getName() + " classify --top 1 ";
        String command = "set -e; " + leanvit + "<(cat \"$2\"); cat \"$2\" | " + leanvit + "-; cat \"$2\" | " + leanvit
                + "/dev/stdin; mkfifo pipe; cat \"$2\" > pipe & " + leanvit + "pipe; " + leanvit
                + "--json /dev/fd/7 7<\"$2\"; " + leanvit + "- < \"$2\"";
        Cli cli = run("bash", "-c", command, JAVA, CLASSES, CUP.toString()).succeeded();
        assertThat(cli.out().lines().filter(line -> line.endsWith("  cup"))).hasSize(5);
        assertThat(cli.out()).contains("{\"file\":\"/dev/fd/7\",\"classes\":[{\"index\":4,");
    }

    @Test
    void anImageWithoutTheRestOfTheJdkRunsWhatItCan() throws Exception {
        String image = directory.resolve("image").toString();
        assertThat(run(HOME.resolve("bin/jlink").toString(), "--add-modules",
                "java.base,jdk.incubator.vector", "--output", image).status()).isZero();
        String java = image + "/bin/java";
        assertThat(run(java, "-Xmx99m", "-cp", CLASSES, Main.class.getName(), "info").succeeded().out())
                .containsPattern("heap up to (9[0-9]|100) MiB").doesNotContain("is missing");
        assertThat(run(java, "-cp", CLASSES, Main.class.getName(), "classify", "--top", "1", CUP.toString())
                .succeeded().out()).endsWith(" cup\n");
        assertThat(run(java, "-cp", CLASSES, Main.class.getName(), "bench", "--seconds", "0.01", "--json")
                .succeeded().out()).contains("\"bytes_per_pass\":null");
        Path jpeg = directory.resolve("a.jpg");
        ImageIO.write(new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB), "jpg", jpeg.toFile());
        run(java, "-cp", CLASSES, Main.class.getName(), "classify", jpeg.toString())
                .failed(jpeg + ": is a JPEG picture, for which this program's Java runtime lacks the module "
                        + "java.desktop (use a full JDK, or name the module to --add-modules of java or jlink)");
    }

    private static Path jar(Path file, String key, String value) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue(key, value);
        StringBuilder classPath = new StringBuilder();
        for (String entry : CLASSES.split(System.getProperty("path.separator"))) {
            classPath.append(Path.of(entry).toUri()).append(' ');
        }
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath.toString().strip());
        try (OutputStream out = Files.newOutputStream(file)) {
            new JarOutputStream(out, manifest).close();
        }
        return file;
    }
}
