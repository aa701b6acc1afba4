package leanvit.vit;

import leanvit.kernels.Provider;
import leanvit.testdata.ThisRun;
import org.junit.jupiter.api.Test;

/** The build runs tests of this module once per width, once scalar and once without the Vector API. */
class ProviderTest {

    @Test
    void theRunHasTheProviderThatItIsMeantToTest() {
        ThisRun.assertServedBy(Provider.name(), Provider.vectorBits());
    }
}
