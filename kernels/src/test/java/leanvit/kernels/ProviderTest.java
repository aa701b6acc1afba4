package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * The build runs these tests once a width and once scalar; each run says by {@code leanvit.test.provider} what it
 * expects.
 */
class ProviderTest {

    @Test
    void theRunHasTheProviderThatItIsMeantToTest() {
        String expected = System.getProperty("leanvit.test.provider", "preferred");
        switch (expected) {
            case "scalar" -> {
                assertThat(Provider.name()).isEqualTo("scalar");
                assertThat(Provider.vectorBits()).isZero();
            }
            case "preferred" -> {
                assertThat(Provider.name()).isEqualTo("simd");
                assertThat(Provider.vectorBits()).isEqualTo(SimdProbe.preferredBits());
            }
            default -> {
                assertThat(Provider.name()).isEqualTo("simd");
                // A processor with narrower vectors than asked for uses those it has.
                assertThat(Provider.vectorBits())
                        .isEqualTo(Math.min(Integer.parseInt(expected), SimdProbe.preferredBits()));
            }
        }
        assertThat(Provider.describe()).contains(Provider.reason());
    }
}
