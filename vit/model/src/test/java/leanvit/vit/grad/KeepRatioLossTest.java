package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class KeepRatioLossTest {

    @Test
    void isZeroAtTheRateAndHasTheGradientOfDifferences() {
        KeepRatioLoss loss = new KeepRatioLoss(2, 4, 3);
        assertThat(loss.of(new float[] {1, 0, 1, 0, 0, 0, 1, 1}, 0.5)).isZero();
        assertThat(loss.of(new float[] {1, 1, 1, 1, 0, 0, 1, 1}, 0.5)).isCloseTo(0.25 / 6, Offset.offset(1e-12));
        float[] decision = Awkward.values(new SplittableRandom(2), 8, 1);
        float[] gradient = new float[8];
        gradient[0] = 1;
        loss.addGradient(decision, 0.3, 2, gradient);
        gradient[0] -= 1;
        CentralDifference.check("loss of kept shares by decision", Exact.widened(decision), gradient, 1e-5, at -> {
            double sum = 0;
            for (int image = 0; image < 2; image++) {
                double mean = 0;
                for (int i = 0; i < 4; i++) {
                    mean += at[4 * image + i] / 4;
                }
                sum += 2 * (mean - 0.3) * (mean - 0.3) / 6;
            }
            return sum;
        });
    }
}
