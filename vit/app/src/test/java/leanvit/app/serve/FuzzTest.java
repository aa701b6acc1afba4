package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ten thousand of what {@link Fuzz} feeds by the million. */
@Timeout(120)
class FuzzTest {

    @Test
    void spoiltInputsAreTakenOrRefusedAsDocumented() throws IOException {
        try (Fuzz fuzz = new Fuzz(TestData.directory())) {
            fuzz.run(10_000, 7);
            assertThat(fuzz.counts()).hasSize(7).allSatisfy((kind, counts) -> {
                assertThat(counts[0]).as("%s taken", kind).isPositive();
                assertThat(counts[1]).as("%s refused", kind).isPositive();
            });
        }
    }
}
