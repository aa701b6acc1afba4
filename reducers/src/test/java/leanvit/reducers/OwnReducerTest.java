package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import leanvit.kernels.ArgSort;
import org.junit.jupiter.api.Test;

/** A method of a user's own, as the Javadoc of {@link TokenReducer} shows it, run as the host runs every other. */
class OwnReducerTest {

    /** Keeps the half of the patches with the largest norm. */
    record KeepLargestHalf(int layer) implements TokenReducer {
        @Override public String spec() {
            return "largest-half:layer=" + layer;
        }

        @Override public boolean reducesAt(int block) {
            return block == layer;
        }

        @Override public Set<Need> needs() {
            return Set.of(); // looks at the token rows alone
        }

        @Override public void reduce(LayerTokens tokens, TokenMap map) {
            int patches = tokens.count() - tokens.prefix();
            float[] norms = tokens.scratch().floats(0, tokens.count());
            for (int i = 0; i < tokens.count(); i++) {
                norms[i] = squaredNorm(tokens.rows(), tokens.rowOffset(i), tokens.model().width());
            }
            int[] order = tokens.scratch().ints(0, patches);
            ArgSort.descending(norms, tokens.prefix(), patches, order, 0, tokens.scratch().longs(0, patches));
            map.keepRange(0, tokens.prefix()); // the prefix stays first
            for (int i = 0; i < patches; i++) {
                if (i < (patches + 1) / 2) {
                    map.keep(tokens.prefix() + order[i]);
                } else {
                    map.drop(tokens.prefix() + order[i]);
                }
            }
        }
    }

    private static float squaredNorm(float[] x, int from, int width) {
        float sum = 0;
        for (int c = from; c < from + width; c++) {
            sum += x[c] * x[c];
        }
        return sum;
    }

    @Test
    void runsLikeTheOthers() {
        LayerTokens tokens = Images.random(Images.shape(12, 1, 1, 1, 5), 4, 6, 1);
        float[] x = {9, 1, -5, 2, 4, -3};
        System.arraycopy(x, 0, tokens.rows(), tokens.rowOffset(0), 6);
        TokenMap map = Images.reduce(new KeepLargestHalf(4), tokens);
        assertThat(Images.apply(map, tokens)).containsExactly(9, -5, 4, -3);
        assertThat(new KeepLargestHalf(4).position()).isEqualTo(TokenReducer.Position.AFTER_ATTENTION);
    }
}
