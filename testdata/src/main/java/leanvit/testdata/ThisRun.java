package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code -Dleanvit.test.provider} says that this run of the tests is for: {@code preferred} (unless set), a width
 * such as {@code 256}, {@code scalar}, or {@code no-module}, a JVM without the Vector API.
 */
public final class ThisRun {

    private ThisRun() {
    }

    /** Asserts that the provider of the kernels, with its width in bits (0: scalar), is the one that is to be tested. */
    public static void assertServedBy(String provider, int vectorBits) {
        String expected = System.getProperty("leanvit.test.provider", "preferred");
        boolean module = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        assertThat(module).as("the Vector API is there").isEqualTo(!expected.equals("no-module"));
        switch (expected) {
            case "scalar", "no-module" -> {
                assertThat(provider).isEqualTo("scalar");
                assertThat(vectorBits).isZero();
            }
            case "preferred" -> assertThat(provider.equals("simd")).isEqualTo(vectorBits > 0);
            default -> {
                assertThat(provider).isEqualTo("simd");
                // A processor with narrower vectors than asked for uses those it has.
                assertThat(vectorBits).isBetween(128, Integer.parseInt(expected));
            }
        }
    }
}
