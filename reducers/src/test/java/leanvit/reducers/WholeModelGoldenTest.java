package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every method inside a model, against the official implementations: token counts and sizes exactly, token rows after
 * every block and logits closely. A wrong decision anywhere shows in the rows.
 */
class WholeModelGoldenTest {

    private static final ModelShape A = new ModelShape(4, 60, 3, 1, 36);
    private static final ModelShape A_DISTILLED = new ModelShape(4, 60, 3, 2, 36);
    private static final ModelShape B = new ModelShape(5, 64, 4, 1, 64);

    /** A golden file as the files that SPECs name: LTMP's thresholds under this project's names. */
    private static TensorFiles tensorsOf(GoldenFile golden) {
        return path -> {
            Map<String, TensorFiles.Tensor> tensors = new TreeMap<>();
            for (String name : golden.names()) {
                tensors.put(name.replace("_threshold", ""),
                        new TensorFiles.Tensor(golden.shape(name), golden.floats(name)));
            }
            return tensors;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "dense, none",
        "tome_const, tome:r=4",
        "tome_decreasing, 'tome:r=4,inflect=-1'",
        "tome_clamped, tome:r=30",
        "tome_noprop, 'tome:r=4,prop=off'",
        "dtps_infer, 'dtps:keep=0.7,layers=1/2,predictors=golden'",
        "etps_infer, 'etps:keep=0.7,layers=1/2'",
        "evit_fused, 'evit:keep=0.7,layers=1/2'",
        "evit_unfused, 'evit:keep=0.7,layers=1/2,fuse=off'",
        "topk_pruning, topk:r=3",
        "topk_stages, 'topk:keep=0.7,layers=1/2'",
        "pomt, 'pomt:r=8,layer=1'",
        "pomt, 'pomt:r=8,layer=1,upstream=on'"
    })
    void matchesTheOriginal(String file, String spec) throws IOException {
        assertMatches("A", file, spec, A);
        assertMatches("B", file, spec, B);
    }

    @ParameterizedTest
    @CsvSource({
        "dense, none",
        "tome_distilled, tome:r=4",
        "tome_distilled_decreasing, 'tome:r=4,inflect=-1'",
        "tome_distilled_clamped, tome:r=30",
        "pomt_distilled, 'pomt:r=8,layer=1,upstream=on'",
        "pomt_distilled, 'pomt:r=7,layer=1'"
    })
    void matchesTheOriginalWithADistillationToken(String file, String spec) throws IOException {
        assertMatches("A-distilled", file, spec, A_DISTILLED);
    }

    private static void assertMatches(String preset, String file, String spec, ModelShape model) throws IOException {
        GoldenFile golden = GoldenFile.open(preset + "/" + file);
        ReferenceVit vit = new ReferenceVit(GoldenFile.open(preset + "/model"), model);
        TokenReducer reducer = Reducers.parse(spec, tensorsOf(golden));
        double[] logits = golden.doubles("logits_f64");
        for (int b = 0; b < 3; b++) {
            String what = preset + "/" + file + " image " + b;
            ReferenceVit.Run run = vit.run(reducer, embedding(preset, model, b));
            for (int l = 0; l < model.depth(); l++) {
                assertThat(run.rows().get(l).length / model.width()).as(what)
                        .isEqualTo(golden.shape("block" + l + ".x")[1]);
                String rows = "block" + l + (b < golden.shape("block" + l + ".x")[0] ? ".x" : ".cls");
                GoldenFile.assertClose(run.rows().get(l), golden.floats(rows, b), 5e-5, what + " block " + l);
                if (golden.has("block" + l + ".size")) {
                    assertThat(run.sizes().get(l)).as(what).containsExactly(golden.floats("block" + l + ".size", b));
                }
            }
            assertLogits(run.logits(), Arrays.copyOfRange(logits, b * 10, b * 10 + 10), what);
        }
    }

    @Test
    void ltmpMatchesTheOriginal() throws IOException {
        assertLtmpMatches("ltmp_infer");
    }

    @Test
    void ltmpThatMergesOnlyMatchesTheOriginal() throws IOException {
        assertLtmpMatches("ltmp_infer_merge_only");
    }

    @Test
    void ltmpThatPrunesOnlyMatchesTheOriginal() throws IOException {
        assertLtmpMatches("ltmp_infer_prune_only");
    }

    private static void assertLtmpMatches(String file) throws IOException {
        for (String preset : new String[] {"A", "B"}) {
            ModelShape model = preset.equals("A") ? A : B;
            GoldenFile golden = GoldenFile.open(preset + "/" + file);
            ReferenceVit vit = new ReferenceVit(GoldenFile.open(preset + "/model"), model);
            TokenReducer reducer = Reducers.parse("ltmp:thresholds=golden", tensorsOf(golden));
            int[] counts = golden.ints("token_counts");
            for (int b = 0; b < 3; b++) {
                String what = preset + "/" + file + " image " + b;
                ReferenceVit.Run run = vit.run(reducer, embedding(preset, model, b));
                for (int l = 0; l < model.depth(); l++) {
                    String block = "img" + b + ".block" + l;
                    assertThat(run.rows().get(l).length / model.width()).as(what)
                            .isEqualTo(counts[(b * model.depth() + l) * 4 + 3]);
                    String rows = block + (golden.has(block + ".x") ? ".x" : ".cls");
                    GoldenFile.assertClose(run.rows().get(l), golden.floats(rows), 5e-5, what + " block " + l);
                    if (reducer.tracksSize()) {
                        assertThat(run.sizes().get(l)).as(what).containsExactly(golden.floats(block + ".size"));
                    }
                }
                assertLogits(run.logits(), golden.doubles("img" + b + ".logits_f64"), what);
            }
        }
    }

    private static double[] embedding(String preset, ModelShape model, int b) {
        int each = model.tokens() * model.width();
        return Arrays.copyOfRange(GoldenFile.open(preset + "/inputs").doubles("embed"), b * each, (b + 1) * each);
    }

    private static void assertLogits(double[] got, double[] want, String what) {
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).as("%s logit %d", what, i)
                    .isCloseTo(want[i], Offset.offset(5e-5));
        }
    }
}
