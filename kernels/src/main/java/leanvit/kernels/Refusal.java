package leanvit.kernels;

import java.lang.System.Logger.Level;
import java.util.function.Predicate;

/**
 * The JVMs on which the SIMD kernels are refused because they cannot run or would be many times slower than the scalar
 * ones, in the order in which they are tested. A reason says what is wrong and what to do.
 */
enum Refusal {

    NO_MODULE(Level.WARNING, jvm -> !jvm.vectorModule(),
            "the module jdk.incubator.vector is missing; start java with --add-modules=jdk.incubator.vector"),

    OTHER_VM(Level.WARNING, jvm -> !isHotSpot(jvm.vmName()),
            "this JVM is not HotSpot, and may box every vector; use an OpenJDK build with HotSpot"),

    OTHER_COMPILER(Level.WARNING, Jvm::jvmci,
            "a JVMCI compiler compiles in place of C2, and may box every vector;"
                    + " start java with -XX:-UseJVMCICompiler"),

    INTERPRETED(Level.WARNING, Jvm::interpreted,
            "this JVM only interprets, and the Vector API needs the C2 compiler; start java without -Xint"),

    C1_ONLY(Level.WARNING, Jvm::c1Only,
            "this JVM compiles with C1 only, and the Vector API needs the C2 compiler;"
                    + " start java without -client and -XX:TieredStopAtLevel"),

    NO_FMA(Level.WARNING, jvm -> !jvm.fma(),
            "this processor has no FMA instructions, or the JVM may not use them; start java without -XX:-UseFMA"
                    + " and -XX:UseAVX=0, and give a virtual machine its host's processor model"),

    NARROW(Level.WARNING, jvm -> jvm.preferredBits() < 128,
            "this JVM's vectors have under 128 bits; start java without a lower -XX:MaxVectorSize,"
                    + " or use a processor with wider ones");

    private final Level level;
    private final Predicate<Jvm> applies;
    private final String reason;

    Refusal(Level level, Predicate<Jvm> applies, String reason) {
        this.level = level;
        this.applies = applies;
        this.reason = reason;
    }

    /** Returns the first refusal that applies; null where none does. */
    static Refusal of(Jvm jvm) {
        for (Refusal refusal : values()) {
            if (refusal.applies.test(jvm)) {
                return refusal;
            }
        }
        return null;
    }

    private static boolean isHotSpot(String vmName) {
        // "OpenJDK 64-Bit Server VM", "Java HotSpot(TM) 64-Bit Server VM", "OpenJDK 64-Bit Client VM"
        return vmName.contains("HotSpot") || vmName.startsWith("OpenJDK ");
    }

    Level level() {
        return level;
    }

    String reason() {
        return reason;
    }
}
