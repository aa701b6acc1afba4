package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import leanvit.reducers.Reducers;
import leanvit.testdata.DoubleVit;
import leanvit.vit.TestWeights.Feature;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every architecture that a checkpoint can have, against a reference in double precision. */
class VisionTransformerTest {

    private static final Feature[] PLAIN = {};

    static Stream<Arguments> architectures() {
        return Stream.of(
                Arguments.of(Pooling.TOKEN, false, PLAIN),
                Arguments.of(Pooling.TOKEN, true, PLAIN),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.FC_NORM}),
                Arguments.of(Pooling.AVERAGE, false, PLAIN),
                Arguments.of(Pooling.AVERAGE, false, new Feature[] {Feature.FC_NORM}),
                Arguments.of(Pooling.AVERAGE, false, new Feature[] {Feature.NO_CLASS_TOKEN, Feature.FC_NORM}),
                Arguments.of(Pooling.AVERAGE, false, new Feature[] {Feature.NO_CLASS_TOKEN, Feature.REGISTERS}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.REGISTERS}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.REGISTERS, Feature.NO_EMBED_CLASS}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.NO_EMBED_CLASS}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.NORM_PRE}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.QK_NORM}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.LAYER_SCALE}),
                Arguments.of(Pooling.TOKEN, false, new Feature[] {Feature.NO_QKV_BIAS}),
                Arguments.of(Pooling.TOKEN, true,
                new Feature[] {Feature.LAYER_SCALE, Feature.NORM_PRE, Feature.QK_NORM}),
                Arguments.of(Pooling.AVERAGE, false,
                new Feature[] {Feature.REGISTERS, Feature.NO_EMBED_CLASS, Feature.NORM_PRE,
                    Feature.QK_NORM, Feature.LAYER_SCALE, Feature.NO_QKV_BIAS, Feature.FC_NORM}));
    }

    @ParameterizedTest(name = "{0} distilled={1} {2}")
    @MethodSource("architectures")
    void matchesTheFormulas(Pooling pooling, boolean distilled, Feature[] features) throws IOException {
        for (long seed = 1; seed <= 3; seed++) {
            TestWeights weights = TestWeights.of(TestWeights.config(pooling, distilled), seed, features);
            VisionTransformer model = VisionTransformer.of(weights.config(), weights);
            assertMatches(model, weights, seed);
        }
    }

    @ParameterizedTest(name = "{0} distilled={1} {2}")
    @MethodSource("architectures")
    void anotherImageSizeResizesThePositions(Pooling pooling, boolean distilled, Feature[] features)
            throws IOException {
        TestWeights weights = TestWeights.of(TestWeights.config(pooling, distilled), 7, features);
        assertMatches(VisionTransformer.of(weights.config(), weights, 36, 18), weights, 7);
        assertMatches(VisionTransformer.of(weights.config(), weights, 6, 6), weights, 8);
    }

    private static void assertMatches(VisionTransformer model, TestWeights weights, long seed) {
        VitConfig config = model.config();
        int batch = 2;
        float[] pixels = TestWeights.images(config, batch, seed);
        Inference run = model.inference();
        List<BlockTrace> trace = new ArrayList<>();
        float[] traced = run.trace(pixels, batch, trace, true);
        float[] logits = run.logits(pixels, batch);
        float[] features = run.features(pixels, batch);
        assertThat(traced).as("seed %d: traced or not", seed).containsExactly(logits);
        assertThat(trace).hasSize(config.depth());
        for (int image = 0; image < batch; image++) {
            String what = "seed " + seed + " image " + image;
            DoubleVit exact = weights.exactly(config.imageHeight(), config.imageWidth(), pixels,
                    image * pixels.length / batch);
            for (int layer = 0; layer < config.depth(); layer++) {
                double[][] rows = exact.block(layer);
                assertThat(trace.get(layer).tokens()[image]).isEqualTo(model.shape().tokens()).isEqualTo(rows.length);
                double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
                assertClose(part(trace.get(layer).rows(), image, batch), flat, what + " block " + layer);
            }
            assertClose(part(features, image, batch), exact.features(), what + " features");
            assertClose(part(logits, image, batch), exact.logits(), what + " logits");
        }
    }

    private static float[] part(float[] all, int image, int batch) {
        return Arrays.copyOfRange(all, image * all.length / batch, (image + 1) * all.length / batch);
    }

    /** Within 2e-5 of the largest value. */
    private static void assertClose(float[] got, double[] want, String what) {
        double largest = Arrays.stream(want).map(Math::abs).max().orElse(0);
        assertThat(got).as(what).hasSameSizeAs(want);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i]).as("%s [%d]", what, i)
                    .isCloseTo(want[i], Offset.offset(2e-5 * Math.max(1, largest)));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void averagePoolingCountsEachPatchOnceAfterMerging(boolean fcNorm) throws IOException {
        TestWeights weights = TestWeights.of(TestWeights.config(Pooling.AVERAGE, false), 3,
                fcNorm ? new Feature[] {Feature.FC_NORM} : PLAIN);
        VisionTransformer model = VisionTransformer.of(weights.config(), weights);
        float[] pixels = TestWeights.images(model.config(), 2, 1);
        Inference run = model.inference().with(Reducers.parse("tome:r=4"));
        List<BlockTrace> trace = new ArrayList<>();
        run.trace(pixels, 2, trace, true);
        float[] features = run.features(pixels, 2);
        BlockTrace last = trace.get(2);
        int width = model.config().width();
        int tokens = last.tokens()[0];
        assertThat(tokens).isEqualTo(21 - 12);
        for (int image = 0; image < 2; image++) {
            double[] mean = new double[width];
            double patches = 0;
            for (int i = 1; i < tokens; i++) {
                int row = image * tokens + i;
                patches += last.sizes()[row];
                double[] token = new double[width];
                for (int c = 0; c < width; c++) {
                    token[c] = last.rows()[row * width + c];
                }
                token = fcNorm ? token : normalised(weights, "norm", token);
                for (int c = 0; c < width; c++) {
                    mean[c] += last.sizes()[row] * token[c];
                }
            }
            assertThat(patches).isEqualTo(20);
            for (int c = 0; c < width; c++) {
                mean[c] /= patches;
            }
            assertClose(part(features, image, 2), fcNorm ? normalised(weights, "fc_norm", mean) : mean,
                    "image " + image);
        }
    }

    private static double[] normalised(TestWeights weights, String name, double[] x) {
        double mean = Arrays.stream(x).average().orElseThrow();
        double variance = Arrays.stream(x).map(value -> (value - mean) * (value - mean)).average().orElseThrow();
        double[] out = new double[x.length];
        for (int c = 0; c < x.length; c++) {
            out[c] = (x[c] - mean) / Math.sqrt(variance + 1e-6) * weights.values(name + ".weight")[c]
                    + weights.values(name + ".bias")[c];
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tome:r=99", "ltmp:merge=-1,prune=1", "ltmp:prune=1", "ltmp:merge=-1",
            "evit:keep=0.1,layers=0/1/2",
        "etps:keep=0.1,layers=0/1/2", "topk:r=99", "pomt:r=15,layer=1"})
    void classDistillationAndRegisterTokensStay(String spec) throws IOException {
        for (Object[] kind : new Object[][] {{false, new Feature[] {Feature.REGISTERS}, 5}, {true, PLAIN, 2}}) {
            TestWeights weights =
                    TestWeights.of(TestWeights.config(Pooling.TOKEN, (Boolean) kind[0]), 5, (Feature[]) kind[1]);
            VisionTransformer model = VisionTransformer.of(weights.config(), weights);
            int prefix = (Integer) kind[2];
            assertThat(model.shape().prefix()).isEqualTo(prefix);
            List<BlockTrace> trace = new ArrayList<>();
            model.inference().with(Reducers.parse(spec))
                    .trace(TestWeights.images(model.config(), 2, 1), 2, trace, true);
            for (BlockTrace block : trace) {
                for (int image = 0; image < 2; image++) {
                    int[] assignment = block.assignment()[image];
                    for (int token = 0; token < assignment.length; token++) {
                        String what = "block " + block.layer() + " token " + token;
                        if (token < prefix) {
                            assertThat(assignment[token]).as(what).isEqualTo(token);
                        } else if (assignment[token] >= 0) {
                            assertThat(assignment[token]).as(what).isBetween(prefix, block.tokens()[image] - 1);
                        }
                    }
                }
            }
        }
    }

    @Test
    void aModelWithoutAClassifierHasFeatures() throws IOException {
        VitConfig with = TestWeights.config(Pooling.TOKEN, false);
        TestWeights weights = TestWeights.of(with, 1);
        VitConfig without =
                new VitConfig("test", with.imageHeight(), with.imageWidth(), with.patch(), with.width(), with.depth(),
                with.heads(), with.mlpHidden(), 0, with.pooling(), false, with.epsilon());
        VisionTransformer model = VisionTransformer.of(without, weights);
        float[] pixels = TestWeights.images(with, 2, 1);
        assertThat(model.inference().features(pixels, 2))
                .containsExactly(VisionTransformer.of(with, weights).inference().features(pixels, 2));
        assertThat(model.inference().logits(pixels, 2)).isEmpty();
    }

    @Test
    void aModelKeepsNothingOfItsSource() throws IOException {
        TestWeights weights = TestWeights.of(TestWeights.config(Pooling.TOKEN, false), 1);
        VisionTransformer model = VisionTransformer.of(weights.config(), weights);
        float[] pixels = TestWeights.images(model.config(), 1, 1);
        float[] before = model.inference().logits(pixels, 1);
        for (String name
                : new String[] {"cls_token", "pos_embed", "blocks.0.attn.qkv.weight", "norm.bias", "head.bias"}) {
            Arrays.fill(weights.values(name), Float.NaN);
        }
        assertThat(model.inference().logits(pixels, 1)).containsExactly(before);
    }

    @Test
    void anImageSizeThatThePatchDoesNotDivideIsRefused() throws IOException {
        TestWeights weights = TestWeights.of(TestWeights.config(Pooling.TOKEN, false), 1);
        for (int[] size : new int[][] {{25, 30}, {24, 29}, {0, 30}, {24, -6}}) {
            assertThatThrownBy(() -> VisionTransformer.of(weights.config(), weights, size[0], size[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("image of " + size[0] + " x " + size[1]
                    + " pixels, expected multiples of the patch, 6");
        }
    }
}
