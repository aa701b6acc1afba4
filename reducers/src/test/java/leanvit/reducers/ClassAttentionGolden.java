package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import leanvit.testdata.GoldenFile;

/** What the methods that score by class attention have to keep. */
final class ClassAttentionGolden {

    private ClassAttentionGolden() {
    }

    /** Checks a method that scores by class attention: it keeps what the original kept. */
    static void assertKeepsWhatTheOriginalKeeps(String file, String spec, int width, int heads) {
        GoldenFile golden = GoldenFile.open(file);
        int depth = golden.shape("token_counts")[0];
        ModelShape model = Images.shape(depth, width, heads, 1, file.startsWith("A") ? 36 : 64);
        TokenReducer reducer = Reducers.parse(spec);
        for (int l = 0; l < depth; l++) {
            assertThat(reducer.reducesAt(model, l)).isEqualTo(golden.has("block" + l + ".cls_attn"));
            for (int b = 0; b < 3 && reducer.reducesAt(model, l); b++) {
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
}
