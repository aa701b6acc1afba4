package leanvit.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Starts many JVMs one after another, each with a whole model, and counts those that came out wrong: that still
 * allocate when warm, or take over 1.5 times the median of their reducer's starts. The JIT compiles in the background,
 * in an order and from profiles that differ from start to start; one start says nothing.
 *
 * <pre>
 * java -cp jmh/target/benchmarks.jar leanvit.jmh.Starts [options]
 *
 *   --starts N         JVMs (default 200), the reducers in turn
 *   --each             N JVMs of each reducer
 *   --reducers LIST    SPECs with ; between them (default none, tome, pomt, evit and ltmp)
 *   --arch NAME        the model (default vit_tiny_patch16_224)
 *   --seconds S        the longest warm-up (default 4)
 *   --passes N         the longest warm-up (default 150), whichever comes first
 *   --java PATH        another JVM's launcher
 *   --jvm-args "..."   such as "-XX:CompileThresholdScaling=0.1"
 *   --one-core         taskset -c 0: the JIT has no processor to itself, which finds most; give it --seconds 14
 * </pre>
 *
 * Exit status 1 where there were any.
 */
public final class Starts {

    private static final double SLOW = 1.5;

    private int starts = 200;
    private boolean each;
    private List<String> reducers =
            List.of("none", "tome:r=16", "pomt:r=56", "evit:keep=0.7", "ltmp:merge=0.45,prune=0.0049");
    private String arch = "vit_tiny_patch16_224";
    private String seconds = "4";
    private String passes = "150";
    private String java;
    private List<String> jvmArgs = List.of();
    private List<String> prefix = List.of();

    /** What one start came to; {@code failure} is null where it ended well. */
    private record Start(int number, double millis, long bytes, long mostBytes, String failure) {

        boolean allocates() {
            return mostBytes > 0;
        }
    }

    private Starts(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--each" -> each = true;
                case "--one-core" -> prefix = List.of("taskset", "-c", "0");
                default -> {
                    if (i + 1 == arguments.length) {
                        throw new IllegalArgumentException("unknown argument or one without a value: " + arguments[i]);
                    }
                    option(arguments[i], arguments[++i]);
                }
            }
        }
    }

    private void option(String name, String value) {
        switch (name) {
            case "--starts" -> starts = Integer.parseInt(value);
            case "--reducers" -> reducers = List.of(value.split(";"));
            case "--arch" -> arch = value;
            case "--seconds" -> seconds = "" + Double.parseDouble(value);
            case "--passes" -> passes = "" + Integer.parseInt(value);
            case "--java" -> java = value;
            case "--jvm-args" -> jvmArgs = ChildJvm.words(value);
            default -> throw new IllegalArgumentException("unknown argument " + name);
        }
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) {
        try {
            System.exit(new Starts(arguments).run() == 0 ? 0 : 1);
        } catch (IllegalArgumentException e) {
            System.err.println("Starts: " + e.getMessage());
            System.exit(2);
        }
    }

    /** Returns how many starts came out wrong. */
    private int run() {
        ChildJvm jvm = new ChildJvm(prefix, java, jvmArgs);
        System.out.println(Machine.processor() + "; " + arch + "; "
                + (java == null ? "Java " + Runtime.version() : java)
                + (jvmArgs.isEmpty() ? "" : " " + String.join(" ", jvmArgs)) + (prefix.isEmpty() ? "" : "; one core"));
        Map<String, List<Start>> measured = new LinkedHashMap<>();
        reducers.forEach(reducer -> measured.put(reducer, new ArrayList<>()));
        int count = each ? starts * reducers.size() : starts;
        for (int i = 0; i < count; i++) {
            String reducer = reducers.get(i % reducers.size());
            Start start = start(jvm, i + 1, reducer);
            measured.get(reducer).add(start);
            if (start.failure != null || start.allocates()) {
                System.out.println("start " + start.number + ", " + reducer + ": " + describe(start));
            }
        }
        return report(measured, count);
    }

    private Start start(ChildJvm jvm, int number, String reducer) {
        try {
            List<String> lines = jvm.run(StartsChild.class, arch, reducer, seconds, passes);
            String[] numbers = lines.get(lines.size() - 1).split(" ");
            return new Start(number, Double.parseDouble(numbers[0]), Long.parseLong(numbers[1]),
                    Long.parseLong(numbers[2]), null);
        } catch (IOException e) {
            return new Start(number, Double.NaN, 0, 0, e.getMessage());
        }
    }

    private static String describe(Start start) {
        return start.failure != null ? start.failure : String.format(Locale.ROOT,
                "%.2f ms; bytes beyond the result: %d in the median pass, %d in the worst", start.millis, start.bytes,
                start.mostBytes);
    }

    private static int report(Map<String, List<Start>> measured, int count) {
        System.out.println();
        System.out.println("| reducer | starts | allocate always | in some passes | slow | failed | median ms"
                + " | quartiles | worst ms |");
        System.out.println("|---|---|---|---|---|---|---|---|---|");
        int wrong = 0;
        StringBuilder slowOnes = new StringBuilder();
        for (Map.Entry<String, List<Start>> entry : measured.entrySet()) {
            List<Start> ended = entry.getValue().stream().filter(start -> start.failure == null).toList();
            Quartiles millis = Quartiles.of(ended.stream().mapToDouble(Start::millis).toArray());
            List<Start> slow = ended.stream().filter(start -> start.millis > SLOW * millis.median()).toList();
            long always = ended.stream().filter(start -> start.bytes > 0).count();
            long some = ended.stream().filter(start -> start.bytes <= 0 && start.allocates()).count();
            int failed = entry.getValue().size() - ended.size();
            wrong += failed + (int) ended.stream().filter(start -> start.allocates() || slow.contains(start)).count();
            slow.forEach(start -> slowOnes.append("slow: start ").append(start.number).append(", ")
                    .append(entry.getKey()).append(": ").append(describe(start)).append('\n'));
            System.out.printf(Locale.ROOT, "| %s | %d | %d | %d | %d | %d | %.2f | %.2f–%.2f | %.2f |%n",
                    entry.getKey(), entry.getValue().size(), always, some, slow.size(), failed, millis.median(),
                    millis.q1(), millis.q3(), ended.stream().mapToDouble(Start::millis).max().orElse(Double.NaN));
        }
        System.out.print(slowOnes);
        System.out.println(wrong + " of " + count + " starts allocated, were over " + SLOW
                + " times their median, or failed");
        return wrong;
    }
}
