package leanvit.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One benchmark method with its parameters, timed in a JVM of its own each time.
 *
 * @param benchmark its class
 * @param method    its method
 * @param params    a value for each of its parameters
 * @param warmup    seconds before anything counts
 * @param jvmArgs   arguments of its JVM besides those that all have
 */
record Contender(Class<?> benchmark, String method, Map<String, String> params, int warmup, List<String> jvmArgs) {

    /** Iterations that count, the median of which is the result; short ones, so that a disturbance hits few. */
    private static final int ITERATIONS = 5;
    private static final int ITERATION_MILLIS = 200;

    /**
     * Starts a JVM, warms up and measures.
     *
     * @return the median of each counter, by its name
     * @throws IOException     if JMH's log cannot be written
     * @throws RunnerException if the benchmark fails; the message says where JMH's log is
     */
    Map<String, Double> measure() throws IOException, RunnerException {
        Path log = Files.createTempFile("peers-", ".log");
        List<String> arguments = new ArrayList<>(
                List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        arguments.addAll(jvmArgs);
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(benchmark.getName() + "." + method) + "$")
                .forks(1)
                .jvmArgsAppend(arguments.toArray(String[]::new))
                .warmupIterations(1)
                .warmupTime(TimeValue.seconds(warmup))
                .measurementIterations(ITERATIONS)
                .measurementTime(TimeValue.milliseconds(ITERATION_MILLIS))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.NORMAL)
                .output(log.toString());
        params.forEach(options::param);
        RunResult result;
        try {
            result = new Runner(options.build()).runSingle();
        } catch (RunnerException e) {
            throw new RunnerException(this + " failed; JMH's log is " + log, e);
        }
        Files.delete(log);
        return medians(result);
    }

    private static Map<String, Double> medians(RunResult run) {
        Map<String, List<Double>> scores = new HashMap<>();
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                iteration.getSecondaryResults().forEach((name, counter) ->
                        scores.computeIfAbsent(name, n -> new ArrayList<>()).add(counter.getScore()));
            }
        }
        Map<String, Double> medians = new HashMap<>();
        scores.forEach((name, values) -> medians.put(name, median(values.stream().mapToDouble(d -> d).toArray())));
        return medians;
    }

    /** Returns the middle value, or the mean of the two in the middle; NaN of none. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    @Override
    public String toString() {
        return benchmark.getSimpleName() + "." + method + " " + params + (jvmArgs.isEmpty() ? "" : " " + jvmArgs);
    }
}
