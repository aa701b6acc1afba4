package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import leanvit.testdata.ChildJvm;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Starts JVMs that users have and developers do not: the answers must be right, and one line of the log say why it is
 * slow.
 */
class OddJvmsTest {

    private static final String MODULE = "--add-modules=jdk.incubator.vector";
    /** With java.base alone the platform's logger writes to stderr, and shows what this asks for. */
    private static final List<String> SMALLEST = List.of("--limit-modules=java.base,jdk.incubator.vector",
            "-Djdk.system.logger.level=DEBUG");

    @Test
    void withoutTheModule() throws Exception {
        assertRefused(Refusal.NO_MODULE);
    }

    @Test
    void interpreted() throws Exception {
        assertRefused(Refusal.INTERPRETED, MODULE, "-Xint");
    }

    @Test
    void compiledByC1Alone() throws Exception {
        assertRefused(Refusal.C1_ONLY, MODULE, "-XX:TieredStopAtLevel=1");
        assertRefused(Refusal.C1_ONLY, MODULE, "-XX:TieredStopAtLevel=3");
    }

    @Test
    void withoutFma() throws Exception {
        assertThat(assertRefused(Refusal.NO_FMA, MODULE, "-XX:-UseFMA")).contains("fma false");
        assertThat(assertRefused(Refusal.NO_FMA, MODULE, "-XX:UseAVX=0")).contains("fma false");
    }

    @Test
    void withoutJdkManagement() throws Exception {
        String limit = SMALLEST.get(0);
        assertThat(assertRefused(Refusal.INTERPRETED, MODULE, limit, "-Xint")).contains("fma " + Provider.FMA);
        assertRefused(Refusal.C1_ONLY, MODULE, limit, "-XX:TieredStopAtLevel=1");
        assertThat(assertRefused(Refusal.NO_FMA, MODULE, limit, "-XX:-UseFMA")).contains("fma false");
        assertThat(assertRefused(Refusal.NO_MODULE, "--limit-modules=java.base")).contains("fma " + Provider.FMA);
    }

    @Test
    void simdServesWhereItCan() throws Exception {
        Assumptions.assumeTrue(Provider.FMA, "this JVM has no FMA");
        assertServed("SIMD kernels, ");
        if (SimdProbe.preferredBits() >= 256) {
            assertServed("SIMD kernels, 256 bits", "-XX:UseAVX=2");
        }
        assertServed("scalar kernels: asked for", "-Dleanvit.simd=scalar");
    }

    private static void assertServed(String described, String... options) throws Exception {
        List<String> all = new ArrayList<>(SMALLEST);
        all.add(MODULE);
        all.addAll(List.of(options));
        List<String> lines = lines(all);
        assertThat(lines).anyMatch(line -> line.startsWith("provider " + described));
        assertThat(logged(lines)).hasSize(1).allSatisfy(line -> assertThat(line).startsWith("DEBUG"));
        assertThat(String.join("\n", run(List.of(MODULE)))).doesNotContain("leanvit.kernels.Provider");
    }

    private static List<String> assertRefused(Refusal refusal, String... options) throws Exception {
        List<String> lines = lines(List.of(options));
        assertThat(lines).contains("provider scalar kernels: " + refusal.reason());
        assertThat(logged(lines)).hasSize(1).allSatisfy(line -> assertThat(line).startsWith("WARNING")
                .endsWith("scalar kernels: " + refusal.reason()));
        return lines;
    }

    /** The log's own words: what names the provider and was not printed by the program. */
    private static List<String> logged(List<String> lines) {
        return lines.stream().filter(line -> line.contains(" kernels") && !line.startsWith("provider ")).toList();
    }

    private static List<String> lines(List<String> options) throws IOException, InterruptedException {
        List<String> lines = run(options);
        List<String> errors = lines.stream().filter(line -> line.startsWith("error of ")).toList();
        assertThat(errors).as("%s: %s", options, lines).hasSize(4).allSatisfy(
                line -> assertThat(Double.parseDouble(line.substring(line.indexOf(": ") + 2))).isLessThanOrEqualTo(1));
        return lines;
    }

    private static List<String> run(List<String> options) throws IOException, InterruptedException {
        return ChildJvm.plain().with("-XX:+IgnoreUnrecognizedVMOptions", "-Duser.language=en")
                .with(options.toArray(String[]::new)).run(SmallAnswers.class);
    }
}
