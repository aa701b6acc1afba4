package leanvit.kernels;

import java.lang.System.Logger.Level;

/**
 * Which implementation serves the kernels in this JVM, and why.
 *
 * <p>SIMD is the rule; the scalar code serves where SIMD does not pay: without the module jdk.incubator.vector, on a
 * JVM that is not HotSpot, with another compiler than C2 (a JVMCI compiler, C1 alone, none), without FMA instructions,
 * and with vectors under 128 bits. Vectors over 512 bits are used as 512. The system property {@code leanvit.simd}
 * overrides the choice: {@code auto} (default), {@code required} (the same, but no model loads where the scalar code
 * would serve), {@code 512}, {@code 256}, {@code 128} or {@code scalar}; it is read once. The choice is logged once,
 * through the {@link System.Logger} {@code leanvit.kernels}, at level {@code DEBUG}, or {@code WARNING} where SIMD was
 * refused or the property could not be followed.
 */
public final class Provider {

    private static final String PROPERTY = "leanvit.simd";
    private static final String REQUIRED = "required";
    private static final int MOST_BITS = 512;

    /** What serves: the bits of a vector, 0 for scalar code; why; and at which level to log it. */
    record Choice(int bits, String reason, Level level) {
    }

    /** True where the SIMD kernels serve; a constant to the JIT, so that the unused half of every dispatch is free. */
    static final boolean SIMD;
    /**
     * True where {@code Math.fma} is one instruction; elsewhere it computes with {@code BigDecimal}, 1000 times slower.
     */
    static final boolean FMA;
    private static final int VECTOR_BITS;
    private static final String REASON;

    static {
        Jvm jvm = Jvm.current();
        Choice choice = choose(System.getProperty(PROPERTY, "auto"), jvm);
        FMA = jvm.fma();
        SIMD = choice.bits > 0;
        VECTOR_BITS = choice.bits;
        REASON = choice.reason;
        System.getLogger("leanvit.kernels").log(choice.level, describe());
    }

    private Provider() {
    }

    /** Chooses for a value of the property and a JVM. */
    static Choice choose(String asked, Jvm jvm) {
        if (asked.equals("scalar")) {
            return new Choice(0, "asked for by -D" + PROPERTY + "=scalar", Level.DEBUG);
        }
        Refusal refusal = Refusal.of(jvm);
        if (refusal != null) {
            return new Choice(0, refusal.reason(), refusal.level());
        }
        int widest = Math.min(jvm.preferredBits(), MOST_BITS);
        if (asked.equals("auto") || asked.equals(REQUIRED)) {
            return new Choice(widest, "preferred width of this processor", Level.DEBUG);
        }
        String option = "-D" + PROPERTY + "=" + asked;
        if (!asked.matches("512|256|128")) {
            return new Choice(widest,
                    option + " is none of auto, required, 512, 256, 128, scalar; preferred width used", Level.WARNING);
        }
        if (Integer.parseInt(asked) > widest) {
            return new Choice(widest, option + " is wider than this processor's " + widest + " bits", Level.WARNING);
        }
        return new Choice(Integer.parseInt(asked), "asked for by " + option, Level.DEBUG);
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

    /**
     * Refuses to go on where the scalar code serves: for a program that would be of no use so slow.
     *
     * @throws IllegalStateException where it does; the message says why and what helps
     */
    public static void requireSimd() {
        if (!SIMD) {
            throw new IllegalStateException("SIMD kernels are required, but these are " + describe());
        }
    }

    /**
     * {@link #requireSimd} where {@code -Dleanvit.simd=required} asks for it; models call this as they load. In any
     * case the choice has then been logged.
     *
     * @throws IllegalStateException as {@link #requireSimd}
     */
    public static void honourRequirement() {
        if (REQUIRED.equals(System.getProperty(PROPERTY))) {
            requireSimd();
        }
    }

    /** Returns provider, width and reason in one line. */
    public static String describe() {
        return SIMD ? "SIMD kernels, " + VECTOR_BITS + " bits: " + REASON : "scalar kernels: " + REASON;
    }
}
