package leanvit.kernels;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Which implementation serves the kernels in this JVM, and why.
 *
 * <p>SIMD is the rule; the scalar code serves where SIMD does not pay. The system property {@code leanvit.simd} overrides
 * the choice: {@code auto} (default), {@code 512}, {@code 256}, {@code 128} or {@code scalar}. It is read once. The choice
 * is logged once, through {@link System.Logger}, at level {@code DEBUG}, or {@code WARNING} where SIMD was refused.
 */
public final class Provider {

    private static final String PROPERTY = "leanvit.simd";

    /** True where the SIMD kernels serve; a constant to the JIT, so that the unused half of every dispatch is free. */
    static final boolean SIMD;
    private static final int VECTOR_BITS;
    private static final String REASON;

    static {
        String asked = System.getProperty(PROPERTY, "auto");
        String refusal = refusal();
        int bits = 0;
        String reason;
        if (asked.equals("scalar")) {
            reason = "asked for by -D" + PROPERTY + "=scalar";
        } else if (refusal != null) {
            reason = refusal;
        } else {
            int preferred = SimdProbe.preferredBits();
            if (preferred < 128) {
                reason = "this processor's preferred vectors have " + preferred + " bits, under 128";
            } else if (asked.equals("auto")) {
                bits = preferred;
                reason = "preferred width of this processor";
            } else if (!asked.matches("512|256|128")) {
                bits = preferred;
                reason = "-D" + PROPERTY + "=" + asked + " is none of auto, 512, 256, 128, scalar; preferred width used";
            } else if (Integer.parseInt(asked) > preferred) {
                bits = preferred;
                reason = "-D" + PROPERTY + "=" + asked + " is wider than this processor's " + preferred + " bits";
            } else {
                bits = Integer.parseInt(asked);
                reason = "asked for by -D" + PROPERTY + "=" + asked;
            }
        }
        SIMD = bits > 0;
        VECTOR_BITS = bits;
        REASON = reason;
        boolean surprising = refusal != null || reason.contains(" is none of ") || reason.contains(" is wider ");
        Logger log = System.getLogger("leanvit.kernels");
        log.log(surprising ? Level.WARNING : Level.DEBUG, Provider::describe);
    }

    private Provider() {
    }

    /** The reasons not to use SIMD, as a list to read; null where there is none. */
    private static String refusal() {
        if (!SimdProbe.MODULE_PRESENT) {
            return "the module jdk.incubator.vector is missing: start java with --add-modules jdk.incubator.vector";
        }
        String compiler = System.getProperty("java.vm.info", "");
        if (compiler.contains("interpreted mode")) {
            return "this JVM only interprets (-Xint); the Vector API needs the C2 compiler";
        }
        if (compiler.contains("emulated-client")) {
            return "this JVM compiles with C1 only; the Vector API needs the C2 compiler";
        }
        return null;
    }

    /** Returns {@code "simd"} or {@code "scalar"}. */
    public static String name() {
        return SIMD ? "simd" : "scalar";
    }

    /** Returns the bits of a vector: 512, 256 or 128; 0 where the scalar code serves. */
    public static int vectorBits() {
        return VECTOR_BITS;
    }

    /** Returns why this provider serves, as a phrase for a reader. */
    public static String reason() {
        return REASON;
    }

    /** Returns provider, width and reason in one line. */
    public static String describe() {
        return SIMD ? "SIMD kernels, " + VECTOR_BITS + " bits: " + REASON : "scalar kernels: " + REASON;
    }
}
