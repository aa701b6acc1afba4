package leanvit.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import leanvit.kernels.Provider;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Every benchmark sets itself up, which checks the answer that it is about to time, and runs for a moment in this JVM:
 * with the first value of each parameter that is a text, and all values of those that are an enum. Times mean nothing
 * here. With the profile {@code peers} the peers' benchmarks run too.
 */
class BenchmarksRunTest {

    static Stream<String> classes() {
        TreeSet<String> classes = new TreeSet<>();
        BenchmarkList.defaultList().getAll(OutputFormatFactory.createFormatInstance(System.err, VerboseMode.SILENT),
                List.of()).forEach(benchmark -> classes.add(benchmark.getUserClassQName()));
        assertThat(classes).hasSizeGreaterThanOrEqualTo(14);
        return classes.stream();
    }

    @ParameterizedTest
    @MethodSource("classes")
    void setsItselfUpAndRuns(String name) throws Exception {
        Assumptions.assumeTrue(Provider.name().equals("simd"),
                "skipped: benchmarks time the SIMD kernels, and here are " + Provider.describe());
        if (name.endsWith(".OnnxModelBenchmark")) {
            TestData.shared("models/speed/vit_tiny_patch16_224.onnx");
        }
        ChainedOptionsBuilder options = new OptionsBuilder().include("^" + Pattern.quote(name) + "\\.")
                .exclude("\\.scalar\\w*$").forks(0).warmupIterations(0).measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1)).verbosity(VerboseMode.SILENT).shouldFailOnError(true);
        firstOfEachText(Class.forName(name)).forEach(options::param);
        Collection<RunResult> results = new Runner(options.build()).run();
        assertThat(results).isNotEmpty();
    }

    private static Map<String, String> firstOfEachText(Class<?> benchmark) {
        List<Class<?>> holders = new ArrayList<>(List.of(benchmark.getDeclaredClasses()));
        for (Class<?> type = benchmark; type != null; type = type.getSuperclass()) {
            holders.add(type);
        }
        Map<String, String> first = new HashMap<>();
        for (Class<?> holder : holders) {
            for (Field field : holder.getDeclaredFields()) {
                Param param = field.getAnnotation(Param.class);
                if (param != null && !field.getType().isEnum()) {
                    first.put(field.getName(), param.value()[0]);
                }
            }
        }
        return first;
    }
}
