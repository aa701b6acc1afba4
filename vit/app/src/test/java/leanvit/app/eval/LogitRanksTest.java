package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Higher logit first, then lower class; NaN never wins. */
class LogitRanksTest {

    private static final float NAN = Float.NaN;

    @Test
    void tiesGoToTheLowerClass() {
        float[] logits = {9, 1, 3, 3, 3, 0, 9};
        assertThat(LogitRanks.first(logits, 1, 5)).isEqualTo(1);
        assertThat(LogitRanks.of(1, logits, 1, 5)).isZero();
        assertThat(LogitRanks.of(2, logits, 1, 5)).isEqualTo(1);
        assertThat(LogitRanks.of(3, logits, 1, 5)).isEqualTo(2);
        assertThat(LogitRanks.of(0, logits, 1, 5)).isEqualTo(3);
    }

    @Test
    void nanIsNeverRight() {
        float[] logits = {NAN, -1, NAN, Float.NEGATIVE_INFINITY};
        assertThat(LogitRanks.first(logits, 0, 4)).isEqualTo(1);
        assertThat(LogitRanks.of(0, logits, 0, 4)).isEqualTo(4);
        assertThat(LogitRanks.of(1, logits, 0, 4)).isZero();
        assertThat(LogitRanks.of(3, logits, 0, 4)).isEqualTo(1);
        assertThat(LogitRanks.first(new float[] {NAN, NAN}, 0, 2)).isEqualTo(-1);
        assertThat(LogitRanks.of(0, new float[] {NAN, NAN}, 0, 2)).isEqualTo(2);
    }

    @Test
    void oneLogitIsAYesOrNo() {
        float[] logits = {0.1f, 0, -3, NAN};
        int[] answers = {1, 0, 0, -1};
        for (int i = 0; i < answers.length; i++) {
            assertThat(LogitRanks.first(logits, i, 1)).isEqualTo(answers[i]);
            for (int label = 0; label < 2; label++) {
                assertThat(LogitRanks.of(label, logits, i, 1))
                        .isEqualTo(answers[i] < 0 ? 2 : label == answers[i] ? 0 : 1);
            }
        }
        assertThat(LogitRanks.answers(1)).isEqualTo(2);
        assertThat(LogitRanks.answers(3)).isEqualTo(3);
    }

    @Test
    void agreesWithAStableSort() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int classes = 2 + random.nextInt(20);
            float[] logits = new float[classes];
            for (int c = 0; c < classes; c++) {
                logits[c] = random.nextInt(6);
            }
            List<Integer> order = IntStream.range(0, classes).boxed()
                    .sorted(Comparator.comparing((Integer c) -> logits[c]).reversed()).toList();
            int[] ranks = IntStream.range(0, classes).map(c -> LogitRanks.of(c, logits, 0, classes)).toArray();
            for (int rank = 0; rank < classes; rank++) {
                assertThat(ranks[order.get(rank)]).as("seed %d, %s", seed, Arrays.toString(logits)).isEqualTo(rank);
            }
            assertThat(LogitRanks.first(logits, 0, classes)).as("seed %d", seed).isEqualTo(order.get(0));
        }
    }
}
