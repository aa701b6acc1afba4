package leanvit.jmh;

import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * LLVM's machine code analyzer: how long a loop takes on a processor, by LLVM's tables, all loads from the first cache.
 *
 * <p>Its AMD tables end at Zen 4, which does 512 bits in two halves (and LLVM 16 counts twice that). Zen 5 has
 * full-width units, two for multiply-adds and two for loads, as Zen 3 has of 256 bits: {@code znver3} judges 512-bit
 * code with every register halved, which keeps the instructions, their ports and their dependences. LLVM 14's table of
 * Zen 3 does not know the 256-bit forms of AVX-512 instructions well (twice the cycles); LLVM 16's does.
 *
 * @param program its name or path
 */
record LlvmMca(String program) {

    private static final int TURNS = 200;
    private static final Pattern VERSIONED = Pattern.compile("llvm-mca-(\\d+)");

    /** Returns the newest one that Debian's packages have installed side by side; else the plain name. */
    static LlvmMca newest() {
        int newest = 0;
        for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
            String[] files = new File(directory).list();
            for (String file : files == null ? new String[0] : files) {
                Matcher version = VERSIONED.matcher(file);
                newest = version.matches() ? Math.max(newest, Integer.parseInt(version.group(1))) : newest;
            }
        }
        return new LlvmMca(newest == 0 ? "llvm-mca" : "llvm-mca-" + newest);
    }

    /** Returns the cycles that a turn of the loop takes; NaN where the processor lacks an instruction of it. */
    double cycles(String assembly, String processor) throws IOException {
        List<String> lines;
        try {
            boolean halved = processor.equals("znver3") && assembly.contains("%zmm");
            lines = Tool.run(halved ? assembly.replace("%zmm", "%ymm") : assembly, program, "-mtriple=x86_64",
                    "-mcpu=" + processor, halved ? "-mattr=+avx512f,+avx512vl" : "-mattr=", "-iterations=" + TURNS,
                    "-resource-pressure=false", "-instruction-info=false");
        } catch (IOException e) {
            if (e.getMessage().contains("unsupported instruction")) {
                return Double.NaN;
            }
            throw e;
        }
        for (String line : lines) {
            if (line.startsWith("Total Cycles:")) {
                return Double.parseDouble(line.substring(line.indexOf(':') + 1).trim()) / TURNS;
            }
        }
        throw new IOException(program + " said nothing of cycles");
    }
}
