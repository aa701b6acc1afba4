package leanvit.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Judges the machine code of the matmul's inner loops for processors that are not at hand: C2's code of each tile is
 * disassembled, its loop of fused multiply-adds cut out, and {@code llvm-mca} says how many cycles a step takes. A step
 * is the tile's multiply-adds of one p: 18 of 6 rows by 3 vectors. Needs {@code objdump} and {@code llvm-mca} (Debian's
 * binutils and llvm).
 *
 * <pre>
 * java -cp jmh/target/benchmarks.jar leanvit.jmh.MachineCode [options]
 *
 *   --methods LIST     patterns as -XX:CompileCommand takes them (default leanvit.kernels.SimdTile*::*)
 *   --shapes LIST      what to multiply, M x K x N (default 197x192x768,197x768x192: tiles of all heights)
 *   --epilogues LIST   of NONE, GELU, RESIDUAL (default NONE)
 *   --cpus LIST        as llvm-mca -mcpu takes them (default icelake-server,znver3: see LlvmMca)
 *   --step N           multiply-adds per step (default 18)
 *   --dump DIR         where the loops go, a .s file each (default: none)
 *   --all              every loop with multiply-adds; by default the one with the most of each method
 *   --java PATH, --jvm-args "..."   the JVM that compiles
 *   --llvm-mca PATH    default: the newest that is installed; use LLVM 16 or newer
 * </pre>
 */
public final class MachineCode {

    private String methods = "leanvit.kernels.SimdTile*::*";
    private String shapes = "197x192x768,197x768x192";
    private String epilogues = "NONE";
    private List<String> processors = List.of("icelake-server", "znver3");
    private LlvmMca mca = LlvmMca.newest();
    private int step = 18;
    private Path dump;
    private boolean all;
    private String java;
    private List<String> jvmArgs = List.of();

    private MachineCode(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--all")) {
                all = true;
            } else if (i + 1 == arguments.length) {
                throw new IllegalArgumentException("unknown argument or one without a value: " + arguments[i]);
            } else {
                option(arguments[i], arguments[++i]);
            }
        }
    }

    private void option(String name, String value) {
        switch (name) {
            case "--methods" -> methods = value;
            case "--shapes" -> shapes = value;
            case "--epilogues" -> epilogues = value;
            case "--cpus" -> processors = List.of(value.split(","));
            case "--step" -> step = Integer.parseInt(value);
            case "--llvm-mca" -> mca = new LlvmMca(value);
            case "--dump" -> dump = Path.of(value);
            case "--java" -> java = value;
            case "--jvm-args" -> jvmArgs = ChildJvm.words(value);
            default -> throw new IllegalArgumentException("unknown argument " + name);
        }
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) {
        try {
            new MachineCode(arguments).run();
        } catch (IllegalArgumentException e) {
            System.err.println("MachineCode: " + e.getMessage());
            System.exit(2);
        } catch (IOException e) {
            System.err.println("MachineCode: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException {
        List<String> jvm = new ArrayList<>(jvmArgs);
        jvm.add("-XX:+UnlockDiagnosticVMOptions");
        for (String pattern : methods.split(",")) {
            jvm.add("-XX:CompileCommand=print," + pattern);
        }
        List<String> lines = new ChildJvm(List.of(), java, jvm).run(MachineCodeWork.class, shapes, epilogues);
        List<PrintedMethod> printed = PrintedMethod.ofC2(lines);
        if (printed.isEmpty()) {
            throw new IllegalArgumentException("C2 compiled no method that matches " + methods);
        }
        lines.stream().filter(line -> line.startsWith(MachineCodeWork.MACHINE)).forEach(System.out::println);
        System.out.println("steps: of " + step + " multiply-adds; spills: instructions that touch the stack; cycles: of"
                + " a step, by " + mca.program());
        System.out.println();
        System.out.println("| method | multiply-adds per turn | steps per turn | instructions per step | "
                + "spills per step | "
                + String.join(" | ", processors) + " |");
        System.out.println("|---|---|---|---|---|" + "---|".repeat(processors.size()));
        if (dump != null) {
            Files.createDirectories(dump);
        }
        // A method may be compiled more than once: the last code is what runs.
        Map<String, PrintedMethod> last = new LinkedHashMap<>();
        printed.forEach(method -> last.put(method.name(), method));
        for (PrintedMethod method : last.values()) {
            int number = 0;
            for (InnerLoop loop : InnerLoop.in(method.disassemble(), all)) {
                print(method.name() + (all ? ", loop " + ++number : ""), loop);
            }
        }
    }

    private void print(String name, InnerLoop loop) throws IOException {
        double steps = (double) loop.multiplyAdds() / step;
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| %s | %d | %.2f | %.1f | %.1f |", name,
                loop.multiplyAdds(), steps, loop.size() / steps, loop.spills() / steps));
        for (String cpu : processors) {
            double cycles = mca.cycles(loop.assembly(), cpu) / steps;
            row.append(Double.isNaN(cycles) ? " – |" : String.format(Locale.ROOT, " %.1f |", cycles));
        }
        System.out.println(row);
        if (dump != null) {
            Files.writeString(dump.resolve(name.replaceAll("[^A-Za-z0-9]+", "-") + ".s"), loop.assembly());
        }
    }
}
