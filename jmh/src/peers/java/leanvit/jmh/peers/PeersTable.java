package leanvit.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import leanvit.jmh.FmaLimitBenchmark;
import leanvit.jmh.GemmBenchmark;
import leanvit.jmh.ModelBenchmark;
import leanvit.jmh.Models;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Times LeanViT beside ONNX Runtime and netlib, one thread each, and prints the README's tables.
 *
 * <pre>
 * java -cp jmh/target/benchmarks.jar leanvit.jmh.peers.PeersTable [matmul] [models] [--avx2] [--reducers SPEC;SPEC;...]
 *
 *   matmul, models    the tables to make; both where none is named
 *   --avx2            ours and netlib at 256 bits (-XX:UseAVX=2); ONNX Runtime cannot be told, and is left out
 *   --reducers LIST   what to time beside the dense model (default tome:r=16)
 *   -Dquick           one round in place of three
 *   -Dleanvit.shared  where models/speed and models/deit-tiny lie (default ../shared)
 * </pre>
 */
public final class PeersTable {

    private static final List<String> SHAPES = List.of("197x192x576", "197x192x768", "197x768x192", "197x384x1152",
            "197x384x1536", "197x1536x384", "197x768x2304", "197x768x3072", "197x3072x768");
    private static final String TRAINED = "deit-tiny";
    private static final List<String> MODELS =
            List.of("vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224", TRAINED);
    private static final List<Integer> BATCHES = List.of(1, 8);
    private static final String DENSE = "none";

    private static final String GFLOPS = "gflops";
    private static final String IMAGE = "image";
    private static final String GMAC = "gmac";

    private final int rounds = Boolean.getBoolean("quick") || "".equals(System.getProperty("quick")) ? 1 : 3;
    private final List<String> parts = new ArrayList<>();
    private final List<String> jvmArgs = new ArrayList<>();
    private List<String> reducers = List.of("tome:r=16");

