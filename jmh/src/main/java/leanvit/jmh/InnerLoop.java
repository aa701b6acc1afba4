package leanvit.jmh;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** An innermost loop that multiplies and adds, as it stands in a method's machine code. */
final class InnerLoop {

    private static final Pattern LINE = Pattern.compile("\\s*([0-9a-f]+):\\s+(\\S.*?)\\s*");
    private static final Pattern JUMP = Pattern.compile("j[a-z]+\\s+0x([0-9a-f]+).*");

    private final List<String> instructions;

    /** An instruction and where it stands. */
    private record Instruction(long address, String text) {

        /** Returns where a jump goes to; -1 of any other instruction. */
        long target() {
            Matcher jump = JUMP.matcher(text);
            return jump.matches() ? Long.parseUnsignedLong(jump.group(1), 16) : -1;
        }
    }

    private InnerLoop(List<Instruction> body) {
        instructions = body.stream().map(Instruction::text).toList();
    }

    /**
     * Finds loops: backward jumps over multiply-adds, without a shorter such loop inside.
     *
     * @param disassembly objdump's lines
     * @param all         all of them; else the one with the most multiply-adds, and of equal ones the shortest: C2
     *                    makes a loop before and one after the main one, with its checks left in
     */
    static List<InnerLoop> in(List<String> disassembly, boolean all) {
        List<Instruction> code = new ArrayList<>();
        for (String line : disassembly) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                code.add(new Instruction(Long.parseUnsignedLong(matcher.group(1), 16), matcher.group(2)));
            }
        }
        List<InnerLoop> loops = new ArrayList<>();
        int end = 0;
        for (int i = 0; i < code.size(); i++) {
            long target = code.get(i).target();
            int start = i;
            while (start > 0 && target >= 0 && code.get(start).address > target) {
                start--;
            }
            if (target < 0 || code.get(start).address != target || start < end) {
                continue;
            }
            InnerLoop loop = new InnerLoop(code.subList(start, i + 1));
            if (loop.multiplyAdds() > 0) {
                loops.add(loop);
                end = i + 1;
            }
        }
        if (all || loops.isEmpty()) {
            return loops;
        }
        return List.of(loops.stream().min(Comparator.comparingInt((InnerLoop loop) -> -loop.multiplyAdds())
                .thenComparingInt(InnerLoop::size)).orElseThrow());
    }

    /** Returns the instructions of a turn. */
    int size() {
        return instructions.size();
    }

    /** Returns the multiply-adds of a turn. */
    int multiplyAdds() {
        return (int) instructions.stream().filter(text -> text.matches("vf(n?madd|n?msub)\\d.*")).count();
    }

    /** Returns the instructions that read or write the stack. */
    int spills() {
        return (int) instructions.stream().filter(text -> text.contains("(%rsp")).count();
    }

    /** Returns what an assembler reads: jumps have no place to go to there, and want a label. */
    String assembly() {
        return instructions.stream().map(InnerLoop::assembly).collect(Collectors.joining("\n", "loop:\n", "\n"));
    }

    private static String assembly(String text) {
        String bare = text.replaceAll("\\s*[#<].*", "");
        if (JUMP.matcher(bare).matches()) {
            return bare.replaceAll("(j[a-z]+)\\s+.*", "$1 loop");
        }
        return bare.matches(".*\\bnop[wl]?\\b.*|data16.*") ? "nop" : bare;
    }
}
