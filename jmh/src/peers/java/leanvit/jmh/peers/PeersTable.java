package leanvit.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import leanvit.jmh.ChildJvm;
import leanvit.jmh.Models;
import leanvit.jmh.Quartiles;

/**
 * Times LeanViT beside ONNX Runtime and netlib, one thread each, and prints the README's tables.
 *
 * <p>All contenders of a row run in one JVM in slices of 60 ms (or a pass, where that takes longer), in turn. A ratio
 * is the median of the slices' ratios, its quartiles in brackets: separate processes, seconds apart, would let a noisy
 * machine decide. The middle one of several starts of that JVM is printed.
 *
 * <pre>
 * java -cp jmh/target/benchmarks.jar leanvit.jmh.peers.PeersTable [matmul] [models] [options]
 *
 *   matmul, models     the tables to make; both where none is named
 *   --starts N         JVMs per row (default 3; with -Dquick 1)
 *   --slices N         slices of each contender (default 25; with -Dquick 11)
 *   --only TEXT        the rows whose names contain it, such as 768x or tiny
 *   --reducers LIST    what to time beside the dense model (default tome:r=16)
 *   --avx2             ours and netlib at 256 bits (-XX:UseAVX=2); ONNX Runtime cannot be told, and is left out
 *   --bits 128|256     ours alone, with vectors of that width (-Dleanvit.simd)
 *   --jvm-args "..."   such as "-XX:ObjectAlignmentInBytes=64 -XX:+UseZGC"
 *   --java PATH        another JVM's launcher
 *   -Dleanvit.shared   where models/speed and models/deit-tiny lie (default ../shared)
 * </pre>
 */
public final class PeersTable {

    /** The linear layers of ViT-Ti, S and B; at the end a head's two products in attention. */
    private static final List<String> SHAPES = List.of("197x192x576", "197x192x768", "197x768x192", "197x384x1152",
            "197x384x1536", "197x1536x384", "197x768x2304", "197x768x3072", "197x3072x768", "197x64x197", "197x197x64");
    private static final String TRAINED = "deit-tiny";
    private static final List<String> MODELS =
            List.of("vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224", TRAINED);
    private static final List<Integer> BATCHES = List.of(1, 8);
    private static final String DENSE = "none";
    private static final double MATMUL_WARM_UP = 1;
    private static final double MODEL_WARM_UP = 2;
    /** Largest over smallest ratio of a row's starts from which on one had better look. */
    private static final double SUSPICIOUS = 1.1;

    private final boolean quick = System.getProperty("quick") != null;
    private int starts = quick ? 1 : 3;
    private int slices = quick ? 11 : 25;
    private final List<String> parts = new ArrayList<>();
    private final List<String> jvmArgs = new ArrayList<>();
    private List<String> reducers = List.of("tome:r=16");
    private String only = "";
    private String java;
    private boolean onnx = true;
    private boolean netlib = true;
    private String machine;
    private final List<String> suspicious = new ArrayList<>();

