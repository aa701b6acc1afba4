package leanvit.vit.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NearestNeighboursTest {

    private static final int WIDTH = 5;

    private static float[] vectors(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] vectors = new float[count * WIDTH];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = (float) random.nextDouble(-3, 3);
        }
        return vectors;
    }

    private static double cosine(float[] vectors, int a, int b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < WIDTH; c++) {
            dot += (double) vectors[a * WIDTH + c] * vectors[b * WIDTH + c];
            aa += (double) vectors[a * WIDTH + c] * vectors[a * WIDTH + c];
            bb += (double) vectors[b * WIDTH + c] * vectors[b * WIDTH + c];
        }
        return dot / Math.sqrt(aa * bb);
    }

    /** More vectors than go through at a time, too. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 11, 40, 1031})
    void theyAreThoseOfTheLargestCosines(int count) {
        float[] vectors = vectors(count, count);
        int[][] nearest = NearestNeighbours.of(vectors, count, WIDTH, 10);
        for (int i = 0; i < count; i += Math.max(1, count / 50)) {
            assertThat(nearest[i]).hasSize(Math.min(10, count - 1)).doesNotContain(i).doesNotHaveDuplicates();
            double least = 1;
            for (int neighbour : nearest[i]) {
                assertThat(cosine(vectors, i, neighbour)).isLessThan(least + 1e-6);
                least = cosine(vectors, i, neighbour);
            }
            int nearer = 0;
            for (int j = 0; j < count; j++) {
                nearer += j != i && cosine(vectors, i, j) > least + 1e-6 ? 1 : 0;
            }
            assertThat(nearer).isLessThan(Math.max(1, nearest[i].length));
        }
    }

    @Test
    void ofEquallyNearOnesTheLowerIndexIsFirstAndNaNIsLast() {
        float[] vectors = new float[5 * WIDTH];
        for (int i = 0; i < 5; i++) {
            vectors[i * WIDTH] = 1;
        }
        vectors[1 * WIDTH] = Float.NaN;
        int[][] nearest = NearestNeighbours.of(vectors, 5, WIDTH, 4);
        assertThat(nearest[0]).containsExactly(2, 3, 4, 1);
        assertThat(nearest[3]).containsExactly(0, 2, 4, 1);
        assertThat(NearestNeighbours.of(vectors, 5, WIDTH, 2)[4]).containsExactly(0, 2);
        assertThatThrownBy(() -> NearestNeighbours.of(vectors, 4, WIDTH, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void recallIsTheShareThatBothFind() {
        int[][] right = {{1, 2}, {0, 2}, {0, 1}};
        assertThat(NearestNeighbours.recall(right, right, 1)).isEqualTo(1);
        int[][] other = {{2, 1}, {0, 2}, {1, 0}};
        assertThat(NearestNeighbours.recall(right, other, 1)).isEqualTo(1 / 3.0);
        assertThat(NearestNeighbours.recall(right, other, 10)).isEqualTo(1);
        assertThat(NearestNeighbours.recall(new int[1][0], new int[1][0], 10)).isEqualTo(1);
    }

    @Test
    void agreementTellsMeanWorstAndNeighbours() {
        float[] vectors = vectors(30, 3);
        EmbeddingAgreement same = EmbeddingAgreement.of(vectors, vectors, 30, WIDTH);
        assertThat(same.cosineWorst()).isBetween(1 - 1e-12, 1.0);
        assertThat(same.recall1()).isEqualTo(1);
        assertThat(same.recall10()).isEqualTo(1);
        float[] turned = vectors.clone();
        for (int c = 0; c < WIDTH; c++) {
            turned[17 * WIDTH + c] *= -2;
        }
        EmbeddingAgreement other = EmbeddingAgreement.of(vectors, turned, 30, WIDTH);
        assertThat(other.worst()).isEqualTo(17);
        assertThat(other.cosineWorst()).isBetween(-1.0, -1 + 1e-12);
        assertThat(other.cosineMean()).isBetween(28 / 30.0 - 1e-9, 28 / 30.0 + 1e-9);
        assertThat(other.recall10()).isBetween(0.5, 0.99);
        turned[3 * WIDTH] = Float.NaN;
        assertThat(EmbeddingAgreement.of(vectors, turned, 30, WIDTH).worst()).isEqualTo(3);
        assertThatThrownBy(() -> EmbeddingAgreement.of(new float[WIDTH], new float[WIDTH], 1, WIDTH))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
