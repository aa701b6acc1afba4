package leanvit.jmh;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A compiled method as {@code -XX:CompileCommand=print} writes it where the JVM has no disassembler: hexadecimal bytes.
 *
 * @param name    class and method, without the package
 * @param address of the first byte
 * @param code    the bytes
 */
record PrintedMethod(String name, long address, byte[] code) {

    /** Only whole methods: with a {@code %} it is one that was entered in the middle of its loop. */
    private static final Pattern TITLE =
            Pattern.compile("Compiled method \\(c2\\)\\s+\\d+\\s+\\d+\\s+\\d\\s+(\\S+) \\(.*");
    private static final Pattern BYTES = Pattern.compile("\\s*0x([0-9a-f]+): ((?:[0-9a-f]{2,4}[ |]*)+)");

    /** Returns C2's methods, in the order in which they were compiled. */
    static List<PrintedMethod> ofC2(List<String> lines) {
        List<PrintedMethod> methods = new ArrayList<>();
        String name = null;
        long start = 0;
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (String line : lines) {
            Matcher title = TITLE.matcher(line);
            Matcher bytes = BYTES.matcher(line);
            if (line.startsWith("Compiled method")) {
                name = title.matches() ? title.group(1).replaceAll(".*\\.", "") : null;
                code.reset();
            } else if (name != null && bytes.matches()) {
                long address = Long.parseUnsignedLong(bytes.group(1), 16);
                start = code.size() == 0 ? address : start;
                if (address != start + code.size()) {
                    throw new IllegalStateException(name + ": code breaks off before " + line);
                }
                code.writeBytes(HexFormat.of().parseHex(bytes.group(2).replaceAll("[ |]", "")));
            } else if (name != null && line.startsWith("[/MachCode]")) {
                methods.add(new PrintedMethod(name, start, code.toByteArray()));
                name = null;
            }
        }
        return methods;
    }

    /** Returns objdump's lines, in AT&T's syntax. */
    List<String> disassemble() throws IOException {
        Path file = Files.createTempFile("leanvit-", ".bin");
        try {
            Files.write(file, code);
            return Tool.run("", "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn",
                    "--adjust-vma=0x" + Long.toHexString(address), file.toString());
        } finally {
            Files.delete(file);
        }
    }
}