    private PeersTable(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            switch (argument) {
                case "matmul", "models" -> parts.add(argument);
                case "--avx2" -> {
                    jvmArgs.add("-XX:UseAVX=2");
                    onnx = false;
                }
                case "--bits", "--jvm-args", "--java", "--only", "--reducers", "--starts", "--slices" -> {
                    if (++i == arguments.length) {
                        throw new IllegalArgumentException(argument + " needs a value");
                    }
                    option(argument, arguments[i]);
                }
                default -> throw new IllegalArgumentException("unknown argument " + argument + ", expected matmul,"
                        + " models, --starts, --slices, --only, --reducers, --avx2, --bits, --jvm-args or --java");
            }
        }
        if (parts.isEmpty()) {
            parts.addAll(List.of("matmul", "models"));
        }
    }

    private void option(String name, String value) {
        switch (name) {
            case "--bits" -> {
                jvmArgs.add("-Dleanvit.simd=" + value);
                onnx = false;
                netlib = false;
            }
            case "--jvm-args" -> jvmArgs.addAll(ChildJvm.words(value));
            case "--java" -> java = value;
            case "--only" -> only = value;
            case "--reducers" -> reducers = List.of(value.split(";"));
            case "--starts" -> starts = Math.max(1, Integer.parseInt(value));
            default -> slices = Math.max(1, Integer.parseInt(value));
        }
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) {
        try {
            new PeersTable(arguments).run();
        } catch (IllegalArgumentException e) {
            System.err.println("PeersTable: " + e.getMessage());
            System.exit(2);
        } catch (IOException e) {
            System.err.println("PeersTable: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException {
        System.out.printf("One thread%s; %d JVM(s) a row, %d slices of each contender in turn; medians, quartiles in"
                + " brackets.%n", jvmArgs.isEmpty() ? "" : ", " + String.join(" ", jvmArgs), starts, slices);
        if (parts.contains("matmul")) {
            matmul();
        }
        if (parts.contains("models")) {
            models();
        }
        if (!suspicious.isEmpty()) {
            System.out.println("\nRatios of whole starts that differ by more than a tenth:");
            suspicious.forEach(line -> System.out.println("- " + line));
        }
    }

    private PeersStarts measure(String row, int batch, double warmUp, List<String> contenders) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(row, "" + batch, "" + warmUp, "" + slices));
        arguments.addAll(contenders);
        PeersStarts measured =
                new PeersStarts(new ChildJvm(List.of(), java, jvmArgs), starts, arguments.toArray(String[]::new));
        for (String peer : contenders.subList(1, contenders.size())) {
            double[] ratios = measured.starts(contenders.get(0), peer);
            Arrays.sort(ratios);
            if (ratios[ratios.length - 1] > SUSPICIOUS * ratios[0]) {
                String title = row + (batch == 0 ? "" : ", batch " + batch) + ", " + contenders.get(0) + " to " + peer;
                double[] rounded = Arrays.stream(ratios).map(x -> Math.rint(x * 1000) / 1000).toArray();
                suspicious.add(title + ": " + Arrays.toString(rounded));
            }
        }
        return measured;
    }

    /** Prints a table's first lines, once its first row has said what it was measured on. */
    private void head(PeersStarts measured, String... titles) {
        if (machine == null) {
            machine = measured.machine();
            System.out.println(machine);
        }
        System.out.println();
        print(titles);
        print(Collections.nCopies(titles.length, "---").toArray(String[]::new));
    }

    private void matmul() throws IOException {
        List<String> contenders = new ArrayList<>(List.of(PeersRow.OURS));
        if (onnx) {
            contenders.add(PeersRow.ONNX);
        }
        if (netlib) {
            contenders.add(PeersRow.NETLIB);
        }
        contenders.add(PeersRow.LIMIT);
        boolean first = true;
        for (String shape : SHAPES) {
            if (!shape.contains(only)) {
                continue;
            }
            PeersStarts row = measure(shape, 0, MATMUL_WARM_UP, contenders);
            if (first) {
                head(row, "matmul, GFLOP/s", "LeanViT", "FMA limit", "LeanViT is, %", "ONNX Runtime", "LeanViT is",
                        "netlib", "LeanViT is");
                first = false;
            }
            print(shape.replace('x', '×'), number("%.0f", row.rate(PeersRow.OURS)),
                    number("%.0f", row.rate(PeersRow.LIMIT)),
                    ratio("%.0f", 100, row.rateRatio(PeersRow.OURS, PeersRow.LIMIT)),
                    number("%.0f", row.rate(PeersRow.ONNX)),
                    ratio("%.2f", 1, row.faster(PeersRow.OURS, PeersRow.ONNX)),
                    number("%.0f", row.rate(PeersRow.NETLIB)),
                    ratio("%.2f", 1, row.faster(PeersRow.OURS, PeersRow.NETLIB)));
        }
    }

    private void models() throws IOException {
        boolean trained = Files.exists(Models.shared("models/" + TRAINED));
        boolean peer = onnx && Files.exists(Models.shared("models/speed"));
        if (onnx && !(trained && peer)) {
            System.err.println("no models below " + Models.shared("models").toAbsolutePath()
                    + ": say where with -Dleanvit.shared=DIR; ours alone are timed");
        }
        List<String[]> reduced = new ArrayList<>();
        PeersStarts row = null;
        for (String model : MODELS) {
            boolean real = model.equals(TRAINED);
            if (real && !trained || !model.contains(only)) {
                continue;
            }
            List<String> contenders = new ArrayList<>(List.of(DENSE));
            if (peer) {
                contenders.add(PeersRow.ONNX);
            }
            contenders.addAll(real ? List.of() : reducers);
            for (int batch : BATCHES) {
                PeersStarts before = row;
                row = measure(model, batch, MODEL_WARM_UP, contenders);
                if (before == null) {
                    head(row, "dense, ms per image", "batch", "LeanViT", "ONNX Runtime", "LeanViT is");
                }
                print(model, "" + batch, millis(row, DENSE, batch), millis(row, PeersRow.ONNX, batch),
                        ratio("%.2f", 1, row.faster(DENSE, PeersRow.ONNX)));
                for (String reducer : real ? List.<String>of() : reducers) {
                    reduced.add(new String[] {model, "" + batch, reducer, millis(row, reducer, batch),
                        ratio("%.2f", 1, row.faster(reducer, DENSE)), ratio("%.0f", 100, row.rateRatio(reducer, DENSE)),
                        ratio("%.2f", 1, row.faster(reducer, PeersRow.ONNX))});
                }
            }
        }
        if (!reduced.isEmpty()) {
            head(row, "reduced, ms per image", "batch", "reducer", "LeanViT", "of our dense",
                    "of what its MACs allow, %", "of ONNX Runtime's dense");
            reduced.forEach(PeersTable::print);
        }
    }

    private static String millis(PeersStarts row, String contender, int batch) {
        return number("%.2f", 1000 * row.seconds(contender) / batch);
    }

    private static String ratio(String format, double factor, Quartiles ratio) {
        return ratio == null ? "–" : String.format(Locale.ROOT, format + " (" + format + "–" + format + ")",
                factor * ratio.median(), factor * ratio.q1(), factor * ratio.q3());
    }

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, format, value);
    }

    private static void print(String... cells) {
        System.out.println("| " + String.join(" | ", cells) + " |");
    }
}