    private PeersTable(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "matmul", "models" -> parts.add(arguments[i]);
                case "--avx2" -> jvmArgs.add("-XX:UseAVX=2");
                case "--reducers" -> {
                    if (++i == arguments.length) {
                        throw new IllegalArgumentException("--reducers needs a list, such as tome:r=8;tome:r=16");
                    }
                    reducers = List.of(arguments[i].split(";"));
                }
                default -> throw new IllegalArgumentException("unknown argument " + arguments[i]
                        + ", expected matmul, models, --avx2 or --reducers LIST");
            }
        }
        if (parts.isEmpty()) {
            parts.addAll(List.of("matmul", "models"));
        }
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) throws IOException {
        try {
            new PeersTable(arguments).run();
        } catch (IllegalArgumentException e) {
            System.err.println("PeersTable: " + e.getMessage());
            System.exit(2);
        } catch (RunnerException e) {
            System.err.println("PeersTable: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException, RunnerException {
        System.out.printf("Java %s, %s, one thread%s, %s of forked JVMs: medians, ratios within a round.%n",
                Runtime.version(), System.getProperty("os.arch"), restricted() ? ", " + jvmArgs.get(0) : "",
                rounds == 1 ? "1 round" : rounds + " rounds");
        if (parts.contains("matmul")) {
            matmul();
        }
        if (parts.contains("models")) {
            models();
        }
    }

    private boolean restricted() {
        return !jvmArgs.isEmpty();
    }

    private void matmul() throws IOException, RunnerException {
        Rounds measured = new Rounds(rounds);
        Contender limit = measured.add(new Contender(FmaLimitBenchmark.class, "fma", Map.of(), 1, jvmArgs));
        List<Contender[]> rows = new ArrayList<>();
        for (String shape : SHAPES) {
            Map<String, String> params = Map.of("shape", shape);
            rows.add(new Contender[] {
                measured.add(new Contender(GemmBenchmark.class, "simd", params, 1, jvmArgs)),
                restricted() ? null
                        : measured.add(new Contender(OnnxMatMulBenchmark.class, "multiply", params, 1, List.of())),
                measured.add(new Contender(NetlibMatMulBenchmark.class, "multiply", params, 1, jvmArgs))});
        }
        measured.run();
        System.out.printf(Locale.ROOT, "%nRegister-only FMA loop, the limit of one core: %.0f GFLOP/s.%n%n",
                measured.median(limit, GFLOPS));
        print("matmul, GFLOP/s", "LeanViT", "of the limit", "ONNX Runtime", "LeanViT is", "netlib", "LeanViT is");
        print("---", "---", "---", "---", "---", "---", "---");
        for (int i = 0; i < rows.size(); i++) {
            Contender ours = rows.get(i)[0];
            Contender onnx = rows.get(i)[1];
            Contender netlib = rows.get(i)[2];
            print(SHAPES.get(i).replaceFirst("x", "×").replaceFirst("x", "×"),
                    number("%.0f", measured.median(ours, GFLOPS)),
                    number("%.0f %%", 100 * measured.ratio(ours, GFLOPS, limit, GFLOPS)),
                    number("%.0f", measured.median(onnx, GFLOPS)),
                    number("%.2f×", measured.ratio(ours, GFLOPS, onnx, GFLOPS)),
                    number("%.0f", measured.median(netlib, GFLOPS)),
                    number("%.2f×", measured.ratio(ours, GFLOPS, netlib, GFLOPS)));
        }
        printSuspicious(measured);
    }

    /** One model at one batch: dense by us and by ONNX Runtime (or null), and with each reducer. */
    private record ModelRow(String model, int batch, Contender dense, Contender onnx, List<Contender> reduced) {
    }

    private void models() throws IOException, RunnerException {
        Rounds measured = new Rounds(rounds);
        List<ModelRow> rows = new ArrayList<>();
        boolean trained = Files.exists(Models.shared("models/" + TRAINED));
        boolean onnx = !restricted() && Files.exists(Models.shared("models/speed"));
        if (!restricted() && !(trained && onnx)) {
            System.err.println("no models below " + Models.shared("models").toAbsolutePath()
                    + ": say where with -Dleanvit.shared=DIR; ours alone are timed");
        }
        for (String model : MODELS) {
            for (int batch : BATCHES) {
                boolean real = model.equals(TRAINED);
                if (real && !trained) {
                    continue;
                }
                Contender dense = measured.add(ours(model, batch, DENSE));
                Contender peer = !onnx ? null : measured.add(new Contender(OnnxModelBenchmark.class, "pass",
                        Map.of("model", model, "batch", "" + batch), 1, List.of()));
                List<Contender> reduced = new ArrayList<>();
                for (String reducer : real ? List.<String>of() : reducers) {
                    reduced.add(measured.add(ours(model, batch, reducer)));
                }
                rows.add(new ModelRow(model, batch, dense, peer, reduced));
            }
        }
        measured.run();
        System.out.println();
        print("dense, ms an image", "batch", "LeanViT", "ONNX Runtime", "LeanViT is");
        print("---", "---", "---", "---", "---");
        for (ModelRow row : rows) {
            print(row.model, "" + row.batch, number("%.2f", measured.median(row.dense, IMAGE)),
                    number("%.2f", measured.median(row.onnx, IMAGE)),
                    number("%.2f×", measured.ratio(row.onnx, IMAGE, row.dense, IMAGE)));
        }
        System.out.println();
        print("reduced, ms an image", "batch", "reducer", "LeanViT", "of our dense", "of what its MACs allow",
                "of ONNX Runtime's dense");
        print("---", "---", "---", "---", "---", "---", "---");
        for (ModelRow row : rows) {
            for (int i = 0; i < row.reduced.size(); i++) {
                Contender reduced = row.reduced.get(i);
                print(row.model, "" + row.batch, reducers.get(i), number("%.2f", measured.median(reduced, IMAGE)),
                        number("%.2f×", measured.ratio(row.dense, IMAGE, reduced, IMAGE)),
                        number("%.0f %%", 100 * measured.ratio(row.dense, GMAC, reduced, GMAC)),
                        number("%.2f×", measured.ratio(row.onnx, IMAGE, reduced, IMAGE)));
            }
        }
        printSuspicious(measured);
    }

    private Contender ours(String model, int batch, String reducer) {
        Map<String, String> params = Map.of("model", model, "batch", "" + batch, "reducer", reducer);
        return new Contender(ModelBenchmark.class, "pass", params, 2, jvmArgs);
    }

    private static void printSuspicious(Rounds measured) {
        List<String> lines = measured.suspicious();
        if (!lines.isEmpty()) {
            System.out.println("\nRounds that differ by more than a tenth, here in their order:");
            lines.forEach(line -> System.out.println("- " + line));
        }
    }

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, format, value);
    }

    private static void print(String... cells) {
        System.out.println("| " + String.join(" | ", cells) + " |");
    }
}
