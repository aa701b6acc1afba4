package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Top-K: what it keeps and drops. */
class TopKTest {

    /** Tokens of one channel: 0, 1, 2, ... */
    private static LayerTokens counted(int prefix, float... attention) {
        int count = attention.length;
        LayerTokens tokens = Images.random(Images.shape(12, 1, 1, prefix, count - prefix), 3, count, 1);
        for (int i = 0; i < count; i++) {
            tokens.rows()[tokens.rowOffset(i)] = i;
        }
        System.arraycopy(attention, 0, tokens.classAttention(), 0, count);
        return tokens;
    }

    @Test
    void topKKeepsByScoreAndDropsTheRest() {
        LayerTokens tokens = counted(1, .5f, .1f, .3f, .1f, .2f);
        TokenMap one = Images.reduce(new TopK(Schedule.constant(1)), tokens);
        assertThat(Images.targets(one)).containsExactly(0, 3, 1, -1, 2);
        TokenMap two = Images.reduce(new TopK(Schedule.constant(2)), tokens);
        assertThat(Images.targets(two)).containsExactly(0, -1, 1, -1, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 500, Integer.MAX_VALUE})
    void atLeastOnePatchStays(int r) {
        for (int patches = 0; patches < 5; patches++) {
            LayerTokens tokens = Images.random(Images.shape(12, 4, 1, 1, 9), 3, 1 + patches, r);
            int left = Images.reduce(new TopK(Schedule.constant(r)), tokens).outputs();
            assertThat(left).isEqualTo(1 + (patches == 0 ? 0 : Math.max(1, patches - r)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "A/topk_pruning, topk:r=3, 60, 3",
        "A/topk_stages, 'topk:keep=0.7,layers=1/2', 60, 3",
        "B/topk_stages, 'topk:keep=0.7,layers=1/2', 64, 4"
    })
    void keepsWhatTheOriginalKeeps(String file, String spec, int width, int heads) {
        ClassAttentionGolden.assertKeepsWhatTheOriginalKeeps(file, spec, width, heads);
    }

    @Test
    void needAClassToken() {
        ModelShape without = Images.shape(12, 4, 1, 0, 9);
        TokenReducer reducer = new TopK(Schedule.constant(1));
        assertThat(reducer.needs()).containsExactly(Need.CLASS_ATTENTION);
        assertThat(reducer.tracksSize()).isFalse();
        assertThatThrownBy(() -> reducer.check(without))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("no class token");
    }
}
