package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import leanvit.testdata.ChildJvm;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Pins what C2 makes of the kernels, as far as speed rests on it ({@link SimdGemm} tells why): it inlines every call of
 * the Vector API while it parses, knowing the class of every vector that a method is called on. Then no compilation
 * depends on a type profile, which may come too early or too late, and no vector is boxed.
 *
 * <p>With C2 alone, at once, in a JVM of its own, which prints what C2 inlined:
 * <ul>
 * <li>{@code failed to inline (intrinsic)}: a vector operation that became a call.
 * <li>{@code TypeProfile} (JDK 17), {@code callee changed to} (JDK 25): the class was not known, only a profile's word
 * for it. A method that grows beyond what C2 inlines at once shows here first.
 * <li>{@code virtual call}, {@code no static binding}: there was no profile either.
 * </ul>
 */
class InliningTest {

    private static final Pattern BAD_CALL = Pattern.compile("failed to inline \\(intrinsic\\)"
            + "|TypeProfile \\(.*= jdk/incubator/vector/|jdk\\.incubator\\.vector\\..*callee changed to"
            + "|jdk\\.incubator\\.vector\\.(?!VectorOperators).*(virtual call|no static binding)");
    /** Calls that only a wrong argument makes; C2 leaves them out as never executed or too big, as it should. */
    private static final Pattern COLD = Pattern.compile("Lambda|::badOp|::binaryOperations|Exception");
    /**
     * A compilation that begins in a loop: there vectors come from the interpreter, and their classes are not known. It
     * serves until the next call.
     */
    private static final String IN_A_LOOP = "\\d+\\s+\\d+\\s+%.*";

    private static final Pattern COMPILATION = Pattern.compile("\\s*\\d+\\s+\\d+ .*::.* bytes\\).*");
    /** A call that stands in our code: the calls in the Vector API's methods have small numbers. */
    private static final Pattern OWN_FMA = Pattern.compile("@ \\d{3,} .*::lanewise \\(");

    /**
     * C2 inlines our own methods only where a profile calls them frequent, and that profile may be of other calls, with
     * nothing to do: what takes or returns a vector would then box it, for good.
     */
    @Test
    void noMethodOfOursTakesOrReturnsAVector() throws Exception {
        Assumptions.assumeTrue(Provider.SIMD, "scalar code has no vectors to box");
        List<String> bad = new ArrayList<>();
        for (Class<?> type : ownClasses()) {
            for (Method method : type.getDeclaredMethods()) {
                if (Stream.concat(Stream.of(method.getReturnType()), Stream.of(method.getParameterTypes()))
                        .anyMatch(t -> t.getName().startsWith("jdk.incubator.vector.") && !VectorSpecies.class.equals(t)
                                && !VectorShuffle.class.equals(t))) {
                    bad.add(method.toString());
                }
            }
        }
        assertThat(bad).isEmpty();
    }

    /**
     * Returns the multiply-adds of the wide tile of JDK 17 that C2 parsed more than once: then it made twice the nodes,
     * and stood at its limit.
     */
    private static List<String> parsedTwice(List<String> lines) {
        List<String> twice = new ArrayList<>();
        Set<String> sites = new HashSet<>();
        boolean tile = false;
        for (String line : lines) {
            if (COMPILATION.matcher(line).matches()) {
                tile = line.contains("SimdTile5x3::rowsStepping (") && !line.strip().matches(IN_A_LOOP);
                sites.clear();
            } else if (tile && OWN_FMA.matcher(line).find() && !sites.add(line.strip())) {
                twice.add(line.strip());
            }
        }
        return twice;
    }

    private static boolean tooLargeToInline(String line, String method) {
        Matcher size = Pattern.compile(method + " \\((\\d+) bytes\\)").matcher(line);
        return size.find() && Integer.parseInt(size.group(1)) > 325;
    }

    private static List<Class<?>> ownClasses() throws Exception {
        Path root = Path.of(Gemm.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Class<?>> classes = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(f -> f.getFileName().toString().matches("Simd.*\\.class")).toList()) {
                String name = root.relativize(file).toString().replace(File.separatorChar, '.');
                classes.add(Class.forName(name.substring(0, name.length() - ".class".length())));
            }
        }
        assertThat(classes).hasSizeGreaterThan(10);
        return classes;
    }

    @Test
    void vectorsAreInlinedWithoutProfiles() throws Exception {
        Assumptions.assumeTrue(Provider.SIMD, "scalar code has no vectors to box");
        List<String> lines = ChildJvm.likeThis().with("-XX:+UnlockDiagnosticVMOptions",
                "-XX:-TieredCompilation", "-XX:-BackgroundCompilation", "-XX:+PrintCompilation",
                "-XX:CompileCommand=PrintInlining,leanvit.kernels.Simd*::*").run(WarmCalls.class);
        assertThat(lines.stream().filter(line -> line.contains("VectorSupport::store") && line.contains("(intrinsic)")))
                .as("stores in what C2 printed").hasSizeGreaterThan(50);
        List<String> bad = new ArrayList<>();
        String compiled = "";
        String before = "";
        for (String line : lines) {
            if (COMPILATION.matcher(line).matches()) {
                compiled = line.strip();
            } else if (BAD_CALL.matcher(line).find() && !COLD.matcher(line).find() && !compiled.matches(IN_A_LOOP)) {
                bad.add(compiled + ": " + before.strip() + " | " + line.strip());
            }
            before = line;
        }
        assertThat(bad).isEmpty();
        assertThat(parsedTwice(lines)).as("calls of the tile that C2 parsed twice").isEmpty();
        assertThat(lines).as("too large for C2 to inline, as SimdSoftmax.exponentiate tells")
                .anyMatch(line -> tooLargeToInline(line, "SimdSoftmax::exponentiate"))
                .anyMatch(line -> tooLargeToInline(line, "SimdSoftmax::sum"))
                .anyMatch(line -> tooLargeToInline(line, "SimdSoftmax::max"));
        WarmCalls.assertNothingAllocated(lines.stream().filter(line -> line.contains(" bytes, ")).toList());
    }
}
