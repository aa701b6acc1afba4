package leanvit.kernels;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * What decides whether the SIMD kernels pay in a JVM; {@link Refusal} judges it.
 *
 * @param vectorModule  whether the module jdk.incubator.vector is among the JVM's modules
 * @param vmName        the system property java.vm.name
 * @param interpreted   whether nothing is compiled
 * @param jvmci         whether a compiler on the JVM's compiler interface, such as Graal's, replaces C2
 * @param c1Only        whether C1 is the only compiler
 * @param fma           whether {@code Math.fma} is one instruction rather than a computation with {@code BigDecimal}
 * @param preferredBits bits of the preferred float vector; 0 without the module
 */
record Jvm(boolean vectorModule, String vmName, boolean interpreted, boolean jvmci, boolean c1Only, boolean fma,
           int preferredBits) {

    /** The tier of C2. */
    private static final int C2 = 4;
    /**
     * An interpreted call with an FMA instruction takes some 50 ns; one with {@code BigDecimal}, even compiled, takes
     * more than this.
     */
    private static final long SLOW_FMA_NANOS = 400;
    private static final int CALLS = 8;
    private static final int TRIALS = 12;

    /**
     * Looks at the JVM that this runs in. Needs no module but java.base; what it asks of jdk.management it guesses
     * where that module is missing.
     */
    static Jvm current() {
        String info = System.getProperty("java.vm.info", "");
        Method option = optionReader();
        boolean jvmci = "true".equals(option(option, "UseJVMCICompiler"))
                || option == null && System.getProperty("java.vm.version", "").contains("jvmci");
        int lastTier = number(option(option, "TieredStopAtLevel"), C2);
        // -XX:-TieredCompilation leaves the number as it was, and C2 alone at work.
        boolean tiered = !"false".equals(option(option, "TieredCompilation"));
        boolean interpreted = info.contains("interpreted mode") || tiered && lastTier == 0
                || "false".equals(option(option, "UseCompiler"));
        boolean c1Only = info.contains("emulated-client") || tiered && lastTier > 0 && lastTier < C2;
        boolean present = SimdProbe.MODULE_PRESENT;
        return new Jvm(present, System.getProperty("java.vm.name", ""), interpreted, jvmci, c1Only, hasFma(option),
                present ? SimdProbe.preferredBits() : 0);
    }

    private static boolean hasFma(Method option) {
        String use = option(option, "UseFMA");
        if ("false".equals(use) || number(option(option, "UseAVX"), 1) == 0) {
            return false;
        }
        return use != null || isFmaFast();
    }

    /**
     * Tells an FMA instruction from {@code BigDecimal} by the time that calls take: by the shortest, as other work may
     * disturb some.
     */
    static boolean isFmaFast() {
        long shortest = Long.MAX_VALUE;
        float sum = 0.1f;
        for (int t = 0; t < TRIALS; t++) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                sum = Math.fma(sum, 0.7f, 0.3f);
            }
            shortest = Math.min(shortest, System.nanoTime() - start);
        }
        // The sum stands in the condition so that the calls are not dropped as unused; it is about 1.
        return sum > 0f && shortest < CALLS * SLOW_FMA_NANOS;
    }

    /** Returns HotSpotDiagnosticMXBean.getVMOption, found by reflection; null where jdk.management is missing. */
    private static Method optionReader() {
        try {
            return Class.forName("com.sun.management.HotSpotDiagnosticMXBean").getMethod("getVMOption", String.class);
        } catch (ReflectiveOperationException | LinkageError e) {
            return null;
        }
    }

    /** Returns the value of a VM option; null where there is none of that name or no way to ask. */
    private static String option(Method reader, String name) {
        if (reader == null) {
            return null;
        }
        try {
            Object bean = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getPlatformMXBean", Class.class).invoke(null, reader.getDeclaringClass());
            Object option = reader.invoke(bean, name);
            return (String) option.getClass().getMethod("getValue").invoke(option);
        } catch (InvocationTargetException e) {
            // An option that this JVM does not know, as UseAVX where there is no x86.
            return null;
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            return null;
        }
    }

    private static int number(String value, int otherwise) {
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
