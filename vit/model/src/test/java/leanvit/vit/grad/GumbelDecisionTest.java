package leanvit.vit.grad;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.Exact;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class GumbelDecisionTest {

    @Test
    void decidesHardAndGoesBackSoft() {
        SplittableRandom random = new SplittableRandom(4);
        int n = 20;
        float[] logits = Awkward.values(random, 2 * n + 2, 2);
        float[] noise = new float[2 * n + 2];
        GumbelDecision.noise(random::nextDouble, noise, 2, 2 * n);
        float[] decision = new float[n + 1];
        float[] soft = new float[n + 1];
        GumbelDecision.forward(logits, noise, 2, n, decision, soft);
        float[] g = Awkward.values(random, n + 1, 1);
        float[] dLogits = new float[2 * n + 2];
        GumbelDecision.backward(soft, g, 2, n, dLogits);
        double[] z = Exact.widened(logits);
        for (int i = 1; i <= n; i++) {
            boolean stays = z[2 * i] + noise[2 * i] >= z[2 * i + 1] + noise[2 * i + 1];
            assertThat(decision[i]).isEqualTo(stays ? 1f : 0f);
        }
        CentralDifference.check("Gumbel choice by logits", z, dLogits, 1e-5, at -> {
            double sum = 0;
            for (int i = 1; i <= n; i++) {
                sum += g[i] / (1 + Math.exp(at[2 * i + 1] + noise[2 * i + 1] - at[2 * i] - noise[2 * i]));
            }
            return sum;
        });
    }

    @Test
    void noiseIsGumbels() {
        float[] noise = new float[200_000];
        GumbelDecision.noise(new SplittableRandom(9)::nextDouble, noise, 0, noise.length);
        float[] least = new float[1];
        GumbelDecision.noise(() -> 0, least, 0, 1);
        assertThat(Float.isFinite(least[0])).isTrue();
        double mean = 0;
        double squares = 0;
        for (float value : noise) {
            assertThat(Float.isFinite(value)).isTrue();
            mean += value / (double) noise.length;
            squares += (double) value * value / noise.length;
        }
        assertThat(mean).isCloseTo(0.5772, Offset.offset(0.02));
        assertThat(squares - mean * mean).isCloseTo(Math.PI * Math.PI / 6, Offset.offset(0.04));
    }
}
