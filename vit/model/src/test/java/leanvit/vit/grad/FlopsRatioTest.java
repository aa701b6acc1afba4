package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class FlopsRatioTest {

    @Test
    void hasThePapersValues() {
        double[] means = new double[12];
        Arrays.fill(means, 1);
        assertThat(new FlopsRatio(197, 384).of(means)).isCloseTo(1, Offset.offset(1e-15));
        Arrays.fill(means, 0.5);
        assertThat(new FlopsRatio(197, 384).of(means)).isCloseTo(0.4980257896841264, Offset.offset(1e-15));
    }

    @Test
    void hasTheGradientOfDifferences() {
        FlopsRatio ratio = new FlopsRatio(37, 60);
        double[] means = {0.9, 0.7, 0.72, 0.3};
        float[] gradient = new float[4];
        for (int l = 0; l < 4; l++) {
            gradient[l] = (float) ratio.gradient(means, l);
        }
        CentralDifference.check("LTMP's share by the masks' means", means, gradient, 1e-6, ratio::of);
    }
}
