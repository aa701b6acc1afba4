package leanvit.vit;

import static leanvit.testdata.Close.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.Exact;
import leanvit.testdata.TestData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole models against the official implementations: token rows, sizes, counts, scores, logits, and where every single
 * token went. Tolerances are those of the golden files; decisions are exact.
 */
class GoldenModelTest {

    private static final int IMAGES = 3;
    private static final double FEATURES = 5e-5;
    private static final double SCORES = 5e-6;
    private static final double LOGITS = 5e-5;

    private static final Map<String, VisionTransformer> MODELS = new HashMap<>();

    private static VisionTransformer model(String preset) throws IOException {
        VisionTransformer model = MODELS.get(preset);
        if (model == null) {
            model = VisionTransformer.load(TestData.path("golden/" + preset));
            MODELS.put(preset, model);
        }
        return model;
    }

    private static float[] pixels(String preset) throws IOException {
        return GoldenCase.open(preset, "inputs").floats("pixels");
    }

    static Stream<Arguments> casesAndSpecs() throws IOException {
        List<Arguments> all = new ArrayList<>();
        for (String preset : new String[] {"A", "A-distilled", "B"}) {
            for (String name : GoldenCase.names(preset)) {
                for (String spec : GoldenCase.open(preset, name).specs()) {
                    all.add(Arguments.of(preset, name, spec));
                }
            }
        }
        assertThat(all).as("cases").hasSizeGreaterThanOrEqualTo(2 * 15 + 5);
        return all.stream();
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @MethodSource("casesAndSpecs")
    void oneImageMatches(String preset, String name, String spec) throws IOException {
        GoldenCase golden = GoldenCase.open(preset, name);
        VisionTransformer model = model(preset);
        float[] pixels = pixels(preset);
        for (int image = 0; image < IMAGES; image++) {
            String what = preset + " " + name + " image " + image;
            RecordingReducer reducer = new RecordingReducer(golden.reducer(spec), new ArrayList<>());
            Inference run = model.inference().with(reducer);
            List<BlockTrace> trace = new ArrayList<>();
            float[] logits = run.trace(image(pixels, image), 1, trace, true);
            assertClose(logits, golden.logits(image), LOGITS, what + " logits");
            assertThat(trace).as(what).hasSize(model.config().depth());
            int[] assignment = identity(model.shape().tokens());
            int attended = model.shape().tokens();
            for (BlockTrace block : trace) {
                String where = what + " block " + block.layer();
                for (RecordingReducer.Call call : reducer.calls()) {
                    if (call.layer() == block.layer()) {
                        assertDecisions(golden, call, image, model, where);
                        assertScores(golden, call, image, model, where);
                        follow(assignment, call.map());
                        boolean before = reducer.position() == TokenReducer.Position.BEFORE_BLOCK;
                        attended = before ? call.map().outputs() : attended;
                    }
                }
                assertThat(block.attended()).as(where).containsExactly(attended);
                assertBlock(golden, block, image, model, where);
                assertThat(block.assignment()[0]).as(where).containsExactly(assignment);
                assertThat(run.tokens(block.layer(), 0)).as(where).isEqualTo(block.tokens()[0]);
                attended = block.tokens()[0];
            }
            assertThat(reducer.calls().stream().allMatch(call -> call.map().isIdentity()))
                    .as("%s reduces nothing", what)
                    .isEqualTo(name.equals("dense"));
            BlockTrace last = trace.get(trace.size() - 1);
            if (golden.has("norm", image)) {
                assertClose(normalised(model, last.rows()), golden.floats("norm", image), FEATURES, what + " norm");
            }
            if (golden.has("source")) {
                assertSource(golden, last, image, model.shape().tokens(), what);
            }
        }
    }

    /** Rows, counts and sizes after a block. */
    private static void assertBlock(GoldenCase golden, BlockTrace block, int image, VisionTransformer model,
            String where)
            throws IOException {
        int tokens = golden.tokens(block.layer(), image);
        assertThat(block.tokens()).as(where).containsExactly(tokens);
        assertThat(block.rows()).as(where).hasSize(tokens * model.config().width());
        String x = "block" + block.layer() + ".x";
        String classRow = "block" + block.layer() + ".cls";
        float[] want = golden.floats(golden.has(x, image) ? x : classRow, image);
        assertClose(Arrays.copyOf(block.rows(), want.length), want, FEATURES, where + " rows");
        String size = "block" + block.layer() + ".size";
        if (golden.has(size, image)) {
            assertThat(block.sizes()).as("%s sizes", where).containsExactly(golden.floats(size, image));
        } else {
            assertThat(block.sizes()).as("%s sizes", where).isNull();
        }
        boolean gathers = golden.name().startsWith("pomt") || golden.name().equals("evit_fused");
        assertThat(block.gathering()[0]).as(where).hasSize(tokens);
        if (!gathers) {
            assertThat(block.gathering()[0]).as(where).doesNotContain(true);
        } else if (tokens < model.shape().tokens()) {
            assertThat(block.gathering()[0]).as(where).contains(true);
        }
    }

    private static void assertDecisions(GoldenCase golden, RecordingReducer.Call call, int image,
            VisionTransformer model,
                                        String where) throws IOException {
        int prefix = model.shape().prefix();
        int[] targets = GoldenDecisions.targets(golden, call.layer(), image, call.count(), prefix);
        GoldenDecisions.findHosts(targets, call.rows(), model.config().width(), prefix);
        int[] got = new int[call.count()];
        Arrays.setAll(got, i -> call.map().target(i));
        assertThat(got).as("%s decisions", where).containsExactly(targets);
    }

    /** What the host gathered from the attention, and the rows around the cut. */
    private static void assertScores(GoldenCase golden, RecordingReducer.Call call, int image, VisionTransformer model,
                                     String where) throws IOException {
        int prefix = model.shape().prefix();
        int count = call.count();
        String block = "block" + call.layer();
        if (golden.has(block + ".metric", image) && call.scores().containsKey(Need.MEAN_KEY)) {
            assertClose(call.scores().get(Need.MEAN_KEY), golden.floats(block + ".metric", image), FEATURES,
                    where + " keys");
        }
        if (golden.has(block + ".cls_attn", image)) {
            float[] row = call.scores().get(Need.CLASS_ATTENTION);
            assertClose(Arrays.copyOfRange(row, prefix, count), golden.floats(block + ".cls_attn", image), SCORES,
                    where + " class attention");
        }
        if (golden.has(block + ".importance", image) && call.scores().containsKey(Need.COLUMN_ATTENTION)) {
            float[] want = golden.floats(block + ".importance", image);
            float[] row = call.scores().get(Need.COLUMN_ATTENTION);
            assertClose(Arrays.copyOfRange(row, 1, count), Arrays.copyOfRange(want, 1, count), SCORES,
                    where + " importance");
        }
        if (golden.has(block + ".metric_attn", image)) {
            float[] columns = Arrays.copyOfRange(call.scores().get(Need.HEAD_MAX_ATTENTION), prefix, count);
            double most = 0;
            for (float column : columns) {
                most = Math.max(most, column);
            }
            double[] share = new double[columns.length];
            for (int j = 0; j < share.length; j++) {
                share[j] = columns[j] / most;
            }
            assertClose(share, golden.floats(block + ".metric_attn", image), SCORES, where + " head maximum");
            assertClose(Arrays.copyOfRange(Exact.softmax(Exact.widened(call.scores().get(Need.HEAD_MAX_VALUE))), prefix,
                    count),
                    golden.floats(block + ".metric_v", image), SCORES, where + " value maximum");
        }
        if (golden.has(block + ".x_before", image)) {
            assertClose(call.rows(), golden.floats(block + ".x_before", image), FEATURES,
                    where + " rows before the cut");
        }
        for (String after : new String[] {block + ".x_reduced", block + ".x_after"}) {
            if (golden.has(after, image)) {
                assertClose(call.reduced(), golden.floats(after, image), FEATURES, where + " rows after the cut");
            }
        }
        if (golden.has("predictor.0.in_conv.1.weight")) {
            int stage = golden.shape("stage0.logp")[1] == count - prefix ? 0 : 1;
            if (golden.has("stage" + stage + ".fused", image)) {
                int width = model.config().width();
                assertClose(Arrays.copyOfRange(call.reduced(), prefix * width, call.reduced().length),
                        golden.floats("stage" + stage + ".fused", image), FEATURES, where + " squeezed rows");
            }
        }
    }

    /** ToMe's own trace: a 1 where a final token holds an original one. */
    private static void assertSource(GoldenCase golden, BlockTrace last, int image, int tokens, String what)
            throws IOException {
        int[] source = golden.ints("source", image);
        int[] want = new int[tokens];
        Arrays.fill(want, -1);
        for (int row = 0; row < last.tokens()[0]; row++) {
            for (int token = 0; token < tokens; token++) {
                if (source[row * tokens + token] == 1) {
                    assertThat(want[token]).as("%s token %d is in one final token", what, token).isEqualTo(-1);
                    want[token] = row;
                }
            }
        }
        assertThat(last.assignment()[0]).as("%s source", what).containsExactly(want);
    }

    /** POMT as its authors wrote it looks at the whole batch. */
    static Stream<Arguments> casesOfSingleImages() throws IOException {
        return casesAndSpecs();
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @MethodSource("casesOfSingleImages")
    void aBatchHasTheBitsOfItsImages(String preset, String name, String spec) throws IOException {
        VisionTransformer model = model(preset);
        TokenReducer reducer = GoldenCase.open(preset, name).reducer(spec);
        float[] pixels = pixels(preset);
        List<BlockTrace> batch = new ArrayList<>();
        Inference run = model.inference().with(reducer);
        float[] logits = run.trace(pixels, IMAGES, batch, true);
        assertThat(run.logits(pixels, IMAGES)).as("the short cut of the last block").containsExactly(logits);
        int classes = model.config().classes();
        int width = model.config().width();
        int[] start = new int[batch.size()];
        for (int image = 0; image < IMAGES; image++) {
            List<BlockTrace> single = new ArrayList<>();
            assertThat(model.inference().with(reducer).trace(image(pixels, image), 1, single, true))
                    .as("image %d", image)
                    .containsExactly(Arrays.copyOfRange(logits, image * classes, (image + 1) * classes));
            for (int layer = 0; layer < batch.size(); layer++) {
                BlockTrace one = single.get(layer);
                BlockTrace all = batch.get(layer);
                String where = "image " + image + " block " + layer;
                int end = start[layer] + one.tokens()[0];
                assertThat(all.tokens()[image]).as(where).isEqualTo(one.tokens()[0]);
                assertThat(all.attended()[image]).as(where).isEqualTo(one.attended()[0]);
                assertThat(all.assignment()[image]).as(where).containsExactly(one.assignment()[0]);
                assertThat(all.gathering()[image]).as(where).containsExactly(one.gathering()[0]);
                assertThat(Arrays.copyOfRange(all.rows(), start[layer] * width, end * width)).as(where)
                        .containsExactly(one.rows());
                if (one.sizes() != null) {
                    assertThat(Arrays.copyOfRange(all.sizes(), start[layer], end)).as(where)
                            .containsExactly(one.sizes());
                }
                start[layer] = end;
            }
        }
    }

    private static float[] image(float[] pixels, int image) {
        int each = pixels.length / IMAGES;
        return Arrays.copyOfRange(pixels, image * each, (image + 1) * each);
    }

    private static int[] identity(int length) {
        int[] identity = new int[length];
        Arrays.setAll(identity, i -> i);
        return identity;
    }

    private static void follow(int[] assignment, TokenMap map) {
        for (int i = 0; i < assignment.length; i++) {
            assignment[i] = assignment[i] < 0 ? assignment[i] : map.target(assignment[i]);
        }
    }

    /** The model's last norm, in double precision. */
    private static double[] normalised(VisionTransformer model, float[] rows) {
        var norm = model.weights().norm();
        return Exact.layerNorm(Exact.widened(rows), Exact.widened(norm.weight()), Exact.widened(norm.bias()),
                norm.epsilon());
    }
}
