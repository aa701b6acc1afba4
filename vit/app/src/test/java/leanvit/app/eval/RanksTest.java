package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Higher logit first, then lower class; NaN never wins. */
class RanksTest {

    private static final float NAN = Float.NaN;

    @Test
    void tiesGoToTheLowerClass() {
        float[] logits = {9, 1, 3, 3, 3, 0, 9};
        assertThat(Ranks.first(logits, 1, 5)).isEqualTo(1);
        assertThat(Ranks.of(1, logits, 1, 5)).isZero();
        assertThat(Ranks.of(2, logits, 1, 5)).isEqualTo(1);
        assertThat(Ranks.of(3, logits, 1, 5)).isEqualTo(2);
        assertThat(Ranks.of(0, logits, 1, 5)).isEqualTo(3);
    }

    @Test
    void nanIsNeverRight() {
        float[] logits = {NAN, -1, NAN, Float.NEGATIVE_INFINITY};
        assertThat(Ranks.first(logits, 0, 4)).isEqualTo(1);
        assertThat(Ranks.of(0, logits, 0, 4)).isEqualTo(4);
        assertThat(Ranks.of(1, logits, 0, 4)).isZero();
        assertThat(Ranks.of(3, logits, 0, 4)).isEqualTo(1);
        assertThat(Ranks.first(new float[] {NAN, NAN}, 0, 2)).isEqualTo(-1);
        assertThat(Ranks.of(0, new float[] {NAN, NAN}, 0, 2)).isEqualTo(2);
    }

    @Test
    void agreesWithAStableSort() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int classes = 1 + random.nextInt(20);
            float[] logits = new float[classes];
            for (int c = 0; c < classes; c++) {
                logits[c] = random.nextInt(6);
            }
            List<Integer> order = IntStream.range(0, classes).boxed()
                    .sorted(Comparator.comparing((Integer c) -> logits[c]).reversed()).toList();
            int[] ranks = IntStream.range(0, classes).map(c -> Ranks.of(c, logits, 0, classes)).toArray();
            for (int rank = 0; rank < classes; rank++) {
                assertThat(ranks[order.get(rank)]).as("seed %d, %s", seed, Arrays.toString(logits)).isEqualTo(rank);
            }
            assertThat(Ranks.first(logits, 0, classes)).as("seed %d", seed).isEqualTo(order.get(0));
        }
    }
}
