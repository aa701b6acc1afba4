package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** eTPS: which patches are reserved, and what it costs. */
class ETpsTest {

    @Test
    void eTpsReservesByClassAttention() {
        LayerTokens tokens = Images.random(Images.shape(12, 4, 2, 1, 5), 3, 6, 4);
        System.arraycopy(new float[] {.5f, .05f, .2f, .1f, .05f, .1f}, 0, tokens.classAttention(), 0, 6);
        ETps etps = new ETps(Schedule.keepOfCurrent(List.of(0.5), Stages.AT_QUARTERS));
        TokenMap map = Images.reduce(etps, tokens);
        // ceil(2.5) = 3 are reserved: 2, and of the tied 3 and 5 both, in that order.
        assertThat(map.outputs()).isEqualTo(4);
        assertThat(new int[] {map.target(0), map.target(2), map.target(3), map.target(5)}).containsExactly(0, 1, 2, 3);
        assertThat(map.target(1)).isBetween(1, 3);
        assertThat(map.target(4)).isBetween(1, 3);
        assertThat(etps.reducesAt(tokens.model(), 3)).isTrue();
        assertThat(etps.reducesAt(tokens.model(), 4)).isFalse();
        assertThat(etps.tracksSize()).isFalse();
        assertThatThrownBy(() -> etps.check(Images.shape(12, 4, 2, 0, 5))).hasMessageContaining("no class token");
    }

    @Test
    void countsTheSqueezesWork() {
        ModelShape narrow = Images.shape(12, 8, 2, 1, 30);
        ETps etps = new ETps(Schedule.keepOfCurrent(List.of(0.7), Stages.AT_QUARTERS));
        assertThat(etps.macs(narrow, 11, 8)).isEqualTo(2 * 7 * 3 * 8);
        assertThat(etps.macs(narrow, 11, 11)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "A/etps_infer, 'etps:keep=0.7,layers=1/2', 60, 3",
        "B/etps_infer, 'etps:keep=0.7,layers=1/2', 64, 4"
    })
    void keepsWhatTheOriginalKeeps(String file, String spec, int width, int heads) {
        ClassAttentionGolden.assertKeepsWhatTheOriginalKeeps(file, spec, width, heads);
    }
}
