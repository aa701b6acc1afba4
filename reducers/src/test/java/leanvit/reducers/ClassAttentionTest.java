package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** EViT and Top-K, and what eTPS selects. */
class ClassAttentionTest {

    private static final float NAN = Float.NaN;

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

    private static EVit evit(double keep, boolean fuse) {
        return new EVit(Schedule.keepOfCurrent(List.of(keep), Schedule.STAGES), fuse);
    }

    @Test
    void evitFusesByAttentionWithoutNormalising() {
        LayerTokens tokens = counted(1, .5f, .0625f, .25f, .125f, .0625f);
        TokenMap map = Images.reduce(evit(0.5, true), tokens);
        assertThat(Images.apply(map, tokens)).containsExactly(0, 2, 3, .0625f * 1 + .0625f * 4);
        map = Images.reduce(evit(0.5, false), tokens);
        assertThat(Images.apply(map, tokens)).containsExactly(0, 2, 3);
    }

    @Test
    void evitDoesNothingWhereAllStay() {
        assertThat(Images.reduce(evit(0.9, true), counted(1, .5f, .1f, .2f, .2f)).isIdentity()).isTrue();
        assertThat(evit(1, true).reducesAt(3)).isFalse();
    }

    @Test
    void evitWeighsASinglePatchToo() {
        LayerTokens tokens = counted(1, .5f, .25f, .125f);
        assertThat(Images.apply(Images.reduce(evit(0.5, true), tokens), tokens)).containsExactly(0, 1, .125f * 2);
    }

    @Test
    void nanNeverWinsAndAddsNothing() {
        LayerTokens tokens = counted(2, .5f, NAN, NAN, .25f, .125f, .0625f);
        TokenMap one = Images.reduce(evit(0.5, true), tokens);
        assertThat(Images.apply(one, tokens)).containsExactly(0, 1, 3, 4, .0625f * 5);
        TokenMap all = Images.reduce(evit(0.5, true), counted(1, NAN, NAN, NAN, NAN, NAN));
        assertThat(Images.targets(all)).containsExactly(0, 1, 2, -1, -1);
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
            assertThat(Images.reduce(evit(0.001, false), tokens).outputs()).isEqualTo(1 + Math.min(1, patches));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "A/evit_fused, 'evit:keep=0.7,layers=1/2', 60, 3",
        "A/evit_unfused, 'evit:keep=0.7,layers=1/2,fuse=off', 60, 3",
        "A/etps_infer, 'etps:keep=0.7,layers=1/2', 60, 3",
        "A/topk_pruning, topk:r=3, 60, 3",
        "A/topk_stages, 'topk:keep=0.7,layers=1/2', 60, 3",
        "B/evit_fused, 'evit:keep=0.7,layers=1/2', 64, 4",
        "B/etps_infer, 'etps:keep=0.7,layers=1/2', 64, 4",
        "B/topk_stages, 'topk:keep=0.7,layers=1/2', 64, 4"
    })
    void keepsWhatTheOriginalKeeps(String file, String spec, int width, int heads) {
        GoldenFile golden = GoldenFile.open(file);
        int depth = golden.shape("token_counts")[0];
        ModelShape model = Images.shape(depth, width, heads, 1, file.startsWith("A") ? 36 : 64);
        TokenReducer reducer = Reducers.parse(spec);
        for (int l = 0; l < depth; l++) {
            assertThat(reducer.reducesAt(l)).isEqualTo(golden.has("block" + l + ".cls_attn"));
            for (int b = 0; b < 3 && reducer.reducesAt(l); b++) {
                float[] attention = golden.floats("block" + l + ".cls_attn", b);
                LayerTokens tokens = Images.random(model, l, 1 + attention.length, 1);
                System.arraycopy(attention, 0, tokens.classAttention(), 1, attention.length);
                TokenMap map = Images.reduce(reducer, tokens);
                int[] kept = golden.ints("block" + l + ".keep_idx", b);
                for (int k = 0; k < kept.length; k++) {
                    assertThat(map.target(1 + kept[k])).as("%s block %d image %d", file, l, b).isEqualTo(1 + k);
                }
                assertThat(map.outputs()).isEqualTo(golden.ints("token_counts")[l]);
            }
        }
    }

    @Test
    void needAClassToken() {
        ModelShape without = Images.shape(12, 4, 1, 0, 9);
        for (TokenReducer reducer : List.of(evit(0.7, true), new TopK(Schedule.constant(1)))) {
            assertThat(reducer.needs()).containsExactly(Need.CLASS_ATTENTION);
            assertThat(reducer.tracksSize()).isFalse();
            assertThatThrownBy(() -> reducer.check(without))
                    .isInstanceOf(InvalidSpecException.class).hasMessageContaining("no class token");
        }
    }

    @Test
    void scoresSumToOneWithTheClassTokensOwn() {
        LayerTokens tokens = Images.random(Images.shape(12, 4, 1, 1, 20), 3, 21, 1);
        TokenMap map = Images.reduce(evit(0.5, true), tokens);
        double fused = 0;
        double kept = 0;
        for (int i = 1; i < 21; i++) {
            if (map.target(i) == map.outputs() - 1) {
                fused += map.weight(i);
            } else {
                kept += tokens.classAttention()[i];
            }
        }
        assertThat(Math.abs(fused + kept + tokens.classAttention()[0] - 1)).isLessThan(1e-5);
        assertThat(Arrays.stream(Images.targets(map)).max()).hasValue(map.outputs() - 1);
    }
}
